"""The stream of a command's events: to bars or lines, and to where --events says."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import msgspec

from chargen_batch import disk
from chargen_batch.cli.event_words import EveryLine, NowAndThen
from chargen_batch.cli.options import EVENTS_TO_STDOUT
from chargen_batch.cli.terminal import aside, events_out
from chargen_batch.model.events import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.options import Common
    from chargen_batch.model.events import Event

# Between two lines of --events on one step's progress; its end is told all the same.
EVERY_S: Final = 0.1
_DUMB: Final = frozenset({"", "dumb", "unknown"})


class Viewer(Protocol):
    """Who shows events to people."""

    def __call__(self, event: Event) -> None:
        """Show an event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Stream:
    """Where the events of one command go.

    Raises:
        OSError: The file of --events cannot be written to.

    """

    def __init__(self, common: Common) -> None:
        self.has_bars = _has_bars(common)
        self._viewer = _viewer(common, bars=self.has_bars)
        self._stack = contextlib.ExitStack()
        self._file = EventsFile(self._opened(common.events)) if common.events else None

    def tell(self, event: Event) -> None:
        """Pass an event on; one at a time."""
        if self._viewer is not None:
            self._viewer(event)
        if self._file is not None:
            self._file(event)

    def close(self) -> None:
        """Leave the terminal as it was, and the file as it is."""
        if self._viewer is not None:
            self._viewer.close()
        self._viewer = self._file = None
        self._stack.close()

    def _opened(self, name: str) -> IO[bytes]:
        if name == EVENTS_TO_STDOUT:
            return events_out()
        return self._stack.enter_context(disk.appending(Path(name)))


def _has_bars(common: Common) -> bool:
    if common.quiet or common.json or common.verbose:
        return False
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in _DUMB


def _viewer(common: Common, *, bars: bool) -> Viewer | None:
    if common.quiet or common.json:
        return None
    if bars:
        return _LateBars(no_color=common.no_color)
    return EveryLine() if common.verbose else NowAndThen()


class _LateBars:
    """Bars that are loaded with the first event that could be shown: it takes a while."""

    def __init__(self, *, no_color: bool) -> None:
        self._no_color = no_color
        self._bars: Viewer | None = None

    def __call__(self, event: Event) -> None:
        if self._bars is None:
            from chargen_batch.cli.progress import Bars

            self._bars = Bars(no_color=self._no_color)
        self._bars(event)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.close()


class EventsFile:
    """Writes events as JSON lines, until nobody reads them any more: the work goes on then."""

    def __init__(self, stream: IO[bytes], now: Callable[[], float] = time.monotonic) -> None:
        self._stream: IO[bytes] | None = stream
        self._now = now
        self._due: dict[tuple[str | None, str], float] = {}

    def __call__(self, event: Event) -> None:
        """Write an event, unless there was one of its step just now."""
        if self._stream is None or not self._is_due(event):
            return
        try:
            self._write(self._stream, encoded(event, datetime.now(UTC)))
        except OSError as err:
            self._stream = None
            if not isinstance(err, BrokenPipeError):
                aside(f"warning: --events: {err.strerror}; the work goes on without")

    def _is_due(self, event: Event) -> bool:
        if not isinstance(event, Progress):
            return True
        now, step = self._now(), (event.run_id, event.step)
        if not event.is_last and now < self._due.get(step, now):
            return False
        self._due[step] = now + EVERY_S
        return True

    @staticmethod
    def _write(stream: IO[bytes], line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[stream.write(left) :]
        stream.flush()


def encoded(event: Event, at: datetime) -> bytes:
    """Return an event's line."""
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {"at": moment, **msgspec.to_builtins(event)}
    return msgspec.json.encode(line) + b"\n"
