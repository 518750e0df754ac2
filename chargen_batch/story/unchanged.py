"""Whether anything changed since a story was scanned: then what was found then is true still.

All that a scan reads are files in the story's three folders, and pictures elsewhere in the project
that entries name. The state of the first is told from a walk that stats each and opens none; the
others are listed. Where a walk cannot tell (links, folders that cannot be read, files so young that
they may change without a new time), nothing is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.model.target import Target
from chargen_batch.packed import Form, Packed, loosened, records
from chargen_batch.story.cache_records import RememberedScan, Stamp
from chargen_batch.story.discover import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chargen_batch.errors import Problem
    from chargen_batch.story.cache import StoryCache

    # What a scan finds: targets, problems and warnings.
    Found = tuple[Sequence[Target], tuple[Problem, ...], tuple[str, ...]]

TARGETS: Final = Form(msgspec.msgpack.encode, msgspec.msgpack.Decoder(Target).decode)

_MOST_OUTSIDE: Final = 10_000


class _CannotTellError(Exception):
    """The state of a story that has links, or files changed a moment ago."""


class Question(msgspec.Struct, frozen=True):
    """What a scan is asked for, and the story's state; ``None`` where that cannot be told."""

    asked: str
    story: str | None
    folders: tuple[str, ...]


def question(root: Path, asked: object, cache: StoryCache) -> Question:
    """Return what identifies a scan of the story at ``root``; ``asked`` is all that it takes."""
    folders = tuple(str(root / folder) + os.sep for folder in FOLDERS.values())
    digest = hashlib.sha256(msgspec.msgpack.encode((repr(root), asked))).hexdigest()
    try:
        state = _state(folders, cache.now_ns)
    except (OSError, _CannotTellError):
        state = None
    return Question(digest, state, folders)


def _state(folders: Iterable[str], now_ns: int) -> str:
    state = hashlib.sha256()
    for found in _walked(folders, now_ns):
        state.update(repr(found).encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def recall(cache: StoryCache, question: Question) -> Found | None:
    """Return what a scan with the same question found, if nothing changed since."""
    file = cache.scan() if question.story else None
    if file is None:
        return None
    known = file.head
    if (known.asked, known.story) != (question.asked, question.story):
        return None
    if any(_stamp(path) != stamp for path, stamp in known.outside.items()):
        return None
    begins = itertools.accumulate(known.sizes, initial=file.start)
    packed = Packed(file.spool, TARGETS, zip(begins, known.sizes, strict=False))
    try:
        targets = loosened(packed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return targets, known.problems, known.warnings


def remember(
    cache: StoryCache, question: Question, found: Found, looked_for: Iterable[str]
) -> None:
    """Keep what a scan found, with the paths at which it looked for pictures."""
    if question.story is None:
        return
    normal = {os.path.normpath(path) for path in looked_for}
    outside = {path: _stamp(path) for path in normal if not path.startswith(question.folders)}
    if len(outside) > _MOST_OUTSIDE or any(_is_young(cache, one) for one in outside.values()):
        return
    targets, problems, warnings = found
    with contextlib.suppress(UnicodeEncodeError):  # of a name that is not UTF-8
        sizes, packed = records(targets, TARGETS)
        asked, story = question.asked, question.story
        scan = RememberedScan(asked, story, outside, problems, warnings, sizes)
        cache.keep_scan(scan, packed)


def _walked(folders: Iterable[str], now_ns: int) -> Iterator[tuple[str, Stamp | None]]:
    waiting = [folder for folder in folders if os.path.lexists(folder.rstrip(os.sep))]
    while waiting:
        folder = waiting.pop()
        yield folder, None
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if entry.is_symlink():
                raise _CannotTellError
            if entry.is_dir():
                waiting.append(entry.path)
                continue
            stamp = Stamp.of(entry.stat())
            if stamp.is_young(now_ns):
                raise _CannotTellError
            yield entry.path, stamp


def _stamp(path: str) -> Stamp | None:
    try:
        return Stamp.of(Path(path).stat())
    except (OSError, ValueError):
        return None


def _is_young(cache: StoryCache, stamp: Stamp | None) -> bool:
    return bool(stamp and stamp.is_young(cache.now_ns))
