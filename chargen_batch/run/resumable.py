"""Which runs resume takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core.resuming import is_unpaid
from chargen_batch.run import runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class Resumable:
    """The runs to go on with, oldest first, and those of which nothing was ever submitted.

    A run that cannot be read is taken, so that its error is told.
    """

    runs: tuple[RunDirectory, ...] = ()
    unpaid: tuple[RunDirectory, ...] = ()

    @property
    def all(self) -> tuple[RunDirectory, ...]:
        """Return both, oldest first."""
        return tuple(sorted((*self.runs, *self.unpaid), key=lambda run: run.run_id))


def every(runs_dir: Path) -> Resumable:
    """Return every run that has not ended, and every one that has and lacks its report."""
    going_on: list[RunDirectory] = []
    unpaid: list[RunDirectory] = []
    for run in runs.all_runs(runs_dir):
        state = runs.readable(run)
        if state is not None and state.is_finished and not runs.lacks_report(run):
            continue
        (unpaid if state is not None and is_unpaid(state) else going_on).append(run)
    return Resumable(tuple(going_on), tuple(unpaid))


def one(runs_dir: Path) -> RunDirectory | None:
    """Return the run that was planned last, else the newest of those with something to do."""
    return preferred(runs_dir, every(runs_dir).all)


def preferred(runs_dir: Path, among: Sequence[RunDirectory]) -> RunDirectory | None:
    """Return of some runs, oldest first, the one that was planned last, else the newest."""
    current = {run.run_id for run in runs.select(runs_dir, "status").runs}
    return next((run for run in among if run.run_id in current), among[-1] if among else None)
