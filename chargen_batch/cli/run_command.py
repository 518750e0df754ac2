"""run: every phase in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chargen_batch.cli import run_view, typed, views
from chargen_batch.cli.acted import exit_code
from chargen_batch.cli.options import Common, PaceOptions, WaitOptions
from chargen_batch.cli.plan_options import PlanOptions
from chargen_batch.cli.resume_command import awaits, go_on
from chargen_batch.errors import ExitCode, StateError

if TYPE_CHECKING:
    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.cli.session import Session
    from chargen_batch.phases.one_go import Unfinished
    from chargen_batch.phases.plan import Draft, PlanChoices, PlanReport
    from chargen_batch.run.directory import RunDirectory

_EMULATOR: Final = "emulator"
_NO_ANSWER: Final = "nobody answered: nothing was submitted, and nothing is paid"
# It is here: asking it costs nothing.
_EMULATOR_INTERVAL_S: Final = 1.0
# An unfinished run that ended so is out of the way of a new one.
_OVER: Final = frozenset({ExitCode.DONE, ExitCode.SOME_TASKS_FAILED})


def run(
    common: Common,
    options: PlanOptions,
    patience: PaceOptions,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Do not ask before money is spent, or a rehearsal's pictures enter the story.",
        ),
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the report in the browser at the end.")
    ] = False,
) -> None:
    """Draw in one go: finish what is unfinished, else plan, ask, and go through every phase."""
    from chargen_batch.cli.session import Session
    from chargen_batch.cli.story_commands import choices_of, plan

    if options.dry_run or options.check:
        plan(common, options)
    with Session(common) as session:
        going = _Going(session, options, patience, choices_of(options), sure=yes)
        going.go()
        pages = [session.project.runs_dir / each.run_id / "report.html" for each in going.acted]
    for page in pages if open_page else ():
        if page.is_file():
            views.open_page(page)
    if common.json:
        run_view.show_document(going.plan, going.acted, going.note)
    views.finish("run", going.acted, going.note, common)


@dataclass(slots=True)
class _Going:
    """One go: the runs that it acted on, the plan that it made, and a note where it did nothing."""

    session: Session
    options: PlanOptions
    patience: PaceOptions
    choices: PlanChoices
    sure: bool
    acted: list[Acted] = field(default_factory=list)
    plan: PlanReport | None = None
    note: str = ""
    rehearsal_ok: bool = False

    def go(self) -> None:
        """Finish this command's own unfinished run, or another one first and then plan.

        Raises:
            StateError: Nobody agreed to what it costs.

        """
        from chargen_batch.phases import one_go

        unfinished = one_go.unfinished(self.session.project, self.choices)
        if unfinished:
            self._finish(unfinished)
            if unfinished.is_asked_for or exit_code(self.acted) not in _OVER:
                return
        run = self._agreed_run()
        if run:
            self._act(run)
        elif not self.acted and self.session.common.json:
            self.note = "nothing to do"  # for people the plan has said so

    def _finish(self, unfinished: Unfinished) -> None:
        run_view.tell_unfinished(unfinished, self.session.common)
        self._agree_to_rehearsal(unfinished)
        self._act(unfinished.run)

    def _agreed_run(self) -> RunDirectory | None:
        """Return the run that is planned and agreed to, ``None`` where there is nothing to do.

        It is looked at before it is written: what nobody agrees to leaves nothing behind.
        """
        from chargen_batch.phases import one_go
        from chargen_batch.phases import plan as phase

        draft = phase.drafted(self.session.project, self.choices, tell=self.session.tell)
        self.plan = seen = draft.report
        if not seen.planned:
            run_view.tell_plan(seen, self.session.common, self.options, table=False)
            return None
        before = one_go.planned_before(self.session.project, seen)
        self._agree(seen)
        if before:
            run_view.tell_planned_before(before.run_id, self.session.common)
        return before or self._written(draft)

    def _written(self, draft: Draft) -> RunDirectory:
        """Write the run that was looked at."""
        from chargen_batch.cli.session import suffix
        from chargen_batch.phases import plan as phase
        from chargen_batch.run.directory import RunDirectory

        session = self.session
        self.plan = phase.write(
            session.project,
            self.choices,
            draft,
            clock=session.clock,
            suffix=suffix,
            tell=session.tell,
        )
        return RunDirectory(session.project.runs_dir / str(self.plan.run_id))

    def _agree(self, seen: PlanReport) -> None:
        """Show the plan, and ask whether it may be paid for.

        Raises:
            StateError: Nobody is there to agree.
            Exit: Somebody is, and does not.

        """
        common = self.session.common
        is_rehearsal = self.session.project.settings.batch.backend == _EMULATOR
        asks = not self.sure and run_view.may_ask(common)
        run_view.tell_plan(seen, common, self.options, table=asks)
        if self.sure:
            return
        if not asks:
            told = run_view.price(seen, is_rehearsal=is_rehearsal)
            raise self._unagreed(f"{told}, and nobody is here to be asked")
        is_strange = is_rehearsal and not self.session.rehearsal_ok
        try:
            run_view.ask_for_plan(seen, is_rehearsal=is_rehearsal, is_strange=is_strange)
        except EOFError:
            raise self._unagreed(_NO_ANSWER) from None
        self.sure = True

    def _agree_to_rehearsal(self, unfinished: Unfinished) -> None:
        """Ask whether a run's placeholders may go where they seem not to belong.

        Where nobody is there to be asked, apply says what is to be typed.

        Raises:
            StateError: Somebody was there, and is not any more.
            Exit: Somebody does not agree.

        """
        is_strange = unfinished.is_rehearsal and not self.session.rehearsal_ok
        if is_strange and not self.sure and run_view.may_ask(self.session.common):
            try:
                run_view.ask_for_rehearsal(unfinished.run.run_id)
            except EOFError:
                raise self._unagreed(_NO_ANSWER) from None
            self.rehearsal_ok = True

    def _unagreed(self, why: str) -> StateError:
        words = [*typed.options_of(self.options), *typed.options_of(self.session.common), "--yes"]
        return StateError(why, hint=f"type: {typed.shown(['run', *words])}")

    def _act(self, run: RunDirectory) -> None:
        from chargen_batch.cli.acting import act_on

        def through(session: Session, run: RunDirectory) -> Report:
            return go_on(session, run, first_ok=True, rehearsal_ok=self.sure or self.rehearsal_ok)

        interval = self.patience.interval
        if interval is None and run.state().config.backend == _EMULATOR:
            interval = _EMULATOR_INTERVAL_S
        patience = WaitOptions(True, interval, self.patience.timeout)
        self.acted += act_on(self.session, "run", [run], through, patience, _is_not_over)


def _is_not_over(report: Report) -> bool:
    """Say whether waiting could help: also where it is not known yet if the service took a job."""
    return awaits(report) or report.exit_code is ExitCode.NOT_READY
