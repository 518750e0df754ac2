"""review: which pictures wait for a person's word, and writing that word into the story."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import exchange, yaml12
from chargen_batch.core.pictures import mime_of
from chargen_batch.errors import ExitCode, LockedError, ResultsError
from chargen_batch.model.target import PORTRAIT_ID
from chargen_batch.phases.places import Places
from chargen_batch.phases.writing_back import ATTEMPTS, Writer, mapping_in, problem_of
from chargen_batch.report.wording import visible
from chargen_batch.story.discover import discover
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.reviewing import UNDECIDED, edits, judged
from chargen_batch.story.sources import Sources
from chargen_batch.story.splice import SpliceError, splice_composed
from chargen_batch.story.write_back import IMAGERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.errors import Problem
    from chargen_batch.model.review import Decision
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.reviewing import Judged


_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class UnknownPictureError(ResultsError):
    """What is asked for by an id that nothing shown has."""


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """What was decided in one review: how many pictures were approved, and how many rejected.

    ``next_command`` is what plans the rejected ones again; ``None`` where none was.
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

    def decide(self, decision: Decision) -> None:
        """Write a decision into its entry, at once.

        Raises:
            UnknownPictureError: Nothing shown has this id.
            LockedError: Another command writes to the story.
            ResultsError: The entry has gone, or its file cannot be edited.

        """
        said = self._known(decision.id)
        try:
            with self.story_held():
                self._write(said.entity, decision)
        except LockedError as err:
            raise LockedError(err.message, hint="wait for it to end") from err
        except (yaml12.YamlError, SpliceError) as err:
            hint = "mend the file, then press again"
            raise ResultsError(str(problem_of(err)), hint=hint) from err
        self._decided[decision.id] = decision.status

    def _write(self, entity: Entity, decision: Decision) -> None:
        writer = Writer(self.project, Places(self.project, {}), "", "")
        path = entity.folder / IMAGERY
        where = writer.where(path)
        exchange.clear_leftover(path)
        for _ in range(ATTEMPTS):
            raw = writer.read(path)
            now = yaml12.compose(raw or b"", where=where)
            said = _one(judged(mapping_in(now.data, where), entity), decision.id, where)
            wanted = tuple(edits(said, _meant(decision, said)))
            if raw is None or not wanted:
                return
            new = splice_composed(raw, now, wanted, where=where)
            if exchange.replace_if_still(path, raw, new):
                return
        raise SpliceError("somebody saves it again and again", where=where)

    def report(self) -> ReviewReport:
        """Return how many were approved and rejected by now; what is a draft again is neither."""
        said = list(self._decided.values())
        rejected = [self._shown[each] for each, now in self._decided.items() if now == "rejected"]
        portraits = any(each.text("generation", "target_id") == PORTRAIT_ID for each in rejected)
        command = "plan --portraits" if portraits else "plan"
        return ReviewReport(
            self.run_id, said.count("approved"), len(rejected), command if rejected else None
        )


def _one(there: Iterator[Judged], picture_id: str, where: str) -> Judged:
    same = [each for each in there if each.id == picture_id]
    if not same:
        raise ResultsError(f"its entry is not in {where} any more", hint="load the page again")
    if len(same) > 1:
        raise ResultsError(
            f"{where} has its entry {len(same)} times", hint="take the others out, by hand"
        )
    return same[0]


def _meant(decision: Decision, said: Judged) -> Decision:
    """Return a decision with the note that is there, where its own is how a page shows that one.

    A text field has no line breaks, and a page no control characters.
    """
    shown = visible(said.note)
    as_shown = (shown, _LINE_END.sub("\n", shown), _LINE_END.sub("", shown))
    return (
        msgspec.structs.replace(decision, note=said.note) if decision.note in as_shown else decision
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
