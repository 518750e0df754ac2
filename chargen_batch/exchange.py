"""Write where others write as well: over a file only while it holds what was read, else beside it.

So no save of an editor is lost, and no picture that has a name already.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import sys
from functools import cache
from typing import IO, TYPE_CHECKING, Final

from chargen_batch import disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HERE: Final = -100  # AT_FDCWD: names are relative to the working directory
_NO_REPLACE: Final = 1  # RENAME_NOREPLACE
_EXCHANGE: Final = 2  # RENAME_EXCHANGE


def write_new(path: Path, *pieces: bytes | memoryview) -> bool:
    """Write a file of a free name in one step; its bytes are on the disk after it.

    Its name is there for good once ``disk.fsync_directory`` was called: once for many files.
    Several threads may write into one folder, each its own file.

    Returns:
        Whether the name was free; if not, what has it is as it was.

    Raises:
        OSError: The disk is full, read-only, or does not permit it; there is no such file then.

    """
    mark = hashlib.sha256(path.name.encode()).hexdigest()[:16]
    temporary = path.with_name(f".{mark}.tmp")
    done = False
    try:
        with _opened_anew(temporary) as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        done = rename_new(temporary, path)
    finally:
        if not done:
            temporary.unlink(missing_ok=True)
    return done


def _opened_anew(temporary: Path) -> IO[bytes]:
    try:
        return temporary.open("xb")
    except FileExistsError:  # of a process that was killed
        temporary.unlink()
        return temporary.open("xb")


def replace_if_still(path: Path, old: bytes | None, new: bytes) -> bool:
    """Replace a file that holds ``old`` (``None``: that is not there); say whether that was done.

    For files that other programs save at any moment. What is there is looked at right before it is
    replaced, and what was taken away is looked at after it: what somebody saved in between, by
    writing into the file or by renaming another over it, is put back as it is.
    """
    target, temporary = disk.resolved(path), _temporary(path)
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as stream:
            disk.keep_mode_and_owner(target, stream.fileno())
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
        if old is None:
            done = rename_new(temporary, target)
        else:
            done = _bytes_of(target) == old and _exchanged(temporary, target, old, new)
    finally:
        temporary.unlink(missing_ok=True)
    disk.fsync_directory(target.parent)
    return done


def remove_if_still(path: Path, old: bytes) -> bool:
    """Remove a file that holds ``old``; say whether that was done. What somebody saved stays."""
    target, temporary = disk.resolved(path), _temporary(path)
    if _bytes_of(target) != old:
        return False
    target.replace(temporary)
    done = temporary.read_bytes() == old
    if not done:
        rename_new(temporary, target)
    temporary.unlink(missing_ok=True)
    disk.fsync_directory(target.parent)
    return done


def clear_leftover(path: Path) -> None:
    """Remove what a killed ``replace_if_still`` left beside a file, under the story's lock."""
    _temporary(path).unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    target = disk.resolved(path)
    return target.with_name(f".{target.name[:56]}.tmp")


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def rename_new(source: Path, target: Path) -> bool:
    """Rename a file unless somebody has made one of the new name; say whether it was free."""
    failed = _renameat2(source, target, _NO_REPLACE)
    if failed in {0, errno.EEXIST}:
        return not failed
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return False
    except OSError:  # this file system has no links
        if os.path.lexists(target):
            return False
        source.replace(target)
        return True
    source.unlink()
    return True


def _exchanged(temporary: Path, target: Path, old: bytes, new: bytes) -> bool:
    """Exchange two files, and back again where the one that was taken away is not the old one."""
    swap(temporary, target)
    if temporary.read_bytes() == old:
        return True
    swap(temporary, target)
    if temporary.read_bytes() != new:  # saved once more: the last one counts
        swap(temporary, target)
    return False


def swap(one: Path, other: Path) -> None:
    """Let two files change names, in one step where the system can do that."""
    if _renameat2(one, other, _EXCHANGE) == 0:
        return
    held = other.with_name(f"{one.name}.held")  # the file that is there stays under this name
    held.unlink(missing_ok=True)
    held.hardlink_to(other)
    one.replace(other)
    held.replace(one)


def _renameat2(one: Path, other: Path, flags: int) -> int:
    """Rename as Linux alone can (renameat2(2)); return the error number, 0 where it is done."""
    call = _system_call() if sys.platform == "linux" else None
    if call is None:
        return errno.ENOSYS
    done = call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), flags)
    return ctypes.get_errno() if done else 0


@cache
def _system_call() -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
