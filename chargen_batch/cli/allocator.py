"""The C library's allocator, told that what one picture lay in is what the next one will."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

# <malloc.h> of glibc (mallopt(3)); other C libraries have none of it, or other numbers.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 64 << 20


def keep_pages() -> None:
    """Let free memory stay ours up to 64 MiB, and not go back to the system with each picture.

    Pages that come anew are cleared first: a tenth of what apply takes. Nothing but time depends
    on it, so that a C library without it is none the worse. For our own process only: a program
    that calls the phases decides on its memory itself.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _KEPT)
