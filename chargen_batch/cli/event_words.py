"""Events in words: for the lines of a log, and for the bars."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from chargen_batch.cli.terminal import aside
from chargen_batch.model.events import (
    JobSeen,
    PhaseBegan,
    PhaseEnded,
    Progress,
    Waiting,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.model.events import Event, Step

STEPS: Final[dict[Step, str]] = {
    "planning": "reading the story",
    "hashing": "checking references",
    "uploading": "uploading references",
    "requests": "uploading requests",
    "submitting": "creating jobs",
    "jobs": "waiting for the service",
    "downloading": "downloading results",
    "receiving": "reading results",
    "applying": "entering results",
}
EVERY_S: Final = 10.0
_KB: Final = 1e3
_MB: Final = 1e6
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_LEAST_WHOLE_S: Final = 10


def amount(event: Progress) -> str:
    """Return how far a step is: ``12.3 of 45.0 MB``, ``3 of 10 files``."""
    if event.unit == "bytes":
        size, unit = (_KB, "kB") if max(event.done, event.total or 0) < _MB else (_MB, "MB")
        done = f"{event.done / size:.1f}"
        return (
            f"{done} {unit}"
            if event.total is None
            else f"{done} of {event.total / size:.1f} {unit}"
        )
    done = str(event.done) if event.total is None else f"{event.done} of {event.total}"
    return f"{done} {event.unit}"


def span(seconds: float) -> str:
    """Return a span of time as people say it, in two words at most."""
    if seconds < _LEAST_WHOLE_S:
        return f"{seconds:.2g} s"
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min"
    return f"{seconds // _HOUR_S:.0f} h {seconds % _HOUR_S // _MINUTE_S:.0f} min"


def state_word(job: JobSeen) -> str:
    """Return a job's state without what all states begin with."""
    return job.state.removeprefix("JOB_STATE_").lower()


def line(event: Event) -> str:
    """Return an event as one line."""
    return f"run {event.run_id}: {_said(event)}" if event.run_id else _said(event)


def _said(event: Event) -> str:
    if isinstance(event, PhaseBegan):
        words = f"{event.command} begins"
    elif isinstance(event, PhaseEnded):
        told = event.error or event.phase
        words = f"{event.command} ends with {event.exit_code}" + (f", {told}" if told else "")
    elif isinstance(event, Progress):
        detail = f" ({event.detail})" if event.detail else ""
        words = f"{STEPS[event.step]}, {amount(event)}{detail}"
    elif isinstance(event, JobSeen):
        counts = f"{event.counts.succeeded + event.counts.failed} of {event.counts.total} done"
        words = f"job {event.index} ({event.name}), {state_word(event)}, {counts}"
    elif isinstance(event, Waiting):
        words = f"nothing to do for {span(event.seconds)}"
    else:
        words = f"warning: {event.message}"
    return words


class EveryLine:
    """Prints each event; but warnings, which the command prints itself."""

    def __call__(self, event: Event) -> None:
        """Print an event."""
        if not isinstance(event, Warned):
            aside(line(event))

    def close(self) -> None:
        """Leave nothing behind."""


class NowAndThen:
    """Prints how far a step is, at most every ten seconds, and its end where it took that long.

    What --wait waits for is told by its rounds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._due: dict[tuple[str | None, Step], float] = {}
        self._told: set[tuple[str | None, Step]] = set()

    def __call__(self, event: Event) -> None:
        """Look whether it is time for a line."""
        if not isinstance(event, Progress) or event.step == "jobs":
            return
        now, step = self._now(), (event.run_id, event.step)
        is_due = now >= self._due.setdefault(step, now + EVERY_S)
        if is_due or (event.is_last and step in self._told):
            aside(line(event))
            self._due[step] = now + EVERY_S
            self._told.add(step)
        if event.is_last:
            self._told.discard(step)
            self._due.pop(step, None)

    def close(self) -> None:
        """Leave nothing behind."""
