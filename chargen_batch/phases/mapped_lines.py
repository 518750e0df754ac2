r"""The lines of a big file, looked at where the system has them: nothing is copied, little is held.

Lines end at ``\n`` alone. The file may not become shorter meanwhile: whoever reads it so holds
the run's lock.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AT_ONCE: Final = 4 << 20
_BLANK: Final = b" \t\r\n"


@dataclass(slots=True)
class Text:
    """One line's bytes, with its line end, in the mapped file."""

    mapped: mmap.mmap
    view: memoryview
    begin: int

    @property
    def is_blank(self) -> bool:
        """Say whether there is nothing in it."""
        return (
            len(self.view) < _AT_ONCE
            and not bytes(self.view[:64]).strip(_BLANK)
            and (not bytes(self.view).strip(_BLANK))
        )

    def let_go_if_long(self) -> None:
        """Let go of what takes room; of a short line that costs more than it gives."""
        if len(self.view) > _AT_ONCE:
            self.let_go()

    def let_go(self) -> None:
        """Let the system have its memory back; the text is there still."""
        _let_go(self.mapped, self.begin, self.begin + len(self.view))


def texts(path: Path) -> Iterator[Text]:
    """Go through a file's lines; of those that were gone past the memory is let go."""
    with path.open("rb") as stream:
        if not stream.read(1):
            return
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    begin = let_go = 0
    while begin < len(view):
        end = mapped.find(b"\n", begin) + 1 or len(view)
        yield Text(mapped, view[begin:end], begin)
        begin = end
        if begin - let_go > _AT_ONCE:  # what is still looked at comes back by itself
            _let_go(mapped, 0, begin)
            let_go = begin


def _let_go(mapped: mmap.mmap, begin: int, end: int) -> None:
    """Drop whole pages of a file that is only read: the system reads them again where needed."""
    if hasattr(mmap, "MADV_DONTNEED"):
        start = begin // mmap.PAGESIZE * mmap.PAGESIZE
        mapped.madvise(mmap.MADV_DONTNEED, start, end - start)
