"""The partial copy of a result file: how far it goes, and what of it can be gone on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Extent:
    """How far a partial copy goes: its bytes, its line ends, and where its last line begins."""

    size: int = 0
    line_ends: int = 0
    last_line: int = 0

    def take(self, chunk: bytes) -> None:
        """Go on behind a chunk."""
        last = chunk.rfind(b"\n")
        if last >= 0:
            self.line_ends += chunk.count(b"\n", 0, last + 1)
            self.last_line = self.size + last + 1
        self.size += len(chunk)

    def clear(self) -> None:
        """Begin anew."""
        self.size = self.line_ends = self.last_line = 0

    @property
    def lines(self) -> int:
        """Return how many lines there are; the last needs no line end."""
        return self.line_ends + (self.last_line < self.size)


def trusted(partial: Path) -> Extent:
    """Return how far the good lines of what an earlier command left go; the rest is cut off.

    What a power cut leaves is as long as it was to be, and may have holes where nothing had come to
    the disk yet: behind the last line that is JSON it is fetched again. A link is no copy of ours.
    """
    if partial.is_symlink():
        partial.unlink()
    if not partial.exists():
        return Extent()
    extent = Extent()
    for line in disk.whole_lines(partial):
        if not _is_good(line):
            break
        extent.size += len(line) + 1
        extent.line_ends += 1
    extent.last_line = extent.size
    if extent.size < partial.stat().st_size:
        disk.cut(partial, extent.size)
    return extent


def _is_good(line: bytes) -> bool:
    """Say whether a line is JSON, or blank; holes in it are neither."""
    if not line.strip():
        return True
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
        return line.isascii() or bool(line.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def is_whole(partial: Path, extent: Extent, total: int | None) -> bool:
    """Say whether all of a file came: by its length where that is told, else by its last line."""
    if total is not None:
        return extent.size == total
    if extent.last_line == extent.size:
        return True
    with partial.open("rb") as stream:
        stream.seek(extent.last_line)
        return _is_good(stream.read())
