"""apply: settle every task; pictures and entries come to where they belong."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core import state_machine
from chargen_batch.errors import ExitCode, Problem, ResultsError
from chargen_batch.model.state import DownloadedJob, LostJob
from chargen_batch.phases import given_up, restoring, settling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.orphans import End, Orphaned
from chargen_batch.phases.receiving import Receiver, kept, received
from chargen_batch.phases.telling import Tally, on_run
from chargen_batch.phases.writing_back import PROVIDERS, Writer, by_entity, entity_places

if TYPE_CHECKING:
    from chargen_batch.config import Project
    from chargen_batch.core.pictures import Verification
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.model.task import TaskKind
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.phases.places import Places
    from chargen_batch.run.directory import RunDirectory

_VANISHED: Final[dict[TaskKind, str]] = {
    "generate": "the target is not in the story any more",
    "analyze": "what was analysed is not in the story any more, or not as it was",
}
_RESULTS: Final[dict[TaskKind, str]] = {"generate": "pictures", "analyze": "answers"}


@dataclass(frozen=True, slots=True)
class ApplyChoices:
    """What a person asks of apply.

    ``restore`` puts entries back that were taken out of the story, ``give_up`` names files (as a
    problem does) to go on without.
    """

    restore: bool = False
    give_up: tuple[str, ...] = ()


AS_USUAL: Final = ApplyChoices()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """How a run's tasks ended, and what in the story's files stood in the way.

    ``restored`` are the keys of the tasks whose entries were put back; ``reverted`` ones never are.
    """

    run_id: str
    phase: Phase
    completed: int
    failed: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    reverted: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 where a file of the story held entries up."""
        return ExitCode.FAILED if self.problems else ExitCode.DONE

    @property
    def hint(self) -> str:
        """Return how to go on where a file stands in the way; of a finished run none does."""
        if not self.problems and self.reverted:
            return (
                f"{self.reverted} were reverted and are not restored; "
                "to draw them again, type: chargen-batch plan"
            )
        if not self.problems or self.phase != "applying":
            return ""
        files = dict.fromkeys(problem.file for problem in self.problems)
        options = " ".join(f"--give-up {shlex.quote(file)}" for file in files)
        again = f"chargen-batch apply --run {self.run_id}"
        return f"mend that and type: {again}; or go on without it: {again} {options}"


@on_run("apply")
def run(
    run: RunDirectory,
    project: Project,
    *,
    clock: Clock,
    rehearsal_ok: bool,
    verify: Verification = "structure",
    choices: ApplyChoices = AS_USUAL,
    tell: Tell = silent,
) -> ApplyReport:
    """Write pictures first, then the entries of each file in one step, then what is settled.

    Killed anywhere and run again it ends with the same bytes as if it had never been killed.

    Args:
        run: The run's directory, under its lock.
        project: The project, its story under its lock.
        clock: The time.
        rehearsal_ok: Whether the emulator's placeholders may be entered into this story.
        verify: How pictures are checked: by their structure, or decoded as well.
        choices: What is asked for beyond that.
        tell: Who is told how far it is.

    Raises:
        StateError: The results are not all here yet.
        ResultsError: The pictures are the emulator's, and nobody said that they may be entered.

    """
    state = run.state()
    is_open = state_machine.require(state, "apply")
    if not is_open and not (choices.restore and state.phase == "completed"):
        return _report(state, warnings=given_up.not_in_the_way(choices.give_up, ()))
    run.check_tasks(run.check_plan(state))
    if state.config.backend == "emulator" and not rehearsal_ok:
        raise ResultsError(
            f"run {state.run_id} was a rehearsal: its {_RESULTS[state.config.mode]} are the "
            "emulator's placeholders",
            hint="enter them all the same with --yes, or name batch.backend: emulator "
            "in chargen.yaml",
        )
    round_ = _Round(run, project, state, choices, verify, tell)
    report = round_.applied(clock) if is_open else _report(state)
    return round_.restored(report) if choices.restore else report


