"""review: which pictures wait for a person's word, and writing that word into the story."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch.core.pictures import mime_of
from chargen_batch.errors import ExitCode, ResultsError
from chargen_batch.model.target import PORTRAIT_ID
from chargen_batch.phases.deciding import Pen
from chargen_batch.story.discover import discover
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.reviewing import UNDECIDED, judged
from chargen_batch.story.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.errors import Problem
    from chargen_batch.model.review import Decision
    from chargen_batch.story.reviewing import Judged


class UnknownPictureError(ResultsError):
    """What is asked for by an id that nothing shown has."""


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """What was decided in one review: how many pictures were approved, and how many rejected.

    ``next_command`` is what draws the rejected ones again; ``None`` where none was.
    """

    run_id: str | None
    approved: int
    rejected: int
    next_command: str | None = None
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes, and their type."""

    content: bytes
    mime: str


@dataclass(slots=True)
class Desk:
    """The pictures that one review is about: those of a run or of the whole story.

    Only drafts, and what was decided here, or ``every`` one of ours. The story's lock is held while
    one decision is written, and no longer: an apply comes in between.
    """

    project: Project
    story_held: Callable[[], AbstractContextManager[None]]
    run_id: str | None = None
    every: bool = False
    problems: tuple[Problem, ...] = ()
    _shown: dict[str, Judged] = field(default_factory=dict)
    _decided: dict[str, str] = field(default_factory=dict)
    _deciding: threading.Lock = field(default_factory=threading.Lock)
    _pen: Pen = field(init=False)

    def __post_init__(self) -> None:
        self._pen = Pen(self.project, self.story_held)

    def pictures(self) -> tuple[Judged, ...]:
        """Read the story anew and return what is there to be judged, in the story's order.

        A file that is broken is a problem, and its pictures are not shown.
        """
        found = {each.id: each for each in self._all() if self._is_asked_for(each)}
        self._shown = {**self._shown, **found}
        return tuple(found.values())

    def _all(self) -> Iterator[Judged]:
        story = discover(self.project.root, self.project.settings)
        sources = Sources(story.project)
        for entities in story.entities.values():
            for entity in entities:
                imagery = sources.imagery(entity)
                yield from judged(imagery.fields, entity) if imagery else ()
        self.problems = (*story.problems, *sources.problems)

    def _is_asked_for(self, each: Judged) -> bool:
        if self.run_id and each.text("generation", "run_id") != self.run_id:
            return False
        return self.every or each.status == UNDECIDED or each.id in self._decided

    def picture(self, picture_id: str) -> Picture:
        """Return an entry's picture: one that is in its entity's folder, links followed.

        Raises:
            UnknownPictureError: Nothing shown has this id, or its picture is not there.

        """
        said = self._known(picture_id)
        found = self._found(said.entity.folder, said.entry.get("path"))
        return _read(found if found and _is_in(said.entity.folder, found) else None, picture_id)

    def reference(self, picture_id: str, number: int) -> Picture:
        """Return the n-th picture that the model was shown, from 0; it is in the project.

        Raises:
            UnknownPictureError: Nothing shown has this id, or this reference is not there.

        """
        listed = self._known(picture_id).value("generation", "reference_images")
        known = listed if isinstance(listed, list) else []
        each = known[number] if 0 <= number < len(known) else None
        path = each.get("path") if isinstance(each, dict) else None
        return _read(self._found(self.project.root, path), f"{picture_id}/{number}")

    def has_picture(self, said: Judged) -> bool:
        """Say whether an entry's picture is there to be looked at."""
        found = self._found(said.entity.folder, said.entry.get("path"))
        return found is not None and _is_in(said.entity.folder, found)

    def _found(self, folder: Path, path: object) -> Path | None:
        return Pictures(self.project.root).find(folder, path)

    def _known(self, picture_id: str) -> Judged:
        said = self._shown.get(picture_id)
        if said is None:
            raise UnknownPictureError(
                f"there is no picture {picture_id[:40]!r} here", hint="load the page again"
            )
        return said

    def decide(self, decision: Decision) -> Judged:
        """Write a decision into its entry, at once, and return what the entry is then.

        Raises:
            UnknownPictureError: Nothing shown has this id.
            ChangedMeanwhileError: The entry says neither what was seen nor what is wished.
            EndedError: The review has ended.
            LockedError: Another command writes to the story.
            ResultsError: The entry has gone, or its file cannot be edited.

        """
        said = self._known(decision.id)
        with self._deciding:
            now = self._pen.write(said.entity, decision)
            before = self._decided.get(decision.id, UNDECIDED)
            self._decided[decision.id] = decision.status or before
        return now

    def end(self) -> None:
        """Write nothing from now on but what is being written; what waits for the lock goes."""
        self._pen.is_down = True

    @property
    def has_ended(self) -> bool:
        """Say whether nothing is written any more."""
        return self._pen.is_down

    def report(self) -> ReviewReport:
        """Return how many were approved and rejected by now; what is a draft again is neither.

        What is being written is waited for, and counted.
        """
        with self._deciding:
            said = list(self._decided.values())
        rejected = [self._shown[each] for each, now in self._decided.items() if now == "rejected"]
        portraits = any(each.text("generation", "target_id") == PORTRAIT_ID for each in rejected)
        command = "run --portraits" if portraits else "run"
        return ReviewReport(
            self.run_id, said.count("approved"), len(rejected), command if rejected else None
        )


def _is_in(folder: Path, picture: Path) -> bool:
    """Say whether a picture, links followed, is in an entity's folder, or its images' if linked."""
    return any(picture.is_relative_to(each.resolve()) for each in (folder, folder / "images"))


def _read(path: Path | None, name: str) -> Picture:
    """Read a picture; what it is by its bytes is looked at in those that are shown."""
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        content = b""
    mime = mime_of(content)
    if mime is None:
        raise UnknownPictureError(f"the picture {name} is not there")
    return Picture(content, mime)
