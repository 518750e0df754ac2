"""What was read of a story, kept under .chargen/, so that an unchanged file is not read again.

A record is believed while the file has the size, times and inode that it was read with. Where one
of these but the size differs, or the file was so young when it was read that it may have changed
since without a new time ("racy git"), its content is hashed, and only other content is read anew.
The cache is one file. It can be deleted at any time; a damaged or foreign one counts as none.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core.pictures import mime_of
from chargen_batch.story import cache_file

if TYPE_CHECKING:
    from pathlib import Path

    Places = dict[tuple[str | int, ...], tuple[int, int]]

FILE_NAME: Final = "story.msgpack"
SCAN_FILE_NAME: Final = "scan.msgpack"
GRANULARITY_NS: Final = 2_000_000_000  # the coarsest clock of a file system in use: FAT's

_HEAD_BYTES: Final = 12  # what tells a picture's type


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


class _Read(msgspec.Struct, array_like=True):
    """A file that was read: its stamp before, when (at the latest), and its content's SHA-256."""

    stamp: Stamp
    read_ns: int
    sha256: str


class _Yaml(_Read, array_like=True):
    """A YAML file: its data, and the lines and columns of paths in it that were asked for."""

    data: msgspec.Raw
    places: msgspec.Raw


class _Picture(_Read, array_like=True):
    """A picture file: its type by its bytes. ``sha256`` is empty until it is asked for."""

    mime: str | None


class _Content(msgspec.Struct, array_like=True):
    yaml: dict[str, _Yaml]
    pictures: dict[str, _Picture]


class RememberedScan(msgspec.Struct, frozen=True, array_like=True):
    """A whole scan: what was asked for, the story's state, and what was found.

    ``outside`` are the stamps of what the scan looked for outside of the story's folders.
    """

    asked: str
    story: str
    outside: dict[str, Stamp | None]
    found: msgspec.Raw


class CachedYaml(msgspec.Struct, frozen=True):
    """A YAML file's data as they were read, and places in it; both are the caller's own."""

    data: object
    places: Places


_PLACES: Final = msgspec.msgpack.Decoder(list[tuple[tuple[str | int, ...], int, int]])
_NO_PLACES: Final = msgspec.Raw(msgspec.msgpack.encode([]))


class StoryCache:
    """The records of one story's files. Files go by their paths within the project."""

    def __init__(self, project: Path | None = None, *, now_ns: int | None = None) -> None:
        """Read a project's cache; without a project nothing is remembered between commands."""
        self._project = project
        self._now_ns = time.time_ns() if now_ns is None else now_ns
        self._seen: set[str] = set()
        self._changed = False
        self._new_scan: RememberedScan | None = None

    @property
    def now_ns(self) -> int:
        """Return the time at which the cache was read, before any file of the story was."""
        return self._now_ns

    @cached_property
    def _content(self) -> _Content:
        known = cache_file.read(self._project, FILE_NAME, _Content) if self._project else None
        return known or _Content({}, {})

    def scan(self) -> RememberedScan | None:
        """Return the last scan that was kept."""
        return (
            cache_file.read(self._project, SCAN_FILE_NAME, RememberedScan)
            if self._project
            else None
        )

    def keep_scan(self, scan: RememberedScan) -> None:
        """Remember a scan instead of the last one."""
        self._new_scan = scan

    def yaml(self, where: str, path: Path, found: os.stat_result) -> CachedYaml | None:
        """Return what is known of a YAML file; ``None`` where it has to be read."""
        record = self._content.yaml.get(where)
        self._seen.add(where)
        if record is None or not self._is_current(record, path, Stamp.of(found)):
            return None
        try:
            places = {
                steps: (line, column) for steps, line, column in _PLACES.decode(record.places)
            }
            return CachedYaml(msgspec.msgpack.decode(record.data), places)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None

    def keep_yaml(self, where: str, found: os.stat_result, raw: bytes, data: object) -> None:
        """Remember a YAML file's data, unless msgpack has no form for them."""
        try:
            encoded = msgspec.Raw(msgspec.msgpack.encode(data))
        except (OverflowError, UnicodeEncodeError, RecursionError):  # an int beyond 64 bits
            self._changed |= self._content.yaml.pop(where, None) is not None
            return
        digest = hashlib.sha256(raw).hexdigest()
        self._content.yaml[where] = _Yaml(
            Stamp.of(found), self._now_ns, digest, encoded, _NO_PLACES
        )
        self._changed = True

    def keep_places(self, where: str, places: Places) -> None:
        """Remember where in a YAML file paths stand, so that they need not be looked up again."""
        if record := self._content.yaml.get(where):
            listed = [(steps, line, column) for steps, (line, column) in places.items()]
            record.places = msgspec.Raw(msgspec.msgpack.encode(listed))
            self._changed = True

    def mime(self, where: str, path: Path) -> str | None:
        """Return a picture's type by its bytes, ``None`` for what is no picture."""
        return self._picture(where, path).mime

    def sha256(self, where: str, path: Path) -> str:
        """Return the SHA-256 of a picture's content, in hex."""
        record = self._picture(where, path)
        if not record.sha256:
            record.sha256 = _sha256(path)
            self._changed = True
        return record.sha256

    def _picture(self, where: str, path: Path) -> _Picture:
        known = self._content.pictures.get(where)
        if where in self._seen and known is not None:
            return known
        self._seen.add(where)
        stamp = Stamp.of(path.stat())
        if known is not None and self._is_current(known, path, stamp):
            return known
        with path.open("rb", buffering=0) as stream:
            mime = mime_of(stream.read(_HEAD_BYTES))
        self._content.pictures[where] = read = _Picture(stamp, self._now_ns, "", mime)
        self._changed = True
        return read

    def _is_current(self, record: _Read, path: Path, stamp: Stamp) -> bool:
        if record.stamp == stamp and not stamp.is_young(record.read_ns):
            return True
        if record.stamp.size != stamp.size or not record.sha256 or _sha256(path) != record.sha256:
            return False
        record.stamp, record.read_ns, self._changed = stamp, self._now_ns, True
        return True

    def save(self) -> None:
        """Write what changed since the cache was read."""
        if self._project is None:
            return
        if self._changed:
            self._forget_missing(self._project)
            cache_file.write(self._project, FILE_NAME, self._content)
            self._changed = False
        if self._new_scan:
            cache_file.write(self._project, SCAN_FILE_NAME, self._new_scan)
            self._new_scan = None

    def _forget_missing(self, project: Path) -> None:
        for records in (self._content.yaml, self._content.pictures):
            for where in records.keys() - self._seen:
                if not os.path.lexists(project / where):
                    del records[where]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
