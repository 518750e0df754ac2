"""apply: settle every task; pictures and entries come to where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk
from chargen_batch.core import state_machine
from chargen_batch.errors import ExitCode, Problem, ResultsError
from chargen_batch.model.outcome import TaskError, TaskResult
from chargen_batch.model.state import DownloadedJob, LostJob
from chargen_batch.phases import settling
from chargen_batch.phases.effects import iso
from chargen_batch.phases.receiving import Receiver
from chargen_batch.phases.writing_back import PROVIDERS, Writer, by_entity, entity_places
from chargen_batch.story.write_back import Finished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chargen_batch.config import Project
    from chargen_batch.model.outcome import Picture
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.model.task import BatchTask, TaskKind
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.writing_back import Places
    from chargen_batch.run.directory import RunDirectory

_WARNINGS_KEPT: Final = 100
_VANISHED: Final[dict[TaskKind, str]] = {
    "generate": "the target is not in the story any more; its picture is in orphans/",
    "analyze": "what was analysed is not in the story any more, or not as it was; the answer is "
    "kept in outcomes.jsonl",
}
_RESULTS: Final[dict[TaskKind, str]] = {"generate": "pictures", "analyze": "answers"}


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """How a run's tasks ended, and what in the story's files stood in the way."""

    run_id: str
    phase: Phase
    completed: int
    failed: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 where a file of the story held entries up."""
        return ExitCode.FAILED if self.problems else ExitCode.DONE


def run(run: RunDirectory, project: Project, *, clock: Clock, rehearsal_ok: bool) -> ApplyReport:
    """Write pictures first, then the entries of each file in one step, then what is settled.

    Killed anywhere and run again it ends with the same bytes as if it had never been killed.

    Args:
        run: The run's directory, under its lock.
        project: The project, its story under its lock.
        clock: The time.
        rehearsal_ok: Whether the emulator's placeholders may be entered into this story.

    Raises:
        StateError: The results are not all here yet.
        ResultsError: The pictures are the emulator's, and nobody said that they may be entered.

    """
    state = run.state()
    if not state_machine.require(state, "apply"):
        return _report(state)
    run.check_tasks(run.check_plan(state))
    if state.config.backend == "emulator" and not rehearsal_ok:
        raise ResultsError(
            f"run {state.run_id} was a rehearsal: its {_RESULTS[state.config.mode]} are the "
            "emulator's placeholders",
            hint="enter them all the same with --yes, or name batch.backend: emulator "
            "in chargen.yaml",
        )
    places = entity_places(project)
    known = settling.ledger(run)
    receiver = Receiver(run, places, known)
    for job in state.jobs:
        if isinstance(job, DownloadedJob):
            receiver.receive(job)
    settling.settle_lost(run, (job for job in state.jobs if isinstance(job, LostJob)))
    writer = Writer(project, places, state.run_id, PROVIDERS[state.config.backend])
    problems = (*receiver.problems, *_write_back(run, writer, known))
    state = settling.counted(run, state)
    # What is found each time that the results are read: not added to, so that twice is once.
    state = msgspec.structs.replace(state, warnings=_told(receiver.warnings))
    if not problems:
        state = state_machine.moved(state, "completed", at=iso(clock()), command="apply")
    run.save(state)
    for warning in receiver.warnings:
        run.log(iso(clock()), "warning", message=warning)
    return _report(state, problems, tuple(receiver.warnings))


def _told(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the warnings that a state keeps; the log has them all.

    Of each results file one is kept at least: its job is not to be deleted on the service.
    """
    if len(warnings) <= _WARNINGS_KEPT:
        return tuple(warnings)
    first = {warning.partition(":")[0]: warning for warning in reversed(warnings)}
    kept = dict.fromkeys((*warnings[:_WARNINGS_KEPT], *reversed(first.values())))
    return (*kept, f"and {len(warnings) - len(kept)} more of these: see log.ndjson")


def _report(
    state: RunState, problems: tuple[Problem, ...] = (), warnings: tuple[str, ...] = ()
) -> ApplyReport:
    return ApplyReport(
        state.run_id, state.phase, state.completed_tasks, state.failed_tasks, problems, warnings
    )


def _write_back(
    run: RunDirectory, writer: Writer, known: Mapping[str, TaskResult]
) -> list[Problem]:
    problems = []
    for finished in by_entity(_received(run, known)):
        written = writer.write(finished)
        run.add_outcomes(
            msgspec.structs.replace(known[task.key], stage="settled") for task in written.settled
        )
        if written.vanished:
            _bury_vanished(run, writer.places, written.vanished, known)
        if written.problem:
            problems.append(written.problem)
    return problems


def _received(run: RunDirectory, known: Mapping[str, TaskResult]) -> Iterator[Finished]:
    """Go through the tasks whose results are here and whose entries are not, in plan order."""
    for task in run.tasks():
        outcome = known.get(task.key)
        if outcome and outcome.stage == "received":
            yield Finished(task, outcome.pictures, outcome.at, outcome.analysis_json)


def _bury_vanished(
    run: RunDirectory,
    places: Places,
    tasks: Iterable[BatchTask],
    known: Mapping[str, TaskResult],
) -> None:
    """Keep the pictures of targets that are not in the story any more in ``orphans/``."""
    buried = []
    for task in tasks:
        error = TaskError(code="TARGET_VANISHED", message=_VANISHED[task.kind], retryable=False)
        outcome = known[task.key]
        pictures = tuple(_orphan(run, places, task, picture) for picture in outcome.pictures)
        failed = msgspec.structs.replace(
            outcome,
            stage="settled",
            status="failed",
            error=error,
            image_path=pictures[0].path if pictures else None,
            pictures=pictures,
        )
        buried.append((task, failed))
    settling.bury(run, buried)


def _orphan(run: RunDirectory, places: Places, task: BatchTask, picture: Picture) -> Picture:
    """Move a picture out of its entity's folder; of the ledger's path only the name is used."""
    name, folder = PurePosixPath(picture.path).name, places.of(task)
    target = run.orphans(task) / name
    source = folder / "images" / name if folder else None
    if source is not None and source.is_file():
        disk.make_directory(target.parent)
        disk.rename(source, target)
    path = target.relative_to(places.project.root).as_posix()
    return msgspec.structs.replace(picture, path=path)
