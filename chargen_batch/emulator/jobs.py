"""How a job goes on: from what state to what state, by being looked at or by the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from chargen_batch.emulator.records import (
    CANCELLED,
    EXPIRED,
    FAILED,
    LIFETIME_US,
    RUNNING,
    SUCCEEDED,
    Job,
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast jobs end: by GETs of the job, or by the clock when `seconds_to_finish` is given.

    `looks_to_start` and `looks_to_finish` say at which GET a job answers RUNNING and SUCCEEDED;
    `failing` lists globs on display names whose jobs end FAILED.
    """

    looks_to_start: int = 1
    looks_to_finish: int = 2
    seconds_to_finish: float | None = None
    failing: tuple[str, ...] = ()


def look(job: Job, now_us: int, pace: Pace) -> Job:
    """Go on as a GET of the job makes it."""
    if not job.live:
        return job
    return settle(replace(job, looks=job.looks + 1), now_us, pace)


def settle(job: Job, now_us: int, pace: Pace) -> Job:
    """Go on as time and the looks so far make it."""
    if not job.live:
        return job
    if job.looks:
        job = _looked_at(job, now_us, pace)
    if pace.seconds_to_finish is not None:
        job = _timed(job, now_us, pace.seconds_to_finish, pace)
    if job.live and now_us >= job.created_us + LIFETIME_US:
        return _ended(job, EXPIRED, job.created_us + LIFETIME_US)
    return job


def cancel(job: Job, now_us: int) -> Job:
    """Stop a live job; a job that has ended stays as it is."""
    return _ended(job, CANCELLED, now_us) if job.live else job


def _looked_at(job: Job, now_us: int, pace: Pace) -> Job:
    if now_us >= job.created_us + LIFETIME_US or pace.seconds_to_finish is not None:
        return job
    if job.looks >= pace.looks_to_finish:
        return _finished(job, now_us, pace)
    if job.looks >= pace.looks_to_start and job.state != RUNNING:
        return replace(job, state=RUNNING, updated_us=now_us)
    return job


def _timed(job: Job, now_us: int, seconds: float, pace: Pace) -> Job:
    end_us = job.created_us + int(seconds * 1_000_000)
    if end_us <= now_us and end_us < job.created_us + LIFETIME_US:
        return _finished(job, end_us, pace)
    if now_us > job.created_us and job.state != RUNNING:
        return replace(job, state=RUNNING, updated_us=now_us)
    return job


def _finished(job: Job, end_us: int, pace: Pace) -> Job:
    failing = any(fnmatchcase(job.display_name, glob) for glob in pace.failing)
    return _ended(job, FAILED if failing else SUCCEEDED, end_us)


def _ended(job: Job, state: str, end_us: int) -> Job:
    return replace(job, state=state, updated_us=end_us, ended_us=end_us)
