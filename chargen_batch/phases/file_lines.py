r"""The lines of a big file, read in blocks: what is held of it is what somebody still looks at.

Lines end at ``\n`` alone. Blocks are read rather than mapped: reading lets the other threads go on,
where a page that is not there yet stops all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK: Final = 8 << 20
_BLANK: Final = b" \t\r\n"
_NOTHING: Final = memoryview(b"")


@dataclass(slots=True)
class Text:
    """One line's bytes, with its line end; they hold the block that they stand in."""

    view: memoryview

    @property
    def is_blank(self) -> bool:
        """Say whether there is nothing in it."""
        return not bytes(self.view[:64]).strip(_BLANK) and not bytes(self.view).strip(_BLANK)

    def let_go(self) -> None:
        """Forget the text."""
        self.view = _NOTHING


def texts(path: Path) -> Iterator[Text]:
    """Go through a file's lines; one that is longer than a block is read by itself."""
    with path.open("rb") as stream:
        begin = 0
        while block := _read(stream, begin, BLOCK):
            whole = block.rfind(b"\n") + 1
            if not whole:
                block = _read(stream, begin, _length(stream, begin))
                whole = len(block)
            begin += whole
            yield from _lines(block, whole)
            del block  # before the next one is read


def _lines(block: bytes, whole: int) -> Iterator[Text]:
    view, begin = memoryview(block), 0
    while begin < whole:
        end = block.find(b"\n", begin) + 1 or whole
        yield Text(view[begin:end])
        begin = end


def _length(stream: IO[bytes], begin: int) -> int:
    """Look for the end of a line that is longer than a block: it is too long to be put together."""
    length = 0
    while block := _read(stream, begin + length, BLOCK):
        end = block.find(b"\n") + 1
        if end:
            return length + end
        length += len(block)
    return length


def _read(stream: IO[bytes], begin: int, size: int) -> bytes:
    stream.seek(begin)
    return stream.read(size)
