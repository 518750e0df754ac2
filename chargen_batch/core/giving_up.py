"""Which jobs a person gives up: those named, by number, by the service's name or by ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.errors import StateError
from chargen_batch.model.state import LostJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chargen_batch.model.state import Job, RunState

# What a job that was given up is lost as: the service has no such job, or not its results.
JOB_GONE = "JOB_GONE"
RESULTS_GONE = "RESULTS_GONE"


def chosen(state: RunState, names: Iterable[str]) -> frozenset[int]:
    """Return the numbers of the jobs that are named; those that are lost already are left out.

    Raises:
        StateError: The run has no such job.

    """
    found = [_named(state, name) for name in names]
    return frozenset(job.index for job in found if not isinstance(job, LostJob))


def _named(state: RunState, name: str) -> Job:
    for job in state.jobs:
        if name in {str(job.index), *_names(job)}:
            return job
    known = ", ".join(" ".join((str(job.index), *_names(job)[:1])) for job in state.jobs)
    raise StateError(
        f"run {state.run_id} has no job {name}",
        hint=f"its jobs are {known}" if known else "it has no jobs yet",
    )


def _names(job: Job) -> list[str]:
    names = (getattr(job, "batch_job_name", None), getattr(job, "display_name", None))
    return [name for name in names if name]


def command(name: str, run_id: str, jobs: Sequence[Job]) -> str:
    """Return the command that gives jobs up, as a person types it."""
    options = "".join(f" --give-up {job.index}" for job in jobs)
    return f"chargen-batch {name} --run {run_id}{options}"