@dataclass(slots=True)
class _Round:
    """What one apply works with."""

    run: RunDirectory
    project: Project
    state: RunState
    choices: ApplyChoices
    verify: Verification
    tell: Tell
    known: dict[str, TaskResult] = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        """Look up where the entities are, and what is known of the tasks."""
        self.known, self.places = settling.ledger(self.run), entity_places(self.project)

    @property
    def writer(self) -> Writer:
        """Return what enters pictures into the story."""
        return Writer(
            self.project,
            self.places,
            self.state.run_id,
            PROVIDERS[self.state.config.backend],
            self.run.originals_dir,
        )

    def applied(self, clock: Clock) -> ApplyReport:
        """Settle every task that nothing stands in the way of; then the run is completed."""
        run, state = self.run, self.state
        receiver = self._received(self.places)
        settling.settle_lost(run, (job for job in state.jobs if isinstance(job, LostJob)))
        problems = (*receiver.problems, *_write_back(run, self.writer, self.known, self.tell))
        problems = tuple(dict.fromkeys(problems))  # of a folder that is many entities'
        told = given_up.not_in_the_way(self.choices.give_up, problems)
        if entities := given_up.entities(self.places, run.tasks(), problems, self.choices.give_up):
            # What could not be written to a folder goes to orphans/ at once.
            self._received(dataclasses.replace(self.places, given_up=frozenset(entities)))
            given_up.bury(run, self.places, self.known, entities)
            problems = tuple(given_up.others(self.places, problems, entities))
        state = settling.counted(run, state)
        # What is found each time that the results are read: not added to, so that twice is once.
        state = msgspec.structs.replace(state, warnings=kept(receiver.warnings))
        if not problems:
            state = state_machine.moved(state, "completed", at=iso(clock()), command="apply")
        run.save(state)
        return _report(state, problems, (*receiver.warnings, *told))

    def _received(self, places: Places) -> Receiver:
        """Read the results once more; what the ledger has is passed over."""
        provider = PROVIDERS[self.state.config.backend]
        jobs = [job for job in self.state.jobs if isinstance(job, DownloadedJob)]
        total = sum(job.task_count for job in jobs)
        read = Tally(self.tell, self.run.run_id, "receiving", "tasks", total)
        read.begin()
        receiver = Receiver(self.run, places, self.known, provider, self.verify, read)
        for job in jobs:
            receiver.receive(job)
        return receiver

    def restored(self, report: ApplyReport) -> ApplyReport:
        """Put back the entries of settled tasks that the story lacks, where their pictures are."""
        back = restoring.restore(self.run, self.writer)
        new = (problem for problem in back.problems if problem not in report.problems)
        return dataclasses.replace(
            report,
            problems=(*report.problems, *new),
            warnings=(*report.warnings, *back.warnings),
            restored=back.restored,
            reverted=sum(outcome.stage == "reverted" for outcome in self.known.values()),
        )


def _report(
    state: RunState, problems: tuple[Problem, ...] = (), warnings: tuple[str, ...] = ()
) -> ApplyReport:
    return ApplyReport(
        state.run_id, state.phase, state.completed_tasks, state.failed_tasks, problems, warnings
    )


def _write_back(
    run: RunDirectory, writer: Writer, known: dict[str, TaskResult], tell: Tell
) -> list[Problem]:
    problems = []
    count = sum(outcome.stage == "received" for outcome in known.values())
    entered = Tally(tell, run.run_id, "applying", "tasks", count)
    entered.begin()
    orphaned = Orphaned(run, writer.places, known)
    entities = by_entity(received(run, known))
    for finished in entered.each(entities, lambda group: group[0].task.entity_slug):
        home = orphaned.bring_home(finished)
        if isinstance(home, Problem):
            problems.append(home)
            continue
        written = writer.write(home)
        run.add_outcomes(
            msgspec.structs.replace(known[task.key], stage="settled") for task in written.settled
        )
        problems += orphaned.bury(
            End(task, "TARGET_VANISHED", _VANISHED[task.kind]) for task in written.vanished
        )
        if written.problem:
            problems.append(written.problem)
    return problems
