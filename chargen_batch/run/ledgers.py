"""What a project's runs say of their tasks, each run read once for as long as it does not change.

Whoever asks of every run what each other one says would else read them all for each.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk
from chargen_batch.run.documents import lines
from chargen_batch.run.runs import all_runs

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.outcome import TaskError
    from chargen_batch.model.state import RunState
    from chargen_batch.run.directory import RunDirectory

# Of the state and of the ledger: which file, when it was written, how long it is.
_Stamp = tuple[tuple[int, int, int] | None, ...]


class _Named(msgspec.Struct):
    """Of a task, its key alone: prompts make the file large, and are passed over."""

    key: str


def dead(run: RunDirectory) -> dict[str, TaskError]:
    """Return why each task of a run failed that did, by key."""
    last = {outcome.key: outcome for outcome in run.outcomes()}
    return {
        key: outcome.error
        for key, outcome in last.items()
        if outcome.stage == "settled" and outcome.error
    }


class Said:
    """What one run says. Its documents are read when they are asked for.

    Each property raises ``DocumentError`` where a document cannot be read.
    """

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self.stamp = _stamp(run)

    @property
    def run_id(self) -> str:
        """Return the run's id."""
        return self.run.run_id

    @cached_property
    def state(self) -> RunState:
        """The run's state."""
        return self.run.state()

    @property
    def is_rehearsal(self) -> bool:
        """Say whether it ran on the emulator."""
        return self.state.config.backend == "emulator"

    @cached_property
    def held(self) -> frozenset[str]:
        """The keys of the tasks that it has still to do, or that have ended in it."""
        if self.state.is_finished:
            return frozenset(outcome.key for outcome in self.run.outcomes())
        path = self.run.tasks_file
        return frozenset(task.key for task in lines(disk.whole_lines(path), _Named, path))

    @cached_property
    def retryable(self) -> frozenset[str]:
        """The keys of its dead letters that may be sent again."""
        return frozenset(key for key, error in dead(self.run).items() if error.retryable)


class Ledgers:
    """The runs of a project, as they were when they were last looked at."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self.runs: tuple[Said, ...] = ()
        self.look()

    def look(self) -> None:
        """Look which runs there are and which have changed; what was read of the others is kept."""
        known = {said.run_id: said for said in self.runs}
        found = [Said(run) for run in all_runs(self._runs_dir)]
        self.runs = tuple(_unchanged(said, known.get(said.run_id)) for said in found)

    def parents(self) -> dict[str, str | None]:
        """Return of which run's dead letters each run was made."""
        return {said.run_id: said.state.parent_run_id for said in self.runs}


def _unchanged(now: Said, before: Said | None) -> Said:
    return before if before and before.stamp == now.stamp else now


def _stamp(run: RunDirectory) -> _Stamp:
    return tuple(map(_stamp_of, (run.state_file, run.outcomes_file)))


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
