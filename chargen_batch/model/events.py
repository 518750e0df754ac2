"""What happens while a command is at work: one stream for bars, lines, --events and the log.

docs/events.md shows a line of each.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from chargen_batch.model.bounds import Moment, Number
from chargen_batch.model.state import JobCounts, Phase

Step = Literal[
    "planning",
    "hashing",
    "uploading",
    "requests",
    "submitting",
    "jobs",
    "downloading",
    "receiving",
    "applying",
]
Unit = Literal["entities", "files", "bytes", "tasks", "jobs"]


class EventBase(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    """What every event has: the run that it is about, if there is one yet."""

    run_id: str | None = None


class PhaseBegan(EventBase, frozen=True, kw_only=True, tag="phaseBegan"):
    """A command's work on a run begins."""

    command: str


class PhaseEnded(EventBase, frozen=True, kw_only=True, tag="phaseEnded"):
    """A command's work on a run is over.

    ``phase`` is the run's now, ``error`` says why it ended early. Both are ``None`` where they do
    not apply.
    """

    command: str
    exit_code: int
    phase: Phase | None = None
    error: str | None = None


class Progress(EventBase, frozen=True, kw_only=True, tag="progress"):
    """A step has come so far; ``done`` never goes back while a command is at work on a run.

    ``total`` is ``None`` while it is not known; ``detail`` says what was done last.
    """

    step: Step
    done: Number
    total: Number | None
    unit: Unit
    detail: str = ""

    @property
    def is_last(self) -> bool:
        """Say whether all of the step is done."""
        return self.total is not None and self.done >= self.total


class JobSeen(EventBase, frozen=True, kw_only=True, tag="job"):
    """The service was asked about a job; ``counts`` are its own, and may go back."""

    index: int
    name: str
    state: str
    counts: JobCounts = JobCounts()
    age_s: int = 0
    error: str | None = None


class Waiting(EventBase, frozen=True, kw_only=True, tag="waiting"):
    """Nothing happens before the next look at the service."""

    until: Moment
    seconds: float


class Warned(EventBase, frozen=True, kw_only=True, tag="warning"):
    """Something that a person should know; the work goes on."""

    message: str


Event: TypeAlias = PhaseBegan | PhaseEnded | Progress | JobSeen | Waiting | Warned
