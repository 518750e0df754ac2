"""The commands around a run: stopping it, sending again what failed, and tidying up behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chargen_batch.cli import completion, terminal, upkeep_views, views
from chargen_batch.cli.options import Common, RunOption
from chargen_batch.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.cli.session import Session
    from chargen_batch.run.directory import RunDirectory

_DAYS = 30.0


def cancel(
    common: Common,
    run: RunOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Stop jobs that the service is at work on.")
    ] = False,
) -> None:
    """Stop a run; what has results by then is kept."""
    from chargen_batch.api import steps
    from chargen_batch.cli.acting import act
    from chargen_batch.cli.session import Session

    def cancel_one(session: Session, run: RunDirectory) -> Report:
        return steps.cancel(session, run, sure=yes or _agreed(run, common))

    with Session(common) as session:
        acted, note = act(session, "cancel", run, cancel_one, None, _never)
    views.finish("cancel", acted, note, common)


def revert(
    common: Common,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="The run: its id, or the path of its folder.",
            autocompletion=completion.runs,
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be taken out, and what not.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take it out without asking.")] = False,
) -> None:
    """Take a run's entries and pictures out of the story again, where nobody touched them."""
    from chargen_batch.cli.acting import act
    from chargen_batch.cli.session import Session
    from chargen_batch.phases import revert as phase

    def revert_one(session: Session, run: RunDirectory) -> Report:
        with session.story_held("revert"):
            count = 0 if dry_run else len(phase.seen(run, session.project).reverted)
            if count and not (yes or _may_take_out(count, run, common)):
                raise _unsure(count, run)
            clock, tell = session.clock, session.tell
            return phase.run(run, session.project, clock=clock, dry_run=dry_run, tell=tell)

    with Session(common) as session:
        acted, note = act(session, "revert", run, revert_one, None, _never)
    views.finish("revert", acted, note, common)


def _may_take_out(count: int, run: RunDirectory, common: Common) -> bool:
    if common.json or common.quiet or not terminal.has_a_person():
        return False
    return upkeep_views.asks_to_take_out(count, run.run_id)


def _unsure(count: int, run: RunDirectory) -> ResultsError:
    return ResultsError(
        f"{count} result(s) of run {run.run_id} would be taken out of the story",
        hint=f"list them with --dry-run, or type: chargen-batch revert {run.run_id} --yes",
    )


def _agreed(run: RunDirectory, common: Common) -> bool:
    """Ask a person, where there is one, about jobs that are at work."""
    from chargen_batch.core.submission import may_exist

    if common.json or common.quiet or not terminal.has_a_person():
        return False
    jobs = sum(may_exist(job) for job in run.state().jobs)
    return bool(jobs) and upkeep_views.asks_to_stop(jobs, run.run_id)


def retry(
    common: Common,
    run: RunOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Take every finished run with such dead letters.")
    ] = False,
    code: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Only dead letters of this code (repeat)."),
    ] = None,
) -> None:
    """Make a run of a finished run's dead letters that are worth sending again."""
    from chargen_batch.api import steps
    from chargen_batch.cli.acting import act_on
    from chargen_batch.cli.session import Session
    from chargen_batch.phases import retry as phase

    _not_both(run, every)
    codes = tuple(code or ())

    def retry_one(session: Session, run: RunDirectory) -> Report:
        return steps.retry(session, run, codes)

    with Session(common) as session:
        taken = _named(session, "retry", run)
        if taken is None:
            found = phase.candidates(session.project, codes)
            taken = found if every else (found or phase.unsent(session.project))[-1:]
        acted = act_on(session, "retry", taken, retry_one, None, _never)
    if common.quiet and not common.json:
        upkeep_views.print_children(acted)
    views.finish("retry", acted, "" if acted else "nothing to retry", common)


def cleanup(
    common: Common,
    run: RunOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Remove the folders of old finished runs instead.")
    ] = False,
    older_than: Annotated[
        float, typer.Option(min=0, metavar="DAYS", help="With --local: how old a run must be.")
    ] = _DAYS,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Also jobs that were found and not made here; with --local runs with things left "
            "on the service.",
        ),
    ] = False,
) -> None:
    """Remove what finished runs left on the service, or with --local old runs themselves."""
    from chargen_batch.cli.acting import act
    from chargen_batch.cli.session import Session

    def clean_one(session: Session, run: RunDirectory) -> Report:
        from chargen_batch.api import steps

        return steps.cleanup(session, run, dry_run=dry_run, sure=yes)

    with Session(common) as session:
        if local:
            acted = _pruned(session, run, days=older_than, sure=yes, dry_run=dry_run)
            note = "" if acted else f"no finished run is older than {older_than:g} day(s)"
        else:
            acted, note = act(session, "cleanup", run, clean_one, None, _never)
    views.finish("cleanup", acted, note, common)


def _pruned(
    session: Session, run: str | None, *, days: float, sure: bool, dry_run: bool
) -> list[Acted]:
    from chargen_batch.cli.acting import act_on
    from chargen_batch.phases import prune as phase
    from chargen_batch.run.ledgers import Ledgers

    choices = phase.PruneChoices(older_than_days=days, sure=sure, dry_run=dry_run)
    gone: set[str] = set()
    ledgers = Ledgers(session.project.runs_dir)

    def prune_one(session: Session, run: RunDirectory) -> Report:
        report = phase.run(
            run,
            session.project,
            choices,
            clock=session.clock,
            gone=gone,
            ledgers=ledgers,
            tell=session.tell,
        )
        if report.kept is None:
            gone.add(run.run_id)
        return report

    taken = _named(session, "cleanup", run)
    if taken is None:
        taken = phase.candidates(session.project, choices, clock=session.clock)
    return act_on(session, "cleanup", taken, prune_one, None, _never)


def _named(session: Session, command: str, run: str | None) -> Sequence[RunDirectory] | None:
    """Return the run that was asked for, ``None`` where none was."""
    from chargen_batch.run import runs

    return runs.select(session.project.runs_dir, command, run).runs if run else None


def _not_both(run: str | None, every: bool) -> None:
    if run and every:
        raise UsageError("--run and --all are given", hint="give one (CHARGEN_RUN is a --run too)")


def _never(_report: Report) -> bool:
    return False
