"""What poll decides: what a job is, now that the service was asked, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeGuard

import msgspec

from chargen_batch.core import giving_up
from chargen_batch.core.jobs import became, lost
from chargen_batch.model.state import EndedJob, LostJob, RunningJob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.state import Job, JobCounts

# What a job without results is lost as (google-genai's JobState; PARTIALLY_SUCCEEDED is terminal,
# though the SDK's `done` says no).
_LOST = {
    "JOB_STATE_FAILED": "JOB_FAILED",
    "JOB_STATE_CANCELLED": "JOB_CANCELLED",
    "JOB_STATE_EXPIRED": "JOB_EXPIRED",
}
_DONE = frozenset({"JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"})
_ALIVE = frozenset(
    {
        "JOB_STATE_PENDING",
        "JOB_STATE_RUNNING",
        "JOB_STATE_QUEUED",
        "JOB_STATE_CANCELLING",
        "JOB_STATE_PAUSED",
        "JOB_STATE_UPDATING",
    }
)


# A job is meant to be done in a day (gemini.md §4).
SLOW_AFTER: Final = timedelta(hours=24)
_ISO: Final = "%Y-%m-%dT%H:%M:%SZ"


def has_ended(state: str) -> bool:
    """Say whether a job in this state is at work no more; a word that is not known says no."""
    return state in _DONE or state in _LOST


def may_have_results(state: str) -> bool:
    """Say whether jobs that ended in this state have results, all or some."""
    return state in _DONE


def came_to_nothing(seen: Observation) -> bool:
    """Say whether a job ended without results."""
    return seen.state in _LOST and not seen.result_file_name


class Observation(Protocol):
    """What the service says of a job."""

    @property
    def state(self) -> str:
        """Return the state as ``JOB_STATE_*``."""
        ...

    @property
    def result_file_name(self) -> str | None:
        """Return where the results are."""
        ...

    @property
    def ended_at(self) -> datetime | None:
        """Return when it ended."""
        ...

    @property
    def counts(self) -> JobCounts:
        """Return its requests as the service counts them."""
        ...

    @property
    def error(self) -> str | None:
        """Return why it failed."""
        ...


def observed(job: RunningJob, seen: Observation, *, at: str) -> Job:
    """Return what a live job is after the service was asked.

    Ended with a result file is ``ended``, also after a cancel or an expiry; ended without one is
    ``lost``; everything else, unknown words too, is still running.

    Args:
        job: The job as it was.
        seen: What the service says of it.
        at: When it was asked: the end of a job whose end the service does not tell.

    """
    now = msgspec.structs.replace(job, state=seen.state, counts=seen.counts)
    ended_at = seen.ended_at.astimezone(UTC).strftime(_ISO) if seen.ended_at else at
    if (seen.state in _DONE or seen.state in _LOST) and seen.result_file_name:
        file_name = seen.result_file_name
        return became(
            EndedJob, now, ended_at=ended_at, result_file_name=file_name, error=seen.error
        )
    if seen.state in _LOST:
        error = seen.error or "the service gave no reason"
        return lost(now, code=_LOST[seen.state], error=error, at=ended_at)
    return now


def is_without_results(job: Job) -> TypeGuard[RunningJob]:
    """Say whether a job has ended well and has no result file, or has none yet."""
    if not isinstance(job, RunningJob) or isinstance(job, EndedJob):
        return False
    return job.state in _DONE


def given_up(job: RunningJob, *, at: str) -> LostJob:
    """Return a job without a result file that nobody waits for any more."""
    error = f"it ended as {job.state} without a result file, and was given up"
    return lost(job, code=giving_up.RESULTS_GONE, error=error, at=at)


def warning(job: Job, run_id: str) -> str | None:
    """Return what a person should know of a job: why it was lost, or what is odd about it."""
    if isinstance(job, LostJob):
        return f"job {job.index} was lost, {job.code}: {job.error}"
    if not isinstance(job, RunningJob) or isinstance(job, EndedJob) or job.state in _ALIVE:
        return None
    if job.state in _DONE:
        typed = giving_up.command("poll", run_id, [job])
        found = f"job {job.index} ({job.batch_job_name}) succeeded, and has no result file yet"
        return f"{found}; to go on without its results, type: {typed}"
    return f"job {job.index} ({job.batch_job_name}) is in an unknown state, {job.state}"


def requests_done(jobs: Iterable[Job]) -> tuple[int, int]:
    """Return how many tasks' requests are answered or given up by the service, and of how many.

    A job that has ended is done, whatever it counted; one that was not created has them all open.
    """
    done = total = 0
    for job in jobs:
        total += job.task_count
        if isinstance(job, EndedJob | LostJob):
            done += job.task_count
        elif isinstance(job, RunningJob):
            # What was settled before it was sent is done as well.
            settled = job.task_count - job.request_count
            done += min(job.task_count, settled + job.counts.succeeded + job.counts.failed)
    return done, total


@dataclass(frozen=True, slots=True)
class JobAge:
    """How long ago a live job was created, and when the service ends it, come what may."""

    index: int
    batch_job_name: str
    age_s: int
    deadline: str

    def warning(self, *, life_h: float) -> str | None:
        """Return what a person should know of a job that takes long; it is never ended by us."""
        if self.age_s <= SLOW_AFTER.total_seconds():
            return None
        hours = self.age_s // 3600
        ends = "was to end" if self.age_s > timedelta(hours=life_h).total_seconds() else "ends"
        job = f"job {self.index} ({self.batch_job_name})"
        return f"{job} was created {hours} h ago; the service {ends} it at {self.deadline}"


def age(job: RunningJob, *, now: datetime, life_h: float) -> JobAge:
    """Return how old a live job is, where the service ends each after ``life_h``."""
    submitted = datetime.fromisoformat(job.submitted_at)
    deadline = (submitted + timedelta(hours=life_h)).astimezone(UTC).strftime(_ISO)
    # A clock that was set back makes no job younger than new.
    age_s = max(0, round((now - submitted).total_seconds()))
    return JobAge(job.index, job.batch_job_name, age_s, deadline)
