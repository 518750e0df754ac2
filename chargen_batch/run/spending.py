"""What keeps two runs from paying for one target: who holds it, and one submit at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.model.state import IntendedJob, RunningJob
from chargen_batch.run.lock import held
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chargen_batch.model.settings import Backend
    from chargen_batch.model.state import Job
    from chargen_batch.model.task import BatchTask
    from chargen_batch.run.directory import RunDirectory

# An entity's type and slug, and the target's id.
TargetName = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What unfinished runs are expected to cost by batch, and which ones these are."""

    usd: float
    run_ids: tuple[str, ...]


def in_flight(runs_dir: Path, *, but: str = "") -> dict[TargetName, str]:
    """Return the targets in jobs of unfinished runs that were created, or may have been.

    Args:
        runs_dir: The folder of the runs.
        but: A run that does not count: the one that asks.

    Returns:
        The id of the run that holds it, for each target.

    Raises:
        DocumentError: A run cannot be read.

    """
    holders: dict[TargetName, str] = {}
    for run in all_runs(runs_dir):
        state = run.state()  # of a run that cannot be read it is not known what it holds
        if state.is_finished or state.run_id == but:
            continue
        jobs = [job for job in state.jobs if isinstance(job, IntendedJob | RunningJob)]
        holders.update(dict.fromkeys(targets(run, jobs), state.run_id))
    return holders


def unfinished_usd(runs_dir: Path, *, backend: Backend, but: Container[TargetName]) -> Unfinished:
    """Return what the unfinished runs are expected to cost.

    Args:
        runs_dir: The folder of the runs.
        backend: Whose runs count: a rehearsal on the emulator costs nothing beside the real thing.
        but: Targets that do not count: those of the plan that asks. Submit pays for each only once.

    """
    costs: dict[str, float] = {}
    for run in all_runs(runs_dir):
        state = readable(run)
        if state is None or state.is_finished or state.config.backend != backend:
            continue
        usd = sum(task.estimate.cost_usd or 0.0 for task in run.tasks() if _name(task) not in but)
        if usd:
            costs[state.run_id] = usd
    return Unfinished(sum(costs.values()), tuple(costs))


def _name(task: BatchTask) -> TargetName:
    return task.entity_type, task.entity_slug, task.target_id


def targets(run: RunDirectory, jobs: Iterable[Job]) -> Iterator[TargetName]:
    """Go through the targets of a run's jobs."""
    for job in jobs:
        for task in run.tasks(job.first_task, job.task_count):
            yield _name(task)


def one_at_a_time(project: Path, *, since: str, timeout_s: float) -> AbstractContextManager[None]:
    """Hold the project's spend lock: between look-up and creation no other run creates a job."""
    folder = project / ".chargen"
    disk.make_directory(folder)
    return held(folder / "spend.lock", command="submit", since=since, timeout_s=timeout_s)
