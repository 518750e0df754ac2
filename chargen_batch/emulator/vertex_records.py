"""What is remembered of a Vertex AI job beside what every job has, and how such jobs go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chargen_batch.emulator import jobs
from chargen_batch.emulator.records import (
    EXPIRED,
    FAILED,
    PARTIALLY_SUCCEEDED,
    PENDING,
    RUNNING,
    WITH_OUTPUT,
    Job,
)

if TYPE_CHECKING:
    from chargen_batch.emulator.jobs import Pace

HOUR_US = 3600 * 1_000_000
LONGEST_QUEUED_US = 72 * HOUR_US
LONGEST_RUNNING_US = 24 * HOUR_US


@dataclass(frozen=True, slots=True)
class VertexJob(Job):
    """A batch prediction job: `project` is its project and location, `input_file` its gs:// URIs.

    `destination` is the prefix that was asked for, below which its output gets a folder of its own.
    `trouble_code` and `trouble_text` are what was wrong with its input, which it fails for once it
    has run. `delivered` says that its output is in the bucket and counted; it is of so many
    `answered` rows.
    """

    destination: str = ""
    trouble_code: int = 0
    trouble_text: str = ""
    started_us: int = 0
    delivered: bool = False
    answered: int = 0

    @property
    def sources(self) -> list[str]:
        """Give the URIs of its input."""
        return self.input_file.split("\n")

    @property
    def expires_us(self) -> int:
        """Give the moment at which nothing goes on any more."""
        return self.created_us + LONGEST_QUEUED_US + LONGEST_RUNNING_US

    @property
    def due(self) -> bool:
        """Say whether the job has an output that is not in the bucket yet."""
        return not self.live and self.output == "kept" and not self.delivered


def look(job: VertexJob, now_us: int, pace: Pace) -> VertexJob:
    """Go on as a GET of the job makes it."""
    return _sorted_out(jobs.look(job, now_us, pace), now_us)


def settle(job: VertexJob, now_us: int, pace: Pace) -> VertexJob:
    """Go on as time and the looks so far make it."""
    return _sorted_out(jobs.settle(job, now_us, pace), now_us)


def fail(job: VertexJob, code: int, text: str) -> VertexJob:
    """Let a job have failed, without an output."""
    return replace(job, state=FAILED, output="none", trouble_code=code, trouble_text=text)


def running_on(job: VertexJob) -> VertexJob:
    """Give a job that is over as one that is not yet."""
    return replace(job, state=RUNNING, output="none", ended_us=None)


def _sorted_out(job: VertexJob, now_us: int) -> VertexJob:
    if job.state == PENDING:
        late_us = job.created_us + LONGEST_QUEUED_US
        return _over(job, EXPIRED, "none", late_us) if now_us >= late_us else job
    if not job.started_us:
        started_us = job.updated_us if job.state == RUNNING else job.created_us
        job = replace(job, started_us=started_us)
    late_us = job.started_us + LONGEST_RUNNING_US
    if job.state == RUNNING and now_us >= late_us:
        job = _over(job, PARTIALLY_SUCCEEDED, "kept", late_us)
    if job.trouble_code and job.state in WITH_OUTPUT:
        return fail(job, job.trouble_code, job.trouble_text)
    return job


def _over(job: VertexJob, state: str, output: str, end_us: int) -> VertexJob:
    return replace(job, state=state, output=output, updated_us=end_us, ended_us=end_us)
