"""Which of the service's jobs are a run's by their names, and of which its state knows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from chargen_batch.core.jobs import NAME_PREFIX
from chargen_batch.core.polling import has_ended, may_have_results
from chargen_batch.model.state import StagedJob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.state import RunState


class Listed(Protocol):
    """What decides of a job in the service's listing."""

    @property
    def name(self) -> str:
        """Return the service's own name for it."""
        ...

    @property
    def display_name(self) -> str:
        """Return the name that whoever made it gave it."""
        ...

    @property
    def state(self) -> str:
        """Return the state as ``JOB_STATE_*``."""
        ...


_Job = TypeVar("_Job", bound=Listed)


def is_of(run_id: str, display_name: str) -> bool:
    """Say whether a job was made by a run, or by a copy of it."""
    return display_name.startswith(f"{NAME_PREFIX}{run_id}/")


def unknown(state: RunState, listed: Iterable[_Job]) -> list[_Job]:
    """Return a run's jobs on the service that are none of its state's."""
    names = {getattr(job, "batch_job_name", None) for job in state.jobs}
    return [
        remote
        for remote in listed
        if is_of(state.run_id, remote.display_name) and remote.name not in names
    ]


def strays(state: RunState, listed: Iterable[_Job]) -> list[_Job]:
    """Return a run's jobs on the service whose very names its state has not, or not any more.

    They hold tasks of the run all the same: a job that was listed after it had been given up and
    split, or cancelled, or one of a newer state.json than this. A second job of a name that the
    state has is none: it is a twin (``adopting``).
    """
    taken = {job.display_name for job in state.jobs if isinstance(job, StagedJob)}
    return [remote for remote in unknown(state, listed) if remote.display_name not in taken]


def live(state: RunState, listed: Iterable[_Job]) -> list[_Job]:
    """Return those of a run's strays that are at work."""
    return [remote for remote in strays(state, listed) if not has_ended(remote.state)]


def paid(state: RunState, listed: Iterable[_Job]) -> list[_Job]:
    """Return those of a run's strays that ended as jobs with results do."""
    return [remote for remote in strays(state, listed) if may_have_results(remote.state)]
