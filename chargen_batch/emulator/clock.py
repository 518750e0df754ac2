"""The service's clock: the time, moved by what a file in the state directory says."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Clock = Callable[[], datetime]

FILE = "clock.json"


def system_clock() -> datetime:
    """Read the time."""
    return datetime.now(UTC)


class VirtualClock:
    """A clock that goes as `base` does, so much ahead of it as all processes were told.

    Reading it raises OSError where its file cannot be read or is damaged.
    """

    def __init__(self, root: Path, base: Clock = system_clock) -> None:
        self._file = root / FILE
        self._base = base

    def __call__(self) -> datetime:
        """Tell the time."""
        return self._base() + self.ahead()

    def ahead(self) -> timedelta:
        """Tell how far it is ahead."""
        try:
            return timedelta(seconds=json.loads(self._file.read_bytes())["ahead_s"])
        except FileNotFoundError:
            return timedelta()
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise OSError(f"{self._file} is damaged: remove it") from error

    def set(self, moment: datetime) -> None:
        """Let it be that moment now."""
        self._move(moment - self._base())

    def advance(self, by: timedelta) -> None:
        """Let so much time pass at once."""
        self._move(self.ahead() + by)

    def _move(self, ahead: timedelta) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps({"ahead_s": ahead.total_seconds()}) + "\n")
        fresh.replace(self._file)
