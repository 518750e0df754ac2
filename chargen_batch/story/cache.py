"""What was read of a story, kept under .chargen/, so that an unchanged file is not read again.

A record is believed while the file has the size, times and inode that it was read with. Where one
of these but the size differs, or the file was so young when it was read that it may have changed
since without a new time ("racy git"), its content is hashed, and only other content is read anew.
The cache is one file, of which the data are read one by one, and what is new waits in a file of its
own until all is saved. It can be deleted at any time; a damaged or foreign one counts as none.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core.pictures import mime_of
from chargen_batch.packed import Spool
from chargen_batch.story import cache_file
from chargen_batch.story.cache_records import (
    Content,
    PictureRecord,
    Places,
    ReadRecord,
    RememberedScan,
    Stamp,
    YamlRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.story.cache_file import CacheFile

FILE_NAME: Final = "story.msgpack"
SCAN_FILE_NAME: Final = "scan.msgpack"
_HEAD_BYTES: Final = 12  # what tells a picture's type


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
        self._new = Spool(self.folder)  # the data of the files that were read
        self._new_wheres: set[str] = set()
        self._new_scan: tuple[RememberedScan, Iterable[bytes]] | None = None

    @property
    def folder(self) -> Path:
        """Return where what is found may wait that is too much for the memory."""
        return self._project or Path()

    @property
    def now_ns(self) -> int:
        """Return the time at which the cache was read, before any file of the story was."""
        return self._now_ns

    @cached_property
    def _file(self) -> CacheFile[Content] | None:
        return cache_file.read(self._project, FILE_NAME, Content) if self._project else None

    @cached_property
    def _content(self) -> Content:
        return self._file.head if self._file else Content({}, {})

    def scan(self) -> CacheFile[RememberedScan] | None:
        """Return the last scan that was kept."""
        return (
            cache_file.read(self._project, SCAN_FILE_NAME, RememberedScan)
            if self._project
            else None
        )

    def keep_scan(self, scan: RememberedScan, targets: Iterable[bytes]) -> None:
        """Remember a scan instead of the last one."""
        self._new_scan = scan, targets

    def yaml(self, where: str, path: Path, found: os.stat_result) -> CachedYaml | None:
        """Return what is known of a YAML file; ``None`` where it has to be read."""
        record = self._content.yaml.get(where)
        self._seen.add(where)
        if record is None or not self._is_current(record, path, Stamp.of(found)):
            return None
        return self.again(where)

    def has(self, where: str) -> bool:
        """Say whether there are data of a YAML file."""
        return where in self._content.yaml

    def again(self, where: str) -> CachedYaml | None:
        """Return a YAML file's data as this scan read them; ``None`` where they were not kept."""
        record = self._content.yaml.get(where)
        if record is None:
            return None
        try:
            places = {
                steps: (line, column) for steps, line, column in _PLACES.decode(record.places)
            }
            return CachedYaml(msgspec.msgpack.decode(self._data(where, record)), places)
        except (OSError, msgspec.DecodeError, ValueError, RecursionError):
            return None

    def _data(self, where: str, record: YamlRecord) -> bytes:
        if where in self._new_wheres or self._file is None:
            return self._new.read(record.begin, record.size)
        return self._file.spool.read(self._file.start + record.begin, record.size)

    def keep_yaml(self, where: str, found: os.stat_result, raw: bytes, data: object) -> None:
        """Remember a YAML file's data, unless msgpack has no form for them."""
        try:
            encoded = msgspec.msgpack.encode(data)
        except (OverflowError, UnicodeEncodeError, RecursionError):  # an int beyond 64 bits
            self._changed |= self._content.yaml.pop(where, None) is not None
            return
        digest, begin = hashlib.sha256(raw).hexdigest(), self._new.add(encoded)
        self._content.yaml[where] = YamlRecord(
            Stamp.of(found), self._now_ns, digest, begin, len(encoded), _NO_PLACES
        )
        self._new_wheres.add(where)
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

    def _picture(self, where: str, path: Path) -> PictureRecord:
        known = self._content.pictures.get(where)
        if where in self._seen and known is not None:
            return known
        self._seen.add(where)
        stamp = Stamp.of(path.stat())
        if known is not None and self._is_current(known, path, stamp):
            return known
        with path.open("rb", buffering=0) as stream:
            mime = mime_of(stream.read(_HEAD_BYTES))
        self._content.pictures[where] = read = PictureRecord(stamp, self._now_ns, "", mime)
        self._changed = True
        return read

    def _is_current(self, record: ReadRecord, path: Path, stamp: Stamp) -> bool:
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
            known = self._content.yaml.items()
            records = (self._data(where, record) for where, record in known)
            cache_file.write(self._project, FILE_NAME, self._in_a_row(), records)
            self._changed = False
        if self._new_scan:
            scan, targets = self._new_scan
            cache_file.write(self._project, SCAN_FILE_NAME, scan, targets)
            self._new_scan = None

    def _in_a_row(self) -> Content:
        """Return the content with all data one behind another."""
        yaml, begin = {}, 0
        for where, record in self._content.yaml.items():
            yaml[where] = msgspec.structs.replace(record, begin=begin)
            begin += record.size
        return Content(yaml, self._content.pictures)

    def _forget_missing(self, project: Path) -> None:
        for records in (self._content.yaml, self._content.pictures):
            for where in records.keys() - self._seen:
                if not os.path.lexists(project / where):
                    del records[where]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
