"""Whether the report of a long run still says what the run says: a new one reads every task."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk
from chargen_batch.run import kept_sums

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from chargen_batch.run.directory import RunDirectory

_NAME: Final = "reported.msgpack"  # a cache: it may be deleted, and is no document of the run


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a report was made by, and of which files; those that it consists of are among them.

    A file is told by its inode, its time and its length.
    """

    version: int = 1
    by: str
    files: dict[str, tuple[int, int, int]]


def is_current(run: RunDirectory, by: str) -> bool:
    """Say whether nothing has changed since the report was kept; of a short run none is.

    Args:
        run: The run's directory, under its lock.
        by: What else the pages depend on.

    """
    try:
        kept = msgspec.msgpack.decode((run.path / _NAME).read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return kept.version == 1 and kept.by == by and kept.files == _files(run)


def keep(run: RunDirectory, by: str) -> None:
    """Keep what the report of a long run was made of; where that cannot be written, it is anew."""
    if kept_sums.stamp(run) is None:
        return
    with contextlib.suppress(OSError):
        content = msgspec.msgpack.encode(Kept(by=by, files=_files(run)))
        disk.replace(run.path / _NAME, content, locked=False)


def _files(run: RunDirectory) -> dict[str, tuple[int, int, int]]:
    """Return what tells whether a file has changed, of each that is there."""
    made_of = (run.plan_file, run.tasks_file, run.state_file, run.outcomes_file)
    pages = (run.report_file, *run.path.glob("report*.html"))
    found = ((path.name, _stat(path)) for path in (*made_of, *pages))
    return {name: (s.st_ino, s.st_mtime_ns, s.st_size) for name, s in found if s}


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
