"""The keyboard while a command draws on the terminal: what is typed then is neither shown nor kept.

A typed Enter would move the cursor, and leave a line of what is drawn behind.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, Final

_HAS_TERMIOS: Final = os.name == "posix"
_LOCAL: Final = 3  # where tcgetattr has the flags of what is shown
# The terminal's settings of before, while it is quiet.
_BEFORE: Final[list[list[Any]]] = []


def hush() -> None:
    """Show nothing of what is typed from now on; a command in the background leaves it alone."""
    if _BEFORE or not _HAS_TERMIOS:
        return
    import termios

    with suppress(OSError, ValueError, termios.error):
        keys = sys.stdin.fileno()
        if os.tcgetpgrp(keys) != os.getpgrp():
            return
        before = termios.tcgetattr(keys)
        quiet = [*before]
        quiet[_LOCAL] &= ~termios.ECHO
        termios.tcsetattr(keys, termios.TCSANOW, quiet)
        _BEFORE.append(before)


def unhush() -> None:
    """Show again what is typed."""
    while _BEFORE:
        import termios

        before = _BEFORE.pop()
        with suppress(OSError, ValueError, termios.error):
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, before)


def forget_typed() -> None:
    """Throw away what was typed and nobody has read: it was meant for no question."""
    if _HAS_TERMIOS:
        import termios

        with suppress(OSError, ValueError, termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
