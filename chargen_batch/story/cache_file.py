"""The form of a cache file: who wrote it, a checksum, msgpack; what is not so counts as no file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

import chargen_batch
from chargen_batch import disk, yaml12

if TYPE_CHECKING:
    from collections.abc import Iterator

_Content = TypeVar("_Content")

FOLDER: Final = (".chargen", "cache")  # within the project
_CRC_BYTES: Final = 4


def read(project: Path, name: str, kind: type[_Content]) -> _Content | None:
    """Return a cache file's content; ``None`` where there is none, or not one of this very code."""
    try:
        raw = memoryview(project.joinpath(*FOLDER, name).read_bytes())
        start = len(_header()) + _CRC_BYTES
        if raw[:start] != _header() + _crc(raw[start:]):
            return None
        return msgspec.msgpack.decode(raw[start:], type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write(project: Path, name: str, content: object) -> None:
    """Replace a cache file; where it cannot be written, leave it: a cache may be missing."""
    file = project.joinpath(*FOLDER, name)
    with contextlib.suppress(OSError, UnicodeEncodeError):
        body = msgspec.msgpack.encode(content)
        disk.make_directory(file.parent)
        for torn in file.parent.glob(".*.tmp"):  # of a plan that was killed, or one of this moment:
            torn.unlink(missing_ok=True)  # that one's cache is then not written
        disk.replace_if_changed(file.parent.parent / ".gitignore", b"*\n", locked=False)
        disk.replace(file, _header() + _crc(body) + body, locked=False)


def _crc(body: bytes | memoryview) -> bytes:
    return zlib.crc32(body).to_bytes(_CRC_BYTES, "big")


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
