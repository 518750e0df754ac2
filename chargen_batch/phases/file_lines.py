r"""The lines of a big file, read in blocks into one place in memory.

Lines end at ``\n`` alone. Blocks are read rather than mapped: reading lets other threads go on,
where a page that is not there yet stops all of them; and one place stays in the processor's cache.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK: Final = 2 << 20
_BLANK: Final = b" \t\r\n"


def lines_of(path: Path) -> Iterator[memoryview]:
    """Go through a file's lines, each with its line end; one is there until the next is asked for.

    What is held is a block, or the line that is longer than that.
    """
    with path.open("rb") as stream:
        place, begin = bytearray(BLOCK), 0
        while size := _read(stream, begin, place):
            whole = place.rfind(b"\n", 0, size) + 1
            if whole:
                yield from _lines(place, whole)
            else:
                long = bytearray(_length(stream, begin, place))
                whole = _read(stream, begin, long)
                yield memoryview(long)[:whole]
                del long
            begin += whole


def is_blank(line: memoryview) -> bool:
    """Say whether there is nothing in a line but white space."""
    return not bytes(line[:64]).strip(_BLANK) and not bytes(line).strip(_BLANK)


def _lines(place: bytearray, whole: int) -> Iterator[memoryview]:
    view, begin = memoryview(place), 0
    while begin < whole:
        end = place.find(b"\n", begin) + 1
        yield view[begin:end]
        begin = end


def _length(stream: IO[bytes], begin: int, place: bytearray) -> int:
    """Look for the end of a line that does not end in its first block."""
    length = 0
    while size := _read(stream, begin + length, place):
        end = place.find(b"\n", 0, size) + 1
        length += end or size
        if end:
            break
    return length


def _read(stream: IO[bytes], begin: int, place: bytearray) -> int:
    """Read what stands from there on; less than there is place for only at the file's end."""
    stream.seek(begin)
    return stream.readinto(place)  # type: ignore[attr-defined,no-any-return]
