"""What cancel decides: what is asked of the service, what is given up, and where a run goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core import state_machine
from chargen_batch.core.jobs import lost
from chargen_batch.core.submission import is_live
from chargen_batch.model.state import IntendedJob, StagedJob, WaitingJob

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, RunState

CANCELLED: Final = "JOB_CANCELLED"
_UNSENT: Final = (WaitingJob, StagedJob)


def wanted(state: RunState, *, at: str) -> RunState:
    """Return the state of a run that somebody wants cancelled; the first time stays."""
    if state.cancel_requested_at:
        return state
    return msgspec.structs.replace(state, cancel_requested_at=at, updated_at=at)


def is_paid_work(state: RunState) -> bool:
    """Say whether the service is, or may be, at work for a run."""
    return any(isinstance(job, IntendedJob) or is_live(job) for job in state.jobs)


def was_asked_for(state: RunState) -> bool:
    """Say whether anything of a run was ever asked of the service, or may have been.

    Of one that somebody began to cancel it was.
    """
    if state.cancel_requested_at:
        return True
    return state.phase in {"submitted", "running"} or is_paid_work(state)


def withdrawn(state: RunState, *, at: str) -> RunState:
    """Return the state with each job that was not sent as lost."""
    jobs = tuple(_withdrawn(job, at=at) for job in state.jobs)
    return state if jobs == state.jobs else msgspec.structs.replace(state, jobs=jobs, updated_at=at)


def _withdrawn(job: Job, *, at: str) -> Job:
    if type(job) not in _UNSENT:
        return job
    return lost(job, code=CANCELLED, error="cancelled before it was sent", at=at)


def moved(state: RunState, *, at: str) -> RunState:
    """Return the state of a run that has not come to nothing, in the phase that its jobs put it in.

    With results it goes on to ``downloading``, since they are paid for; while a job is at work, or
    may be, it stays where it is.
    """
    if state_machine.phase_after_poll(state.jobs) != "downloading":
        return state
    if state.phase == "submitted":
        state = state_machine.moved(state, "running", at=at, command="cancel")
    return state_machine.moved(state, "downloading", at=at, command="cancel")
