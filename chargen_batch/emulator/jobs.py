"""How a job goes on: from what state to what state, by being looked at or by the clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TypeVar

from chargen_batch.emulator.endings import SUCCESS, Ending, ending_of
from chargen_batch.emulator.records import (
    CANCELLED,
    CANCELLING,
    DELETED,
    ENDED,
    EXPIRED,
    PENDING,
    RUNNING,
    Job,
)

AnyJob = TypeVar("AnyJob", bound=Job)

_MOVING = frozenset({PENDING, RUNNING, CANCELLING})


@dataclass(frozen=True, slots=True)
class Pace:
    """How jobs go on, and how they end.

    By GETs of the job, or by the clock when `seconds_to_finish` is given. `looks_to_start` and
    `looks_to_finish` say at which GET a job answers RUNNING and is over; a job that is cancelled
    answers CANCELLING until it was looked at `looks_to_cancel` times. `endings` maps a glob on
    display names to an ending, the first match counting; `failing` lists globs whose jobs end
    FAILED.
    """

    looks_to_start: int = 1
    looks_to_finish: int = 2
    seconds_to_finish: float | None = None
    looks_to_cancel: int = 0
    failing: tuple[str, ...] = ()
    endings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for ending in self.endings.values():
            ending_of(ending)

    def ending(self, display_name: str) -> Ending:
        """Choose how a job ends."""
        if any(fnmatchcase(display_name, glob) for glob in self.failing):
            return ending_of("FAILED")
        for glob, ending in self.endings.items():
            if fnmatchcase(display_name, glob):
                return ending_of(ending)
        return SUCCESS


def look(job: AnyJob, now_us: int, pace: Pace) -> AnyJob:
    """Go on as a GET of the job makes it."""
    if not job.live:
        return job
    return settle(replace(job, looks=job.looks + 1), now_us, pace)


def settle(job: AnyJob, now_us: int, pace: Pace) -> AnyJob:
    """Go on as time and the looks so far make it; a job in a state of another world stays there."""
    if job.state not in _MOVING:
        return job
    if job.state == CANCELLING:
        if job.looks >= job.cancelled_at_look:
            return _ended(job, CANCELLED, now_us, pace)
    elif pace.seconds_to_finish is not None:
        job = _timed(job, now_us, pace.seconds_to_finish, pace)
    elif job.looks:
        job = _looked_at(job, now_us, pace)
    if job.state in _MOVING and now_us >= job.expires_us:
        return _ended(job, EXPIRED, job.expires_us, pace)
    return job


def cancel(job: AnyJob, now_us: int, pace: Pace) -> AnyJob:
    """Stop a live job; a job that has ended stays as it is."""
    if not job.live or job.state == CANCELLING:
        return job
    if pace.looks_to_cancel:
        at_look = job.looks + pace.looks_to_cancel
        return replace(job, state=CANCELLING, cancelled_at_look=at_look, updated_us=now_us)
    return _ended(job, CANCELLED, now_us, pace)


def _looked_at(job: AnyJob, now_us: int, pace: Pace) -> AnyJob:
    if now_us >= job.expires_us:
        return job
    if job.looks >= pace.looks_to_finish:
        return _finished(job, now_us, pace)
    if job.looks >= pace.looks_to_start and job.state != RUNNING:
        return replace(job, state=RUNNING, updated_us=now_us)
    return job


def _timed(job: AnyJob, now_us: int, seconds: float, pace: Pace) -> AnyJob:
    end_us = job.created_us + int(seconds * 1_000_000)
    if end_us <= now_us and end_us < job.expires_us:
        return _finished(job, end_us, pace)
    if now_us > job.created_us and job.state != RUNNING:
        return replace(job, state=RUNNING, updated_us=now_us)
    return job


def _finished(job: AnyJob, end_us: int, pace: Pace) -> AnyJob:
    state = pace.ending(job.display_name).state
    if state in ENDED or state == DELETED:
        return _ended(job, state, end_us, pace)
    return replace(job, state=state, updated_us=end_us)


def _ended(job: AnyJob, state: str, end_us: int, pace: Pace) -> AnyJob:
    ending = pace.ending(job.display_name)
    output = ending.output if ending.state == state else "none"
    return replace(job, state=state, updated_us=end_us, ended_us=end_us, output=output)
