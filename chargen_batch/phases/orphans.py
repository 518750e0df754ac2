"""Pictures that have no place in the story, and those that come home to it."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk, exchange
from chargen_batch.errors import Problem
from chargen_batch.model.outcome import TaskError
from chargen_batch.phases import settling
from chargen_batch.phases.picture_writing import names
from chargen_batch.phases.writing_back import FATAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chargen_batch.model.outcome import Picture, TaskResult
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.places import Places
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.story.write_back import Finished


@dataclass(frozen=True, slots=True)
class End:
    """How a task ends whose result has no place: the code, why, and what adopt would enter it as.

    ``leaves`` is whether a picture that cannot be moved stays where it is.
    """

    task: BatchTask
    code: str
    why: str
    target: str = "TARGET"
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Orphaned:
    """Ends tasks whose pictures have no place in the story, and keeps the pictures."""

    run: RunDirectory
    places: Places
    known: dict[str, TaskResult]

    def bury(self, ends: Iterable[End]) -> list[Problem]:
        """Let tasks end, their pictures in ``orphans/``; return what keeps others from that."""
        buried, problems = [], []
        for end in ends:
            outcome = self.known[end.task.key]
            try:
                pictures = self.moved(end.task, outcome.pictures)
            except OSError as err:
                if err.errno in FATAL:
                    raise
                if not end.leaves:
                    problems.append(self.problem(end.task, err))
                    continue
                pictures = outcome.pictures
            failed = msgspec.structs.replace(
                outcome,
                stage="settled",
                status="failed",
                error=TaskError(code=end.code, message=_message(end, pictures), retryable=False),
                image_path=pictures[0].path if pictures else None,
                pictures=pictures,
            )
            buried.append((end.task, failed))
        settling.bury(self.run, buried)
        return list(dict.fromkeys(problems))

    def problem(self, task: BatchTask, err: OSError) -> Problem:
        """Return what keeps the pictures of an entity from being moved."""
        where = (self.places.of(task) or self.run.path) / "images"
        name = where.relative_to(self.places.project.root).as_posix()
        return Problem(name, 0, 0, f"cannot be written to: {err.strerror}")

    def bring_home(self, finished: Sequence[Finished]) -> Sequence[Finished] | Problem:
        """Move pictures from ``orphans/`` to where their entity is, if it was away for a while.

        A name that a person's picture has is left to it.

        Returns:
            One entity's tasks with where their pictures are, or what stands in the way.

        """
        folder = self.places.of(finished[0].task)
        if folder is None:
            return finished
        home = []
        for done in finished:
            numbered = enumerate(done.pictures, 1)
            try:
                pictures = tuple(self._home(folder, done.task, *each) for each in numbered)
            except OSError as err:
                if err.errno in FATAL:
                    raise
                return self.problem(done.task, err)
            self._note(done.task, pictures)
            home.append(dataclasses.replace(done, pictures=pictures))
        return home

    def _home(self, folder: Path, task: BatchTask, number: int, picture: Picture) -> Picture:
        orphan, home = place(self.run, task, picture), at(folder, picture)
        was_away = orphan.as_posix().endswith(f"/{picture.path}")
        if not (was_away or orphan.is_file()):
            return self._at(picture, home)
        others = names(home.parent, task, picture.sha256, picture.mime, number)
        for path in dict.fromkeys((home, *others)):
            if _renamed(orphan, path, picture):
                return self._at(picture, path)
        if orphan.is_file():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(home))
        return self._at(picture, home)

    def _note(self, task: BatchTask, pictures: Sequence[Picture]) -> None:
        if pictures:
            self.known[task.key] = msgspec.structs.replace(
                self.known[task.key], image_path=pictures[0].path, pictures=tuple(pictures)
            )

    def _at(self, picture: Picture, path: Path) -> Picture:
        where = path.relative_to(self.places.project.root).as_posix()
        return msgspec.structs.replace(picture, path=where)

    def moved(self, task: BatchTask, pictures: Iterable[Picture]) -> tuple[Picture, ...]:
        """Move pictures out of an entity's folder; of the ledger's paths only names are used.

        One that a person has changed stays.

        Raises:
            OSError: The folder does not permit it.

        """
        return tuple(self._moved(task, picture) for picture in pictures)

    def _moved(self, task: BatchTask, picture: Picture) -> Picture:
        folder, target = self.places.of(task), place(self.run, task, picture)
        source = at(folder, picture) if folder else None
        if source is None or not source.is_file():
            return self._at(picture, target)
        is_ours = holds(source, picture.sha256) and _renamed(source, target, picture)
        return self._at(picture, target if is_ours or target.is_file() else source)


def at(folder: Path, picture: Picture) -> Path:
    """Return where a picture is in an entity's folder."""
    return folder / "images" / PurePosixPath(picture.path).name


def place(run: RunDirectory, task: BatchTask, picture: Picture) -> Path:
    """Return where a picture is that has no place in the story."""
    return run.orphans(task) / PurePosixPath(picture.path).name


def holds(path: Path, sha256: str) -> bool:
    """Say whether a file, and no link to one, has the bytes of this hash."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def _renamed(source: Path, target: Path, picture: Picture) -> bool:
    """Give a picture a name that is free, or that its bytes have already; say whether it is so."""
    if source.is_file():
        disk.make_directory(target.parent)
        if exchange.rename_new(source, target):
            disk.fsync_directory(target.parent)
            return True
    if not holds(target, picture.sha256):
        return False
    disk.fsync_directory(target.parent)  # a run that was killed may not have come to it
    if holds(source, picture.sha256):
        disk.remove(source)
    return True


def _message(end: End, pictures: Sequence[Picture]) -> str:
    if not pictures:
        return f"{end.why}; the answer is kept in outcomes.jsonl"
    path = pictures[0].path
    command = f"chargen-batch adopt {shlex.quote(path)} {shlex.quote(end.target)}"
    return f"{end.why}; its picture is kept, to enter it type: {command}"
