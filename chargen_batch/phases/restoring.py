"""Entries that were taken out of the story, put back by apply --restore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core.states import EMULATOR
from chargen_batch.phases import orphans, settling
from chargen_batch.phases.writing_back import by_entity
from chargen_batch.run import runs
from chargen_batch.story.write_back import Finished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.config import Project
    from chargen_batch.errors import Problem
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import RunState
    from chargen_batch.model.task import TaskKind
    from chargen_batch.phases.places import Places
    from chargen_batch.phases.writing_back import Writer
    from chargen_batch.run.directory import RunDirectory

_GONE: Final[dict[TaskKind, str]] = {
    "generate": "its target is not in the story any more",
    "analyze": "what was analysed is not in the story any more, or not as it was",
}


@dataclass(frozen=True, slots=True)
class Restored:
    """The keys of the tasks whose entries are back, and what stood in the way of others."""

    restored: tuple[str, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def candidates(project: Project) -> list[RunDirectory]:
    """Return the runs whose entries may be put back, oldest first; rehearsals only in a rehearsal.

    One that cannot be read is among them, so that this is told.
    """
    rehearsal = project.settings.batch.backend == EMULATOR
    found = [(run, runs.readable(run)) for run in runs.all_runs(project.runs_dir)]
    return [run for run, state in found if state is None or _may_have_entries(state, rehearsal)]


def _may_have_entries(state: RunState, rehearsal: bool) -> bool:  # noqa: FBT001 - which runs count
    has_results = state.phase in {"applying", "completed"}
    return has_results and (state.config.backend == EMULATOR) == rehearsal


def restore(run: RunDirectory, writer: Writer) -> Restored:
    """Enter settled tasks into the files that lack them, as a first apply would.

    An entry that is there stays, however it was changed; a task whose picture is gone as well is
    meant to be drawn anew, and stays out.
    """
    entered: list[str] = []
    problems: list[Problem] = []
    warnings: list[str] = []
    for finished in by_entity(_settled(run, writer.places)):
        written = writer.write(finished)
        entered += (task.key for task in written.entered)
        warnings += (f"{each.key} is not restored: {_GONE[each.kind]}" for each in written.vanished)
        if written.problem:
            problems.append(written.problem)
    return Restored(tuple(entered), tuple(dict.fromkeys(problems)), tuple(warnings))


def _settled(run: RunDirectory, places: Places) -> Iterator[Finished]:
    """Go through the tasks that were done, in plan order, whose pictures are all there.

    Those of an entity that cannot be looked at are among them, so that this is told.
    """
    known = settling.ledger(run)
    for task in run.tasks():
        outcome, folder = known.get(task.key), places.of(task)
        if not (outcome and is_done(outcome)):
            continue
        if folder is None:
            is_meant = places.fault(task) is not None
        else:
            is_meant = all(orphans.at(folder, each).is_file() for each in outcome.pictures)
        if is_meant:
            yield Finished(task, outcome.pictures, outcome.at, outcome.analysis_json, again=True)


def is_done(outcome: TaskResult) -> bool:
    """Say whether a task came to something that is meant to be in the story."""
    return outcome.stage == "settled" and outcome.status == "success"
