"""Replace a file of the user's only while it holds what was read: no save of an editor is lost."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Final

from chargen_batch import disk

if TYPE_CHECKING:
    from pathlib import Path

_HERE: Final = -100  # AT_FDCWD: names are relative to the working directory
_EXCHANGE: Final = 2  # RENAME_EXCHANGE


def replace_if_still(path: Path, old: bytes | None, new: bytes) -> bool:
    """Replace a file that holds ``old`` (``None``: that is not there); say whether that was done.

    For files that other programs save at any moment. What is there is looked at right before it is
    replaced, and what was taken away is looked at after it: what somebody saved in between, by
    writing into the file or by renaming another over it, is put back as it is.
    """
    target, temporary = path.resolve(), _temporary(path)
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as stream:
            disk.keep_mode_and_owner(target, stream.fileno())
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
        if old is None:
            done = link_new(temporary, target)
        else:
            done = _bytes_of(target) == old and _exchanged(temporary, target, old, new)
    finally:
        temporary.unlink(missing_ok=True)
    disk.fsync_directory(target.parent)
    return done


def remove_if_still(path: Path, old: bytes) -> bool:
    """Remove a file that holds ``old``; say whether that was done. What somebody saved stays."""
    target, temporary = path.resolve(), _temporary(path)
    if _bytes_of(target) != old:
        return False
    target.replace(temporary)
    done = temporary.read_bytes() == old
    if not done:
        link_new(temporary, target)
    temporary.unlink(missing_ok=True)
    disk.fsync_directory(target.parent)
    return done


def clear_leftover(path: Path) -> None:
    """Remove what a killed ``replace_if_still`` left beside a file, under the story's lock."""
    _temporary(path).unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    target = path.resolve()
    return target.with_name(f".{target.name[:56]}.tmp")


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def link_new(temporary: Path, target: Path) -> bool:
    """Give a new file its name, unless somebody has made one of that name."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # this file system has no links
        if target.exists():
            return False
        temporary.replace(target)
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
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    if rename and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return
    held = other.with_name(f"{one.name}.held")  # the file that is there stays under this name
    held.unlink(missing_ok=True)
    held.hardlink_to(other)
    one.replace(other)
    held.replace(one)
