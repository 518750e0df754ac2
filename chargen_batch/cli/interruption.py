"""Ctrl-C and SIGTERM: the first lets what is under way end, the second ends the command at once.

Either leaves a whole run: it may be killed anywhere (docs/run-directory.md).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from chargen_batch.cli import keyboard
from chargen_batch.errors import ExitCode, InterruptedByUserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from chargen_batch.run.directory import RunDirectory

# The commands that take one run by --run, whichever they found.
_TAKE_RUN: Final = frozenset(
    {"stage", "submit", "poll", "download", "apply", "report", "resume", "cancel"}
)
# After so long somebody may think that Ctrl-C was not heard.
_PATIENCE_S: Final = 1.0
_SHOW_CURSOR: Final = "\x1b[?25h"
_JOBS: Final = ", and the jobs go on at the service"
_PATIENTLY: Final = "stopping when what is under way has ended; Ctrl-C again stops at once"


class _Interruption:
    """What is known of the command that may be interrupted."""

    def __init__(self) -> None:
        self.argv: Sequence[str] = ()
        self.run_id: str | None = None
        self.jobs_go_on = False
        self.is_watched = False
        self.patience: threading.Timer | None = None

    def first(self, _signal: int, _frame: FrameType | None) -> NoReturn:
        """End the command in order."""
        for each in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(each) == self.first:
                signal.signal(each, self.again)
        self.patience = threading.Timer(_PATIENCE_S, _say, [_PATIENTLY])
        self.patience.daemon = True
        self.patience.start()
        raise KeyboardInterrupt

    def again(self, _signal: int, _frame: FrameType | None) -> NoReturn:
        """End the process at once."""
        error = interrupted()
        if sys.stderr.isatty():
            _say(_SHOW_CURSOR, end="")
            keyboard.unhush()
        _say(f"error: {error.message}\nhint: {error.hint}")
        os._exit(ExitCode.INTERRUPTED)


_NOW: Final = _Interruption()


def begin(argv: Sequence[str]) -> None:
    """Begin a command: what is interrupted from now on is this one."""
    _NOW.argv, _NOW.run_id, _NOW.jobs_go_on = tuple(argv), None, False
    if _NOW.is_watched:
        watch()


def watch() -> None:
    """Watch for Ctrl-C and SIGTERM, but what whoever started the process has ignored stays so.

    A shell has Ctrl-C ignored by what a script starts in the background, and nothing else.
    """
    ours = {signal.default_int_handler, signal.SIG_DFL, _NOW.again, _NOW.first}
    for each in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(each) in ours:
            signal.signal(each, _NOW.first)
    _NOW.is_watched = True


def on(runs: Sequence[RunDirectory], command: str) -> None:
    """Remember which run is acted on, if it is one that ``command``, as it was typed, can name."""
    is_typed = command in _TAKE_RUN and _NOW.argv[:1] == (command,)
    _NOW.run_id = runs[0].run_id if len(runs) == 1 and is_typed else None


def waits() -> None:
    """Remember that what is waited for is at work elsewhere, and goes on without the command."""
    _NOW.jobs_go_on = True


def interrupted() -> InterruptedByUserError:
    """Return the error that says how to go on."""
    if _NOW.patience is not None:
        _NOW.patience.cancel()
    return InterruptedByUserError(
        f"interrupted; what was done is saved{_JOBS if _NOW.jobs_go_on else ''}",
        hint=f"to go on, type: {typed_again()}",
    )


def typed_again() -> str:
    """Return the command that goes on with what this one was at."""
    from chargen_batch.cli import typed

    words = list(_NOW.argv)
    names_run = any(word == "--all" or word.startswith("--run") for word in words)
    if _NOW.run_id and not names_run and not os.environ.get("CHARGEN_RUN"):
        words += ["--run", _NOW.run_id]
    return typed.shown(words)


def _say(line: str, end: str = "\n") -> None:
    # What was interrupted may have been printing.
    with suppress(OSError, RuntimeError, ValueError):
        sys.stderr.write(line + end)
        sys.stderr.flush()
