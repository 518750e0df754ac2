"""The locks: one command on a run at a time, one writer in a story at a time."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk
from chargen_batch.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class LockHolder(msgspec.Struct, frozen=True):
    """Who holds a lock: what stands in ``<lock>.json`` beside it."""

    pid: int
    host: str
    command: str
    since: str


@contextlib.contextmanager
def held(
    path: Path,
    *,
    command: str,
    since: str,
    timeout_s: float = 0.0,
    given_up: Callable[[], bool] | None = None,
) -> Iterator[None]:
    """Hold a lock file for the length of the block; it ends with the process, however that ends.

    Args:
        path: The lock file. It is only ever locked, never written or replaced: replacing a held
            one would let a second process in.
        command: What holds it, told to whoever comes second.
        since: When, in ISO.
        timeout_s: How long to wait for another holder.
        given_up: Says, while it is waited, whether it still need be.

    Raises:
        LockedError: Another process holds it.

    """
    import filelock  # noqa: PLC0415 - a plan reads what locked runs spend, and locks none itself

    lock = filelock.FileLock(
        path, timeout=timeout_s, fallback_to_soft=False, preserve_lock_file=True
    )
    try:
        lock.acquire(cancel_check=given_up)
    except filelock.Timeout as err:
        raise LockedError(
            f"{path.parent} is in use by {_holder(path)}",
            hint="wait for it, or give --lock-timeout SECONDS",
        ) from err
    try:
        holder = LockHolder(os.getpid(), socket.gethostname(), command, since)
        disk.replace(_beside(path), msgspec.json.encode(holder) + b"\n")
        yield
    finally:
        lock.release()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _holder(path: Path) -> str:
    try:
        holder = msgspec.json.decode(_beside(path).read_bytes(), type=LockHolder)
    except (OSError, msgspec.DecodeError):
        return "another process"
    return f"`chargen-batch {holder.command}` (process {holder.pid} on {holder.host})"


def holder(path: Path) -> LockHolder | None:
    """Return who noted to hold a lock and is still at work on this machine, without touching it.

    Trying the lock would be surer, and would turn away a command that comes at that moment.
    """
    try:
        noted = msgspec.json.decode(_beside(path).read_bytes(), type=LockHolder)
    except (OSError, msgspec.DecodeError):
        return None
    return noted if noted.host == socket.gethostname() and _is_alive(noted.pid) else None


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return False  # who asks holds nothing
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's, or no process's number
        return True
    return True
