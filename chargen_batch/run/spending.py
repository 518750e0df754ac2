"""What keeps two runs from paying for one target: who holds it, and one submit at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch import disk
from chargen_batch.core.submission import may_exist
from chargen_batch.model.state import (
    IntendedJob,
    LostJob,
    RunningJob,
    StagedJob,
    WaitingJob,
)
from chargen_batch.run.lock import held
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chargen_batch.model.plan import BatchPlan
    from chargen_batch.model.settings import Backend
    from chargen_batch.model.state import Job, RunState, ServiceIdentity
    from chargen_batch.model.task import BatchTask
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.run.ledgers import Ledgers

# An entity's type and slug, and the target's id.
TargetName = tuple[str, str, str]
# What is still to be created, or not known to be.
_UNSENT: Final = frozenset({WaitingJob, StagedJob, IntendedJob})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What unfinished runs are expected to cost by batch, and which ones these are."""

    usd: float
    run_ids: tuple[str, ...]


def in_flight(runs_dir: Path, *, rehearsal: bool, but: str = "") -> dict[TargetName, str]:
    """Return the targets of unfinished runs that have a job that was created, or may have been.

    Its other jobs count as well: they wait for a slot, and are created as soon as there is one.

    Args:
        runs_dir: The folder of the runs.
        rehearsal: Whether the emulator's runs count; else all but these do.
        but: A run that does not count: the one that asks.

    Returns:
        The id of the run that holds it, for each target.

    Raises:
        DocumentError: A run cannot be read.

    """
    holders: dict[TargetName, str] = {}
    for run in all_runs(runs_dir):
        state = run.state()  # of a run that cannot be read it is not known what it holds
        if state.is_finished or state.run_id == but or _is_rehearsal(state) != rehearsal:
            continue
        if not any(isinstance(job, IntendedJob | RunningJob) for job in state.jobs):
            continue
        jobs = [job for job in state.jobs if not isinstance(job, LostJob)]
        holders.update(dict.fromkeys(targets(run, jobs), state.run_id))
    return holders


def drawn_since(runs_dir: Path, plan: BatchPlan) -> dict[TargetName, str]:
    """Return the targets that other runs have drawn and that a plan knows nothing of.

    However late a run is submitted, it knows of those runs alone that had ended when it was
    planned: no clock is asked. Of a plan that does not name them the times decide, and what ended
    in its very second counts.

    Args:
        runs_dir: The folder of the runs.
        plan: The plan of the run that asks; a rehearsal's asks for the emulator's runs only.

    Returns:
        The id of the run that drew it, for each target.

    Raises:
        DocumentError: A run cannot be read.

    """
    drawn: dict[TargetName, str] = {}
    passed_over = {plan.run_id, *(plan.known_runs or ())}
    for run in all_runs(runs_dir):
        if run.run_id in passed_over:
            continue
        state = run.state()
        if _is_rehearsal(state) != _is_rehearsal(plan) or _is_known(plan, state):
            continue
        drawn.update(dict.fromkeys(_drawn_by(run), state.run_id))
    return drawn


def _is_known(plan: BatchPlan, state: RunState) -> bool:
    """Say whether a plan, when it was made, took into account what a run has drawn."""
    if plan.known_runs is not None:
        return state.run_id in plan.known_runs
    return not state.completed_at or state.completed_at < plan.created_at


def _drawn_by(run: RunDirectory) -> Iterator[TargetName]:
    last = {end.key: end for end in run.outcomes()}
    # What was taken out of the story again counts as never drawn.
    good = {end.key for end in last.values() if end.status == "success" and end.stage != "reverted"}
    return (_name(task) for task in (run.tasks() if good else ()) if task.key in good)


