"""One entity's part of a revert: its file, the files beside its pictures, and the pictures."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from chargen_batch import disk, exchange, yaml12
from chargen_batch.errors import Problem
from chargen_batch.phases import orphans
from chargen_batch.phases.writing_back import ATTEMPTS, FATAL, mapping_in, original_of, problem_of
from chargen_batch.story.answers import Answers
from chargen_batch.story.discover import FOLDERS
from chargen_batch.story.existing import REHEARSAL
from chargen_batch.story.splice import SpliceError, new_file, splice_composed
from chargen_batch.story.taking_out import Files, Pictures, TakenOut
from chargen_batch.story.write_back import IMAGERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chargen_batch.model.outcome import Picture
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.writing_back import Writer
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.story.write_back import Finished

_UNREADABLE: Final = "cannot be read"
_TEXTS: Final = frozenset({".yaml", ".yml", ".md"})  # what may name a picture


@dataclass(frozen=True, slots=True)
class Left:
    """What stays in the story, and why."""

    key: str
    why: str


@dataclass(slots=True)
class Taker:
    """Takes a run's results out of the story, and gathers what it leaves.

    Pictures that were paid for go to the run's ``orphans/``; a rehearsal's are removed.
    """

    run: RunDirectory
    writer: Writer
    dry_run: bool
    left: list[Left] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take_out(self, finished: Sequence[Finished]) -> list[Finished]:
        """Take one entity's tasks out; return those that are, with where their pictures are now."""
        task = finished[0].task
        folder = self.writer.places.of(task)
        if folder is None:
            problem = self.writer.places.fault(task)
            self.problems += [problem] if problem else []
            return [] if problem else list(finished)  # with the entity, all of it has gone
        try:
            untouched = list(self._untouched(folder, finished))
            named = b"" if task.kind == "analyze" else self._named_beside(folder)
            out, text = self._without(folder / IMAGERY, untouched)
        except (yaml12.YamlError, SpliceError) as err:
            self.problems.append(problem_of(err))
            return []
        except OSError as err:
            self._note(folder / IMAGERY, err, str(err.strerror))
            return []
        self.left += (Left(key, why) for key, why in out.left.items())
        gone = [done for done in untouched if done.task.key not in out.left]
        return gone if self.dry_run else list(self._cleared(folder, gone, text + named))

    def _cleared(self, folder: Path, gone: Sequence[Finished], named: bytes) -> Iterator[Finished]:
        """Go through tasks whose entries are out, and whose pictures and sidecars are after it.

        Where a folder does not permit that, the next revert goes on with the others.
        """
        try:
            for done in gone:
                if done.task.kind == "generate":
                    yield self._without_pictures(folder, done, named)
                    continue
                for path in [*self._answers(folder).own_sidecars([done])]:
                    disk.remove(path)
                yield done
            if any(done.task.kind == "generate" for done in gone):
                disk.remove_empty_folder(folder / "images")
        except OSError as err:
            self._note(folder / "images", err, f"cannot be written to: {err.strerror}")

    def _note(self, path: Path, err: OSError, message: str) -> None:
        """Note what stands in one entity's way; the others are no better off where all is lost."""
        if err.errno in FATAL:
            raise err
        self.problems.append(Problem(self.writer.where(path), 0, 0, message))

    def _untouched(self, folder: Path, finished: Iterable[Finished]) -> Iterator[Finished]:
        """Go through the tasks whose pictures are as they were drawn, or gone."""
        for done in finished:
            paths = [(orphans.at(folder, each), each.sha256) for each in done.pictures]
            if not all(self._is_as_drawn(path, sha256) for path, sha256 in paths):
                self.left.append(Left(done.task.key, "its picture was changed"))
            else:
                yield done

    def _is_as_drawn(self, path: Path, sha256: str) -> bool:
        """Say whether a picture is the one that was drawn, or gone."""
        with self.writer.naming(path, _UNREADABLE):
            return not os.path.lexists(path) or orphans.holds(path, sha256)

    def _without(self, path: Path, finished: Sequence[Finished]) -> tuple[TakenOut, bytes]:
        """Take entries out of a file; return what stays and why, and the file's text."""
        if not self.dry_run:
            exchange.clear_leftover(path)
        for _ in range(ATTEMPTS):
            old = self.writer.read(path)
            if old is None or not finished:
                return TakenOut(), old or b""
            out, new = self._edited(path, old, finished)
            if self.dry_run or new == old:
                return out, new
            if not new and exchange.remove_if_still(path, old):
                return out, new
            if new and exchange.replace_if_still(path, old, new):
                return out, new
        raise SpliceError("somebody saves it again and again", where=self.writer.where(path))

    def _edited(
        self, path: Path, old: bytes, finished: Sequence[Finished]
    ) -> tuple[TakenOut, bytes]:
        """Return a file's text without entries: empty where apply made it and nothing else is."""
        task, where = finished[0].task, self.writer.where(path)
        kept = original_of(self.run.originals_dir, task)
        made = new_file(task.entity_type, task.entity_slug, ())
        now = yaml12.compose(old, where=where)
        mapping_in(now.data, where)
        files = Files(now, self._before(kept, made))
        if task.kind == "analyze":
            out = self._answers(path.parent).taken_out(files, finished)
        else:
            out = self._pictures(path.parent, task).taken_out(files, finished)
        new = splice_composed(old, now, out.edits, where=where) if out.edits else old
        return out, b"" if new == made != old and not kept.is_file() else new

    def _before(self, kept: Path, made: bytes) -> yaml12.Composed:
        """Return a file as it was before the run's first entry: kept, or made by apply."""
        where = self.writer.where(kept)
        before = yaml12.compose(kept.read_bytes() if kept.is_file() else made, where=where)
        mapping_in(before.data, where)
        return before

    def _pictures(self, folder: Path, task: BatchTask) -> Pictures:
        images = PurePosixPath(FOLDERS[task.entity_type]) / folder.name / "images"
        run_id, provider = self.writer.run_id, self.writer.provider
        return Pictures(task.entity_type, task.entity_slug, run_id, provider, images)

    def _answers(self, folder: Path) -> Answers:
        project, run_id = self.writer.project.root, self.writer.run_id
        return Answers(project, folder, run_id, self.writer.provider)

    def _named_beside(self, folder: Path) -> bytes:
        """Return the other texts of an entity in which its pictures may be named.

        Raises:
            SpliceError: One of them cannot be read.

        """
        texts = [b""]
        for path in sorted(folder.iterdir()):
            with self.writer.naming(path, _UNREADABLE):
                if path.suffix in _TEXTS and path.name != IMAGERY and path.is_file():
                    texts.append(path.read_bytes())
        return b"\n".join(texts)

    def _without_pictures(self, folder: Path, done: Finished, named: bytes) -> Finished:
        pictures = tuple(self._gone(folder, done, each, named) for each in done.pictures)
        return dataclasses.replace(done, pictures=pictures)

    def _gone(self, folder: Path, done: Finished, picture: Picture, named: bytes) -> Picture:
        path = orphans.at(folder, picture)
        if path.exists() and path.name.encode() in named:
            self.kept.append(picture.path)
            return picture
        if self.writer.provider == REHEARSAL:
            disk.remove(path)
            return picture
        orphaned = orphans.Orphaned(self.run, self.writer.places, {})
        (moved,) = orphaned.moved(done.task, (picture,))
        there = orphans.place(self.run, done.task, picture).is_file()
        return moved if there else picture
