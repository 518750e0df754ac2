"""apply's second pass: the entries of finished pictures, file by file, in plan order."""

from __future__ import annotations

import contextlib
import errno
import itertools
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chargen_batch import disk, exchange, yaml12
from chargen_batch.errors import Problem
from chargen_batch.phases.places import Places
from chargen_batch.story.answers import Answers
from chargen_batch.story.discover import FOLDERS, discover
from chargen_batch.story.locate import find_targets
from chargen_batch.story.sources import ideas_file
from chargen_batch.story.splice import SpliceError, new_file, splice_composed
from chargen_batch.story.write_back import IMAGERY, Finished, WriteBack, write_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.task import BatchTask, EntityType


# Who drew a picture, by backend; the emulator's never pass for the real thing.
PROVIDERS = {"gemini": "google", "vertex": "google", "emulator": "emulator"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one entity's file: who is settled, whose target vanished, what went wrong.

    ``entered`` are those of the settled that the file lacked.
    """

    settled: tuple[BatchTask, ...] = ()
    vanished: tuple[BatchTask, ...] = ()
    entered: tuple[BatchTask, ...] = ()
    problem: Problem | None = None


ATTEMPTS = 5  # readings of a file that somebody saves each time
# What no other file is better off with: disk full, quota, read-only, a device that fails.
FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


@dataclass(frozen=True, slots=True)
class Writer:
    """The story that is written back to, and what stands in every entry.

    In ``originals`` each file is kept as it was before the run's first entry came into it: revert
    looks there for what stood in a place.
    """

    project: Project
    places: Places
    run_id: str
    provider: str
    originals: Path | None = None

    def write(self, finished: Sequence[Finished], *, dry: bool = False) -> Written:
        """Enter one entity's finished pictures into its imagery.yaml; ``dry`` only tries.

        A file that does not parse, where the entries cannot be placed, or that leads out of the
        project stays as it is. One that somebody saves meanwhile is read again.
        """
        tasks = tuple(done.task for done in finished)
        folder = self.places.of(tasks[0])
        if folder is None:
            problem = self.places.fault(tasks[0])
            return Written(problem=problem) if problem else Written(vanished=tasks)
        path = folder / IMAGERY
        try:
            edits = self._write(path, finished, dry=dry)
            if not dry and tasks[0].kind == "analyze":
                self._write_sidecars(folder, finished)
        except (yaml12.YamlError, SpliceError) as err:
            return Written(problem=problem_of(err))
        except OSError as err:
            if err.errno in FATAL:
                raise
            return Written(problem=Problem(self.where(path), 0, 0, str(err.strerror)))
        gone = {task.key for task in edits.vanished}
        settled = tuple(task for task in tasks if task.key not in gone)
        return Written(settled, edits.vanished, edits.entered)

    def _write(self, path: Path, finished: Sequence[Finished], *, dry: bool) -> WriteBack:
        if not dry:
            exchange.clear_leftover(path)
        for _ in range(ATTEMPTS):
            old = self.read(path)
            new, back = self._edited(path, old, finished)
            if dry or new is None:
                return back
            self._keep_original(old, finished[0])
            if exchange.replace_if_still(path, old, new):
                return back
        raise SpliceError("somebody saves it again and again", where=self.where(path))

    def _keep_original(self, raw: bytes | None, done: Finished) -> None:
        if self.originals is None or raw is None or self.run_id.encode() in raw:
            return
        kept = original_of(self.originals, done.task)
        if not (done.again and kept.exists()):
            disk.make_directory(self.originals)
            disk.replace_if_changed(kept, raw)

    def read(self, path: Path) -> bytes | None:
        """Return a file's bytes, ``None`` where there is none; links may not lead out."""
        with self.naming(path, "cannot be read"):
            if not disk.resolved(path).is_relative_to(self.project.root):
                fault = "it is a link that leads out of the project"
                raise SpliceError(fault, where=self.where(path))
            if path.exists() and not path.is_file():
                raise SpliceError("it is not a file", where=self.where(path))
            return path.read_bytes() if path.exists() else None

    @contextlib.contextmanager
    def naming(self, path: Path, fault: str) -> Iterator[None]:
        """Let what the system refuses be a fault of this very file.

        Raises:
            SpliceError: The system refuses it.

        """
        try:
            yield
        except OSError as err:
            if err.errno in FATAL:
                raise
            message = f"{fault}: {err.strerror}"
            raise SpliceError(message, where=self.where(path), line=0) from err

    def _edited(
        self, path: Path, raw: bytes | None, finished: Sequence[Finished]
    ) -> tuple[bytes | None, WriteBack]:
        """Return the file's new bytes, ``None`` where nothing changes, and the edits."""
        folder, task, where = path.parent, finished[0].task, self.where(path)
        if task.kind == "analyze":
            return self._described(folder, raw, finished)
        composed = yaml12.compose(raw or b"", where=where)
        targets_in = self._targets_in(folder, task.entity_type, composed.data)
        back = write_back(
            mapping_in(composed.data, where),
            targets_in,
            finished,
            run_id=self.run_id,
            provider=self.provider,
            images_in_story=PurePosixPath(FOLDERS[task.entity_type]) / folder.name / "images",
        )
        faults = find_targets(targets_in, task.entity_type).faults if back.vanished else ()
        for fault in faults:  # what is not found may stand where the file is wrong
            raise SpliceError(fault.message, where=where)
        if not back.edits:
            return None, back
        if raw is None:
            entries = [entry for edit in back.edits for entry in getattr(edit, "entries", ())]
            return new_file(task.entity_type, task.entity_slug, entries), back
        return splice_composed(raw, composed, back.edits, where=where), back

    def _described(
        self, folder: Path, raw: bytes | None, finished: Sequence[Finished]
    ) -> tuple[bytes | None, WriteBack]:
        task, where = finished[0].task, self.where(folder / IMAGERY)
        text = new_file(task.entity_type, task.entity_slug, ()) if raw is None else raw
        composed = yaml12.compose(text, where=where)
        answers = Answers(self.project.root, folder, self.run_id, self.provider)
        back = answers.write_back(mapping_in(composed.data, where), finished)
        if not back.edits:
            return None, back
        new = splice_composed(text, composed, back.edits, where=where)
        return (None if new == raw else new), back

    def _write_sidecars(self, folder: Path, finished: Sequence[Finished]) -> None:
        answers = Answers(self.project.root, folder, self.run_id, self.provider)
        for path, content in answers.sidecars(finished):
            with self.naming(path, "cannot be written"):
                disk.replace_if_changed(path, content)

    def _targets_in(self, folder: Path, entity_type: EntityType, imagery: object) -> object:
        if entity_type != "character":
            return imagery
        path = ideas_file(folder)
        if path is None:
            return None
        where = self.where(path)
        return mapping_in(yaml12.load(self.read(path) or b"", where=where), where)

    def where(self, path: Path) -> str:
        """Return a file as problems name it: relative to the project."""
        return path.relative_to(self.project.root).as_posix()


def mapping_in(data: object, where: str) -> object:
    """Check that a file is a mapping, or empty: of any other it is not known what has vanished."""
    if data is not None and not isinstance(data, dict):
        raise SpliceError("the file is not a mapping", where=where)
    return data


def problem_of(err: yaml12.YamlError | SpliceError) -> Problem:
    """Return what stands in a file's way, with its place."""
    column = getattr(err, "column", 1) if err.line else 0
    excerpt = getattr(err, "excerpt", "")
    return Problem(err.where, err.line, column, err.message, excerpt=excerpt)


def original_of(originals: Path, task: BatchTask) -> Path:
    """Return where the file of a task's entity is kept as it was."""
    return originals / f"{task.entity_type}-{task.entity_slug}.yaml"


def entity_places(project: Project) -> Places:
    """Look up where each entity of the story is, and which folders cannot be used."""
    story = discover(project.root, project.settings)
    folders: dict[tuple[str, str], Path] = {
        (entity.entity_type, entity.slug): entity.folder
        for entities in story.entities.values()
        for entity in entities
    }
    problems = {unicodedata.normalize("NFC", each.file): each for each in story.problems}
    return Places(project, folders, problems)


def by_entity(finished: Iterable[Finished]) -> Iterator[list[Finished]]:
    """Group finished tasks by their entity; in plan order an entity's tasks stand together."""
    groups = itertools.groupby(
        finished, key=lambda done: (done.task.entity_type, done.task.entity_slug)
    )
    for _entity, group in groups:
        yield list(group)