def wanted_by(ledgers: Ledgers, run: RunDirectory) -> str | None:
    """Return an unfinished run that would draw again what a finished one has drawn.

    It was planned before, and is told of it by the finished run alone.

    Raises:
        DocumentError: A run cannot be read, so it is not known what it wants.

    """
    state, drawn = run.state(), set(_drawn_by(run))
    for said in ledgers.runs if drawn else ():
        other, asks = said.run, said.state
        if asks.is_finished or _is_rehearsal(asks) != _is_rehearsal(state):
            continue
        unsent = [job for job in asks.jobs if type(job) in _UNSENT]
        wanted = targets(other, unsent) if asks.jobs else map(_name, other.tasks())
        if not _is_known(other.plan(), state) and not drawn.isdisjoint(wanted):
            return other.run_id
    return None


def _is_rehearsal(state: RunState | BatchPlan) -> bool:
    return state.config.backend == "emulator"


def awaited(runs_dir: Path, service: ServiceIdentity) -> list[IntendedJob | RunningJob]:
    """Return the jobs of all unfinished runs on a service that live, or may be about to.

    A run that cannot be read has none here: the service's own listing has its jobs.
    """
    states = filter(None, map(readable, all_runs(runs_dir)))
    return [
        job
        for state in states
        if not state.is_finished and _is_on(state, service)
        for job in state.jobs
        if may_exist(job)
    ]


def _is_on(state: RunState, service: ServiceIdentity) -> bool:
    """Say whether a run is on a service, whatever its key."""
    there = state.service
    return there is not None and (there.backend, there.base_url) == (
        service.backend,
        service.base_url,
    )


def _is_paid_with(state: RunState, backend: Backend) -> bool:
    """Say whether a run costs what a run on a backend costs: money, or nothing."""
    return _is_rehearsal(state) == (backend == "emulator")


def committed_usd(runs_dir: Path, *, backend: Backend) -> float:
    """Return what the tasks without an outcome in jobs that were created are expected to cost.

    What has an outcome has its cost in the ledger.
    """
    usd = 0.0
    for run in all_runs(runs_dir):
        state = readable(run)
        if state is None or state.is_finished or not _is_paid_with(state, backend):
            continue
        jobs = [job for job in state.jobs if isinstance(job, IntendedJob | RunningJob)]
        ended = {outcome.key for outcome in run.outcomes()} if jobs else set()
        usd += sum(
            task.estimate.cost_usd or 0.0 for task in tasks(run, jobs) if task.key not in ended
        )
    return usd


def unfinished_usd(runs_dir: Path, *, backend: Backend, but: Container[TargetName]) -> Unfinished:
    """Return what the unfinished runs are expected to cost.

    Args:
        runs_dir: The folder of the runs.
        backend: What is paid with: a rehearsal on the emulator costs nothing beside the real thing.
        but: Targets that do not count: those of the plan that asks. Submit pays for each only once.

    """
    costs: dict[str, float] = {}
    for run in all_runs(runs_dir):
        state = readable(run)
        if state is None or state.is_finished or not _is_paid_with(state, backend):
            continue
        usd = sum(task.estimate.cost_usd or 0.0 for task in run.tasks() if _name(task) not in but)
        if usd:
            costs[state.run_id] = usd
    return Unfinished(sum(costs.values()), tuple(costs))


def _name(task: BatchTask) -> TargetName:
    return task.entity_type, task.entity_slug, task.target_id


def tasks(run: RunDirectory, jobs: Iterable[Job]) -> Iterator[BatchTask]:
    """Go through the tasks of a run's jobs."""
    for job in jobs:
        yield from run.tasks(job.first_task, job.task_count)


def targets(run: RunDirectory, jobs: Iterable[Job]) -> Iterator[TargetName]:
    """Go through the targets of a run's jobs."""
    return map(_name, tasks(run, jobs))


def one_at_a_time(project: Path, *, since: str, timeout_s: float) -> AbstractContextManager[None]:
    """Hold the project's spend lock: between look-up and creation no other run creates a job."""
    folder = project / ".chargen"
    disk.make_directory(folder)
    return held(folder / "spend.lock", command="submit", since=since, timeout_s=timeout_s)
