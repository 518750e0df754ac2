"""What the cache has of each file that was read, and of the last scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.errors import Problem

if TYPE_CHECKING:
    import os

# Lines and columns in a file, by the paths of its data.
Places = dict[tuple[str | int, ...], tuple[int, int]]

GRANULARITY_NS: Final = 2_000_000_000  # the coarsest clock of a file system in use: FAT's


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """What tells, without reading it, that a file was not changed."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """Return the stamp of what ``stat`` found."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def is_young(self, at_ns: int) -> bool:
        """Say whether the file may have changed after ``at_ns`` without a change of its stamp."""
        return max(self.mtime_ns, self.ctime_ns) + GRANULARITY_NS > at_ns


class ReadRecord(msgspec.Struct, array_like=True):
    """A file that was read: its stamp before, when (at the latest), and its content's SHA-256."""

    stamp: Stamp
    read_ns: int
    sha256: str


class YamlRecord(ReadRecord, array_like=True):
    """A YAML file: where its data stand among the records, and the lines of paths asked for."""

    begin: int
    size: int
    places: msgspec.Raw


class PictureRecord(ReadRecord, array_like=True):
    """A picture file: its type by its bytes. ``sha256`` is empty until it is asked for."""

    mime: str | None


class Content(msgspec.Struct, array_like=True):
    """The records of files, by their paths within the project."""

    yaml: dict[str, YamlRecord]
    pictures: dict[str, PictureRecord]


class RememberedScan(msgspec.Struct, frozen=True, array_like=True):
    """A whole scan: what was asked for, the story's state, and what was found.

    ``outside`` are the stamps of what the scan looked for outside of the story's folders. The
    targets are the records behind it; ``sizes`` are how far each goes.
    """

    asked: str
    story: str
    outside: dict[str, Stamp | None]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    sizes: tuple[int, ...]
