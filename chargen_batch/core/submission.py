"""What submit decides: whose a listed job is, what an answer to a create means, what to do next."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from chargen_batch.core.jobs import became, lost
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.model.state import EndedJob, IntendedJob, RunningJob, StagedJob

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import Job, LostJob

_DEFINITE = frozenset({400, 401, 403, 404, 413, 429})
# What is wrong with the key or the account, though the answer is a mere 400.
_NOT_OF_THE_REQUEST = frozenset({"API_KEY_INVALID", "FAILED_PRECONDITION"})
LISTINGS_BEFORE_CREATING_AGAIN = 2


class CreateAnswer(Enum):
    """What a failed create tells about the job."""

    UNKNOWN = auto()  # it may exist: look before creating again
    LATER = auto()  # it does not exist: no room for it now
    REJECTED = auto()  # it does not exist, and never will as it is
    STOP = auto()  # it does not exist: key, account or model is wrong, for every job alike


def read_create_error(error: BatchError) -> CreateAnswer:
    """Tell what a failed create means for the job.

    Only 400, 401, 403, 404, 413 and 429 with Google's JSON error are a definite no; after anything
    else the job may exist (docs/run-directory.md). A 400 is of the request, and loses the job for
    good, but for two: API_KEY_INVALID, and FAILED_PRECONDITION, which is said of an account without
    billing or in a country that is not served. When that is mended, the same job is taken.
    """
    if isinstance(error, NetworkError) or not isinstance(error, ServiceError):
        return CreateAnswer.UNKNOWN
    if not error.google or error.http_status not in _DEFINITE:
        return CreateAnswer.UNKNOWN
    if error.http_status == 429:  # noqa: PLR2004 - HTTP's own number
        return CreateAnswer.LATER
    wrong_for_all = error.http_status in {401, 403, 404} or error.status in _NOT_OF_THE_REQUEST
    return CreateAnswer.STOP if wrong_for_all else CreateAnswer.REJECTED


def intended(job: StagedJob, *, at: str) -> IntendedJob:
    """Return a staged job that is about to be created."""
    return became(IntendedJob, job, intent_at=at)


def unsent(job: IntendedJob) -> StagedJob:
    """Return an intended job that the service definitely did not take."""
    return became(StagedJob, job)


def created(job: StagedJob, *, name: str, state: str, at: str) -> RunningJob:
    """Return a job that the service has, whether it said so or was found to have it.

    One of which no intention was written down was made by somebody else: it is adopted.
    """
    adopted = type(job) is StagedJob
    return became(
        RunningJob, job, batch_job_name=name, submitted_at=at, state=state, adopted=adopted
    )


def followed(job: RunningJob, *, name: str, state: str, at: str) -> RunningJob:
    """Return a live job as another one of its name, which did not come to nothing as it did."""
    return msgspec.structs.replace(job, batch_job_name=name, submitted_at=at, state=state)


def rejected(job: StagedJob, *, error: str, at: str) -> LostJob:
    """Return a job that the service refused for good."""
    return lost(job, code="JOB_REJECTED", error=error, at=at)


def missed(job: IntendedJob, *, conclusive: bool, at: str) -> IntendedJob:
    """Return an intended job after a complete listing that did not show it.

    Only a listing that shows our other live jobs counts (``conclusive``).
    """
    if not conclusive:
        return job
    return msgspec.structs.replace(
        job, missed_listings=job.missed_listings + 1, first_missed_at=job.first_missed_at or at
    )


def is_conclusive(jobs: Iterable[Job], listed: Container[str]) -> bool:
    """Say whether a complete listing that lacks a job says that there is none.

    It does when it shows our other live jobs: one that lacks a job which is known to exist is late,
    or another project's. Of a run without other live jobs every complete listing counts: nothing
    could tell, and ``adopt_wait_s`` is what stands between it and a second job.
    """
    return all(job.batch_job_name in listed for job in jobs if is_live(job))


def may_create_again(job: IntendedJob, *, now: datetime, wait_s: float) -> bool:
    """Say whether an intended job that was never found may be created again.

    The wait is counted from the intention and from the first listing that lacked the job: a clock
    that was set right between the two has not waited for anything. Ask it of a job that the latest
    listing lacks, when that listing is conclusive.
    """
    since = [datetime.fromisoformat(at) for at in (job.intent_at, job.first_missed_at) if at]
    waited = all((now - moment).total_seconds() >= wait_s for moment in since)
    return waited and job.missed_listings >= LISTINGS_BEFORE_CREATING_AGAIN


def may_exist(job: Job) -> TypeGuard[IntendedJob | RunningJob]:
    """Say whether a job takes one of the service's slots, or may be about to."""
    return isinstance(job, IntendedJob) or is_live(job)


def is_live(job: Job) -> TypeGuard[RunningJob]:
    """Say whether a job takes one of the service's slots."""
    return isinstance(job, RunningJob) and not isinstance(job, EndedJob)
