"""What keeps two runs from paying for one target: who holds it, and one submit at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.model.state import IntendedJob, RunningJob
from chargen_batch.run.lock import held
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chargen_batch.model.state import Job
    from chargen_batch.run.directory import RunDirectory

# An entity's type and slug, and the target's id.
TargetName = tuple[str, str, str]


def in_flight(runs_dir: Path, *, but: str = "") -> dict[TargetName, str]:
    """Return the targets in jobs of unfinished runs that were created, or may have been.

    Args:
        runs_dir: The folder of the runs.
        but: A run that does not count: the one that asks.

    Returns:
        The id of the run that holds it, for each target.

    """
    holders: dict[TargetName, str] = {}
    for run in all_runs(runs_dir):
        state = readable(run)
        if state is None or state.is_finished or state.run_id == but:
            continue
        jobs = [job for job in state.jobs if isinstance(job, IntendedJob | RunningJob)]
        holders.update(dict.fromkeys(targets(run, jobs), state.run_id))
    return holders


def targets(run: RunDirectory, jobs: Iterable[Job]) -> Iterator[TargetName]:
    """Go through the targets of a run's jobs."""
    for job in jobs:
        for task in run.tasks(job.first_task, job.task_count):
            yield task.entity_type, task.entity_slug, task.target_id


def one_at_a_time(runs_dir: Path, *, since: str, timeout_s: float) -> AbstractContextManager[None]:
    """Hold the project's spend lock: between look-up and creation no other run creates a job."""
    lock = runs_dir.parent / "spend.lock"
    return held(lock, command="submit", since=since, timeout_s=timeout_s)
