"""Which run drew a picture, and which ones mean to draw a target: looked up in the runs' files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from chargen_batch import disk
from chargen_batch.errors import DocumentError
from chargen_batch.model.outcome import TaskResult
from chargen_batch.model.task import BatchTask
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.model.outcome import Picture
    from chargen_batch.run.directory import RunDirectory

_Line = TypeVar("_Line", BatchTask, TaskResult)


@dataclass(frozen=True, slots=True)
class Origin:
    """A run, its task and how that ended; ``None`` where its files do not have them any more."""

    run: RunDirectory
    key: str
    task: BatchTask | None
    outcome: TaskResult | None

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures that the task came to."""
        return self.outcome.pictures if self.outcome else ()


def of_task(runs_dir: Path, run_id: str, key: str) -> Origin | None:
    """Return where a task came from; ``None`` where its run is gone, or never had it.

    Raises:
        DocumentError: The run's files are damaged.

    """
    run = next((each for each in all_runs(runs_dir) if each.run_id == run_id), None)
    return _origin(run, key) if run else None


def of_picture(runs_dir: Path, sha256: str) -> Origin | None:
    """Return where a picture with these bytes came from: the newest run whose ledger has it.

    Raises:
        DocumentError: The run's files are damaged.

    """
    for run in reversed(all_runs(runs_dir)):
        for outcome in _outcomes(run, sha256):
            if any(picture.sha256 == sha256 for picture in outcome.pictures):
                return _origin(run, outcome.key)
    return None


def mentions(runs_dir: Path, target: str) -> Iterator[tuple[RunDirectory, int]]:
    """Go through the runs that have a target (``type/slug/id``), and its highest variant there.

    Raises:
        DocumentError: A run's tasks are damaged.

    """
    for run in all_runs(runs_dir):
        found = (task for task in _tasks(run, f"{target}@") if task.kind == "generate")
        highest = max((task.variant for task in found), default=0)
        if highest:
            yield run, highest


def is_unfinished(run: RunDirectory) -> bool:
    """Say whether a run may still draw something; one that cannot be read may."""
    state = readable(run)
    return state is None or not state.is_finished


def _origin(run: RunDirectory, key: str) -> Origin | None:
    tasks = (task for task in _tasks(run, key) if task.key == key)
    ends = [outcome for outcome in _outcomes(run, key) if outcome.key == key]
    task, end = next(tasks, None), ends[-1] if ends else None
    return Origin(run, key, task, end) if task or end else None


def _tasks(run: RunDirectory, text: str) -> Iterator[BatchTask]:
    """Go through a run's tasks whose key begins with a text; other lines are not decoded."""
    begins, decoder = msgspec.json.encode(text)[1:-1], msgspec.json.Decoder(BatchTask)
    for line in disk.whole_lines(run.tasks_file):
        if begins in line:
            task = _decoded(decoder, line, run.tasks_file)
            if task.key.startswith(text):
                yield task


def _outcomes(run: RunDirectory, text: str) -> Iterator[TaskResult]:
    needle, decoder = msgspec.json.encode(text)[1:-1], msgspec.json.Decoder(TaskResult)
    for line in disk.whole_lines(run.outcomes_file):
        if needle in line:
            yield _decoded(decoder, line, run.outcomes_file)


def _decoded(decoder: msgspec.json.Decoder[_Line], line: bytes, where: Path) -> _Line:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise DocumentError(f"{where} is damaged: {err}") from err
