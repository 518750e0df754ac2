"""What poll decides: what a job is, now that the service was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from chargen_batch.model.state import EndedJob, JobCounts, LostJob, RunningJob

if TYPE_CHECKING:
    from chargen_batch.model.state import Job

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
    def error(self) -> str | None:
        """Return why it failed."""
        ...


def observed(job: RunningJob, seen: Observation, counts: JobCounts, *, at: str) -> Job:
    """Return what a live job is after the service was asked.

    Ended with a result file is ``ended``, also after a cancel or an expiry; ended without one is
    ``lost``; everything else, unknown words too, is still running.
    """
    now = msgspec.structs.replace(job, state=seen.state, counts=counts)
    if (seen.state in _DONE or seen.state in _LOST) and seen.result_file_name:
        fields = {name: getattr(now, name) for name in RunningJob.__struct_fields__}
        return EndedJob(**fields, ended_at=at, result_file_name=seen.result_file_name)
    if seen.state in _LOST:
        return _lost(now, _LOST[seen.state], seen.error or "the service gave no reason", at=at)
    return now


def _lost(job: RunningJob, code: str, error: str, *, at: str) -> LostJob:
    return LostJob(
        index=job.index,
        first_task=job.first_task,
        task_count=job.task_count,
        model=job.model,
        code=code,
        error=error,
        ended_at=at,
        batch_job_name=job.batch_job_name,
        display_name=job.display_name,
        request_file_name=job.request_file_name,
    )


def warning(job: Job) -> str | None:
    """Return what a person should know of a job that is still running."""
    if not isinstance(job, RunningJob) or isinstance(job, EndedJob) or job.state in _ALIVE:
        return None
    if job.state in _DONE:
        return f"job {job.index} ({job.batch_job_name}) succeeded, and has no result file yet"
    return f"job {job.index} ({job.batch_job_name}) is in an unknown state, {job.state}"
