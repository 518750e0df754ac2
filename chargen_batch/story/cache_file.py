"""The form of a cache file: who wrote it, a head, records, a checksum; else it counts as no file.

The head is msgpack and is read whole. The records behind it are read one by one, by whoever knows
where each begins: there may be a gigabyte of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

import chargen_batch
from chargen_batch import disk, yaml12
from chargen_batch.packed import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Head = TypeVar("_Head")

FOLDER: Final = (".chargen", "cache")  # within the project
_SIZE_BYTES: Final = 8
_CRC_BYTES: Final = 4
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CacheFile(Generic[_Head]):
    """A cache file that is whole: its head, and what reads its records, the first at ``start``."""

    head: _Head
    spool: Spool
    start: int


def read(project: Path, name: str, kind: type[_Head]) -> CacheFile[_Head] | None:
    """Return a cache file; ``None`` where there is none, or not one of this very code."""
    try:
        spool = Spool.over(project.joinpath(*FOLDER, name))
        begin = len(_header()) + _SIZE_BYTES
        first = spool.read(0, begin)
        if not first.startswith(_header()) or not _is_whole(spool):
            return None
        size = int.from_bytes(first[-_SIZE_BYTES:], "big")
        head = msgspec.msgpack.decode(spool.read(begin, size), type=kind)
        return CacheFile(head, spool, begin + size)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_whole(spool: Spool) -> bool:
    """Say whether the last bytes are the checksum of all before them."""
    at, crc, tail = 0, 0, b""
    while chunk := spool.read(at, _CHUNK_BYTES):
        at += len(chunk)
        known, tail = (tail + chunk)[:-_CRC_BYTES], (tail + chunk)[-_CRC_BYTES:]
        crc = zlib.crc32(known, crc)
    return tail == crc.to_bytes(_CRC_BYTES, "big")


def write(project: Path, name: str, head: object, records: Iterable[bytes] = ()) -> None:
    """Replace a cache file; where it cannot be written, leave it: a cache may be missing."""
    file = project.joinpath(*FOLDER, name)
    with contextlib.suppress(OSError, UnicodeEncodeError):
        encoded = msgspec.msgpack.encode(head)
        disk.make_directory(file.parent)
        for torn in file.parent.glob(".*.tmp"):  # of a plan that was killed, or one of this moment:
            torn.unlink(missing_ok=True)  # that one's cache is then not written
        disk.replace_if_changed(file.parent.parent / ".gitignore", b"*\n", locked=False)
        with disk.replacing(file, locked=False) as stream:
            crc = 0
            first = (_header(), len(encoded).to_bytes(_SIZE_BYTES, "big"), encoded)
            for part in itertools.chain(first, records):
                crc = zlib.crc32(part, crc)
                stream.write(part)
            stream.write(crc.to_bytes(_CRC_BYTES, "big"))


@cache
def _header() -> bytes:
    """Return what names the code that wrote a file: another's caches are no use to this one."""
    code = hashlib.sha256(repr(sorted(_code())).encode()).hexdigest()[:16]
    about = f"chargen-batch {chargen_batch.__version__} {code}, YAML {yaml12.VERSION}"
    return f"{about}\n".encode()


def _code() -> Iterator[tuple[str, int, int]]:
    """Yield each module with its size and time, since a developer edits without a new version."""
    package = Path(chargen_batch.__file__).parent
    for folder, _, names in os.walk(package):
        for name in names:
            if name.endswith((".py", ".toml")):
                found = Path(folder, name).stat()
                yield str(Path(folder, name).relative_to(package)), found.st_size, found.st_mtime_ns
