"""What submit decides: whose a listed job is, what an answer to a create means, what to do next."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from chargen_batch.core.jobs import became, lost
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.model.state import EndedJob, IntendedJob, RunningJob, StagedJob

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import Job, LostJob

_DEFINITE = frozenset({400, 401, 403, 404, 413, 429})
LISTINGS_BEFORE_CREATING_AGAIN = 2


class CreateAnswer(Enum):
    """What a failed create tells about the job."""

    UNKNOWN = auto()  # it may exist: look before creating again
    LATER = auto()  # it does not exist: no room for it now
    REJECTED = auto()  # it does not exist, and never will as it is
    STOP = auto()  # it does not exist: the key or the model is wrong, for every job alike


def read_create_error(error: BatchError) -> CreateAnswer:
    """Tell what a failed create means for the job.

    Only 400, 401, 403, 404, 413 and 429 with Google's JSON error are a definite no; after anything
    else the job may exist (docs/run-directory.md).
    """
    if isinstance(error, NetworkError) or not isinstance(error, ServiceError):
        return CreateAnswer.UNKNOWN
    if not error.google or error.http_status not in _DEFINITE:
        return CreateAnswer.UNKNOWN
    if error.http_status == 429:  # noqa: PLR2004 - HTTP's own number
        return CreateAnswer.LATER
    wrong_for_all = error.http_status in {401, 403, 404} or error.status == "API_KEY_INVALID"
    return CreateAnswer.STOP if wrong_for_all else CreateAnswer.REJECTED


def intended(job: StagedJob, *, at: str) -> IntendedJob:
    """Return a staged job that is about to be created."""
    return became(IntendedJob, job, intent_at=at)


def unsent(job: IntendedJob) -> StagedJob:
    """Return an intended job that the service definitely did not take."""
    return became(StagedJob, job)


def created(job: StagedJob, *, name: str, state: str, at: str) -> RunningJob:
    """Return a job that the service has, whether it said so or was found to have it."""
    return became(RunningJob, job, batch_job_name=name, submitted_at=at, state=state)


def rejected(job: StagedJob, *, error: str, at: str) -> LostJob:
    """Return a job that the service refused for good."""
    return lost(job, code="JOB_REJECTED", error=error, at=at)


def missed(job: IntendedJob, *, conclusive: bool) -> IntendedJob:
    """Return an intended job after a complete listing that did not show it.

    Only a listing that shows our other live jobs counts (``conclusive``).
    """
    return msgspec.structs.replace(job, missed_listings=job.missed_listings + conclusive)


def is_conclusive(jobs: Iterable[Job], listed: Container[str]) -> bool:
    """Say whether a complete listing that lacks a job says that there is none.

    It does when it shows our other live jobs: one that lacks a job which is known to exist is late,
    or another project's. Of a run without other live jobs every complete listing counts: nothing
    could tell, and ``adopt_wait_s`` is what stands between it and a second job.
    """
    return all(job.batch_job_name in listed for job in jobs if is_live(job))


def may_create_again(job: IntendedJob, *, now: datetime, intent: datetime, wait_s: float) -> bool:
    """Say whether an intended job that was never found may be created again.

    Ask it of a job that the latest listing lacks, when that listing is conclusive.
    """
    waited = (now - intent).total_seconds() >= wait_s
    return waited and job.missed_listings >= LISTINGS_BEFORE_CREATING_AGAIN


def may_exist(job: Job) -> TypeGuard[IntendedJob | RunningJob]:
    """Say whether a job takes one of the service's slots, or may be about to."""
    return isinstance(job, IntendedJob) or is_live(job)


def is_live(job: Job) -> TypeGuard[RunningJob]:
    """Say whether a job takes one of the service's slots."""
    return isinstance(job, RunningJob) and not isinstance(job, EndedJob)
