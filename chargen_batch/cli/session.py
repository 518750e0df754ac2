"""What one command works with: the project, the time, and the service once it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chargen_batch import config
from chargen_batch.api import session as opened
from chargen_batch.api.session import clock, suffix
from chargen_batch.cli.terminal import aside

if TYPE_CHECKING:
    from types import TracebackType

    from chargen_batch.cli.options import Common
    from chargen_batch.cli.stream import Stream
    from chargen_batch.model.events import Event

__all__ = ["Session", "clock", "suffix"]


class Session(opened.Session):
    """A command's world, closed at its end; without ``repeats`` each call is made once."""

    def __init__(self, common: Common, *, repeats: bool = True) -> None:
        self.common = common
        super().__init__(
            common.project or config.find_project(Path.cwd()),
            backend=common.backend,
            lock_timeout_s=common.lock_timeout,
            repeats=repeats,
            tell=self._told,
        )
        self._stream: Stream | None = None
        if common.events:
            self.stream()  # a file that cannot be written to is told before anything is done

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the services; the terminal is left to whoever prints next, whatever comes."""
        try:
            if self._stream is not None:
                self._stream.close()
        finally:
            super().__exit__(kind, error, trace)

    def stream(self) -> Stream:
        """Return where the events go, opened with the first of them: many commands tell nothing."""
        if self._stream is None:
            from chargen_batch.cli.stream import Stream

            self._stream = Stream(self.common)
        return self._stream

    def warn(self, line: str) -> None:
        """Print a warning that no report has; the others are printed with their report."""
        if not self.common.quiet:
            aside(f"warning: {line}")
        super().warn(line)

    def _told(self, event: Event) -> None:
        self.stream().tell(event)
