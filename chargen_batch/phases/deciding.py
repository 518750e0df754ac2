"""review: one decision is written into its entry, unless somebody else's has come there first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import exchange, yaml12
from chargen_batch.errors import LockedError, ResultsError, dotted
from chargen_batch.phases.places import Places
from chargen_batch.phases.writing_back import ATTEMPTS, Writer, mapping_in, problem_of
from chargen_batch.report.wording import visible
from chargen_batch.story.reviewing import NOTE, STATUS, UNDECIDED, edited, edits, judged
from chargen_batch.story.splice import PutBack, SpliceError, splice_composed
from chargen_batch.story.write_back import IMAGERY
from chargen_batch.story.yaml_nodes import pair_of
from chargen_batch.story.yaml_setter import Setter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from chargen_batch.config import Project
    from chargen_batch.model.review import Decision
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.reviewing import Judged
    from chargen_batch.story.splice import Former

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_SHOWN_NOTE: Final = 200  # characters of a note in a message
_AGAIN: Final = "mend the file, then press again"


class ChangedMeanwhileError(ResultsError):
    """An entry that says something else than what was seen and what is wished: ``there``."""

    def __init__(self, there: Judged) -> None:
        note = there.note if len(there.note) <= _SHOWN_NOTE else f"{there.note[:_SHOWN_NOTE]} …"
        said = f"{there.status}, with the note “{note}”" if note else there.status
        super().__init__(
            f"its entry says something else meanwhile: {said}",
            hint="press again to put yours in its place",
        )
        self.there = there


class EndedError(ResultsError):
    """A decision that came too late, or still waited when the review ended: it is not written."""

    def __init__(self) -> None:
        super().__init__(
            "the review has ended, this is not saved", hint="begin it again: chargen-batch review"
        )


@dataclass(slots=True)
class _Known:
    """What this review left in an entry, and what had stood there ahead of it, by key."""

    left: tuple[str, str]
    before: dict[str, Former | None] = field(default_factory=dict)


@dataclass(slots=True)
class Pen:
    """Writes decisions into the story until it is put down; its lock is held for each alone."""

    project: Project
    story_held: Callable[[], AbstractContextManager[None]]
    is_down: bool = False
    _known: dict[str, _Known] = field(default_factory=dict)

    def write(self, entity: Entity, decision: Decision) -> Judged:
        """Write a decision into its entry, and return what the entry is then.

        Raises:
            ChangedMeanwhileError: It says neither what was seen nor what is wished.
            EndedError: The pen was put down.
            LockedError: Another command writes to the story.
            ResultsError: The entry has gone, or its file cannot be edited.

        """
        try:
            with self.story_held():
                return self._write(entity, decision)
        except LockedError as err:
            if self.is_down:
                raise EndedError from err
            raise LockedError(err.message, hint="wait for it to end") from err
        except (yaml12.YamlError, SpliceError) as err:
            raise ResultsError(str(problem_of(err)), hint=_AGAIN) from err

    def _write(self, entity: Entity, decision: Decision) -> Judged:
        writer = Writer(self.project, Places(self.project, {}), "", "")
        path = entity.folder / IMAGERY
        where = writer.where(path)
        exchange.clear_leftover(path)
        for _ in range(ATTEMPTS):
            if self.is_down:
                raise EndedError
            raw = writer.read(path)
            now = yaml12.compose(raw or b"", where=where)
            said = _one(judged(mapping_in(now.data, where), entity), decision.id, where)
            meant = _meant(decision, said)
            if _is_changed(said, decision):
                raise ChangedMeanwhileError(said)
            before = self._before(said, meant, Setter(now, where))
            new, then = _edited(raw or b"", now, said, meant, before, where)
            if new == raw or exchange.replace_if_still(path, raw, new):
                self._known[said.id] = _Known((then.status, then.note), before)
                return then
        raise SpliceError("somebody saves it again and again", where=where)

    def _before(self, said: Judged, meant: Decision, setter: Setter) -> dict[str, Former | None]:
        """Return what stood in an entry ahead of this review's words, this decision's included.

        Where somebody else has written since, what they wrote is what stood there.
        """
        known = self._known.get(said.id)
        before = dict(known.before) if known and known.left == (said.status, said.note) else {}
        if meant.status not in {None, UNDECIDED, said.status} and STATUS not in before:
            before[STATUS] = setter.former(said.path, STATUS, said.entry.get(STATUS))
        if meant.note not in {None, said.note}:
            former = setter.former(said.path, NOTE, said.entry.get(NOTE))
            if said.has_odd_note:
                pair = pair_of(setter.mapping_at(said.path), NOTE)
                message = f"{dotted(said.path)}: its {NOTE} is no text, mend it by hand"
                raise setter.error(message, pair[0] if pair else None)
            before.setdefault(NOTE, former)
        return before


def _edited(
    raw: bytes,
    now: yaml12.Composed,
    said: Judged,
    meant: Decision,
    before: Mapping[str, Former | None],
    where: str,
) -> tuple[bytes, Judged]:
    """Return the file's new text, and what its entry is then."""
    made = tuple(edits(said, meant, before))
    try:
        return splice_composed(raw, now, made, where=where), edited(said, made)
    except SpliceError:
        if not any(isinstance(each, PutBack) for each in made):
            raise
    made = tuple(edits(said, meant, {}))  # what stood there does not fit there any more
    return splice_composed(raw, now, made, where=where), edited(said, made)


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
    """Return a decision without a note, where its own is how a page shows the one that is there."""
    if decision.note is None or not _is_shown_as(said.note, decision.note):
        return decision
    return msgspec.structs.replace(decision, note=None)


def _is_changed(said: Judged, decision: Decision) -> bool:
    """Say whether an entry differs from what was seen of it, and from what is wished."""
    had = decision.had
    if had is None:
        return False
    seen = (had.status, had.note)
    wished = (decision.status or had.status, had.note if decision.note is None else decision.note)
    return not any(
        said.status == status and _is_shown_as(said.note, note) for status, note in (seen, wished)
    )


def _is_shown_as(note: str, text: str) -> bool:
    """Say whether a page shows a note so: a text field has no such line ends, nor a page controls.

    What is not shown at all is a line's end where the field has none.
    """
    shown = visible(note)
    return text in {note, shown, _LINE_END.sub("\n", shown), _LINE_END.sub("", shown)}
