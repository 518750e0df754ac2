"""The only code that opens files for writing: replace in one step, append to a ledger, stream."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def resolved(path: Path) -> Path:
    """Return where a path leads to, its links followed.

    Raises:
        OSError: Its links lead in a circle, or may not be followed.

    """
    with contextlib.suppress(RuntimeError):  # of a circle, before Python 3.13
        target = path.resolve()
        if not target.is_symlink():  # of a circle, since then
            return target
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


@contextlib.contextmanager
def replacing(path: Path, *, locked: bool = True) -> Iterator[IO[bytes]]:
    """Open a file that takes ``path``'s place, whole, when the block ends well.

    It is written beside the resolved target with the old mode and owner, flushed, fsynced and
    renamed, and the directory fsynced, so that a crash leaves the old file or the new one.

    Args:
        path: The file, or a link to it.
        locked: Whether a lock keeps other writers of this file away. What a killed one left is
            then taken over, so that no temporary file stays behind.

    Raises:
        OSError: The disk is full, read-only, or does not permit it; ``path`` is then untouched.

    """
    target = resolved(path)
    mark = "" if locked else f".{os.getpid()}"
    temporary = target.with_name(f".{target.name[:56]}{mark}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with _naming(target), temporary.open("xb") as stream:
            keep_mode_and_owner(target, stream.fileno())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_directory(target.parent)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which file it was where the system does not: of a full disk it names none."""
    try:
        yield
    except OSError as err:
        if err.errno is not None and err.filename is None:
            err.filename = str(path)
        raise


def keep_mode_and_owner(target: Path, descriptor: int) -> None:
    """Give an open file the mode and owner of the one whose place it takes, if there is one."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    os.fchmod(descriptor, old.st_mode & 0o7777)
    with contextlib.suppress(PermissionError):  # only root may give a file away
        os.fchown(descriptor, old.st_uid, old.st_gid)


def replace(path: Path, content: bytes, *, locked: bool = True) -> None:
    """Replace the file at ``path`` by ``content`` in one step (see ``replacing``)."""
    with replacing(path, locked=locked) as stream:
        stream.write(content)


def replace_if_changed(path: Path, content: bytes, *, locked: bool = True) -> bool:
    """Replace the file unless it holds ``content`` already; say whether it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    replace(path, content, locked=locked)
    return True


def append(path: Path, lines: Iterable[bytes], *, durable: bool = True) -> None:
    """Append whole lines to a ledger; a tail that a crash tore is cut off first.

    Call it under the run's lock. ``lines`` carry no line end of their own. With ``durable`` the
    ledger is on the disk when this returns. A link in its place is refused: nobody but us writes
    such files, so what it leads to is none of ours.
    """
    created = not path.exists()
    with _naming(path), _opened(path, "a+b") as stream:
        _cut_torn_tail(stream)
        stream.write(b"".join(line + b"\n" for line in lines))
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
    if created and durable:
        fsync_directory(path.parent)


def _opened(path: Path, mode: str) -> IO[bytes]:
    """Open a file to write behind what it holds; the system refuses a link."""

    def no_link(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)

    return open(path, mode, opener=no_link)


def _cut_torn_tail(stream: IO[bytes]) -> None:
    end = stream.seek(0, os.SEEK_END)
    if end == 0:
        return
    stream.seek(end - 1)
    if stream.read(1) != b"\n":
        stream.truncate(_end_of_last_line(stream, end))
    stream.seek(0, os.SEEK_END)


def _end_of_last_line(stream: IO[bytes], end: int, block: int = 65536) -> int:
    while end > 0:
        start = max(0, end - block)
        stream.seek(start)
        newline = stream.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def whole_lines(path: Path, *, start: int = 0) -> Iterator[bytes]:
    r"""Yield a ledger's lines without their ``\n``; a torn tail and a missing file give none.

    ``start`` is the offset of the line to begin with.
    """
    if not path.exists():
        return
    with path.open("rb") as stream:
        stream.seek(start)
        for line in stream:
            if line.endswith(b"\n"):
                yield line[:-1]


@contextlib.contextmanager
def continuing(path: Path) -> Iterator[IO[bytes]]:
    """Open a partial file behind what it holds; what is written is on the disk at the end.

    A link in its place is refused, as it is for a ledger.
    """
    with _naming(path), _opened(path, "ab") as stream:
        try:
            yield stream
        finally:
            stream.flush()
            os.fsync(stream.fileno())


def appending(path: Path) -> IO[bytes]:
    """Open a file of the user's to write behind what it holds, at once; a link or a pipe too."""
    return path.open("ab", buffering=0)


def cut(path: Path, size: int) -> None:
    """Cut a partial file off behind its first bytes."""
    with path.open("r+b") as stream:
        stream.truncate(size)


def begin_writing_back(stream: IO[bytes], first: int, count: int) -> None:
    """Let the system begin, where it can, to bring to the disk what was written so far."""
    stream.flush()
    if hasattr(os, "posix_fadvise"):
        # Of dirty pages this begins the writing, and drops none (Linux, mm/fadvise.c).
        os.posix_fadvise(stream.fileno(), first, count, os.POSIX_FADV_DONTNEED)


def rename(source: Path, target: Path) -> None:
    """Rename a file or folder and make the new name durable."""
    source.replace(target)
    fsync_directory(target.parent)


def remove(path: Path) -> None:
    """Remove a file durably; one that is not there is fine."""
    path.unlink(missing_ok=True)
    fsync_directory(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it: out of sight first, so that no half of it is seen.

    Where it cannot be removed whole, what is left of it is ``.<name>.removed`` beside its place.
    """
    hidden = path.with_name(f".{path.name}.removed")
    rename(path, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def remove_empty_folder(path: Path) -> None:
    """Remove a folder that nothing is in; one that is not there, a link, or in use is left."""
    with contextlib.suppress(OSError):
        path.rmdir()
        fsync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Create a folder and its parents, durably; an existing one is fine."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    fsync_directory(path.parent)


def fsync_directory(path: Path) -> None:
    """Make a folder's entries durable; without effect where the system has no such thing."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def nowhere(number: int) -> IO[str]:
    """Return a stream by a file's number that was closed: nothing is read there, or kept."""
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return os.fdopen(number, "w" if number else "r", closefd=False)
