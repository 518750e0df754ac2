"""The entries of ours that a person judges, and the edits that write down what was decided."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chargen_batch.story.analysis_back import entries as entries_in
from chargen_batch.story.splice import Assign, PutBack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chargen_batch.model.review import Decision
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.splice import Former

STATUS: Final = "status"
NOTE: Final = "review_note"
UNDECIDED: Final = "draft"
_DECIDED: Final = frozenset({"approved", "rejected"})
_BEHIND: Final = ("type", "path", "id")  # the neighbours that a status stands behind


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry of ours, where it stands, and what it says of its picture so far.

    ``id`` is made of what the entry is about, so that it stays while the file around it changes.
    """

    id: str
    entity: Entity
    path: YamlPath
    entry: Mapping[str, object]

    @property
    def status(self) -> str:
        """Return what the entry says of its picture: one that says nothing is a draft."""
        return (self.text(STATUS) or UNDECIDED).casefold()

    @property
    def note(self) -> str:
        """Return what a person wrote to it; empty where nobody did."""
        return self.text(NOTE)

    @property
    def has_odd_note(self) -> bool:
        """Say whether something that is no text stands where a note belongs."""
        return not isinstance(self.entry.get(NOTE), str | None)

    @property
    def task_key(self) -> str:
        """Return the key of the task that drew it."""
        return self.text("generation", "task_key")

    def text(self, *path: str) -> str:
        """Return the text at a path of the entry; empty where there is none."""
        value = self.value(*path)
        return value if isinstance(value, str) else ""

    def value(self, *path: str) -> object:
        """Return what stands at a path of the entry."""
        value: object = self.entry
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value


def judged(imagery: object, entity: Entity) -> Iterator[Judged]:
    """Go through the entries of ours in an entity's imagery.yaml: those that carry a task key."""
    for path, entry in entries_in(imagery):
        generation = entry.get("generation")
        key = generation.get("task_key") if isinstance(generation, dict) else None
        if isinstance(generation, dict) and isinstance(key, str):
            told = (key, generation.get("run_id"), entry.get("id"), entry.get("path"))
            yield Judged(_id(entity, *told), entity, path, entry)


def _id(entity: Entity, *told: object) -> str:
    whole = "\0".join((entity.entity_type, entity.slug, *map(str, told)))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def edits(
    said: Judged, decision: Decision, before: Mapping[str, Former | None]
) -> Iterator[Assign | PutBack]:
    """Yield what writes a decision into its entry; nothing for what stands there already.

    A note that is emptied goes with its key: what is a draft again looks as it did. What stood in
    the entry ``before`` it was decided is given back to the letter, where it is known.
    """
    if decision.status not in {None, said.status}:
        if decision.status == UNDECIDED and _is_undecided(before):
            yield PutBack(said.path, STATUS, before[STATUS])
        else:
            yield Assign(said.path, STATUS, decision.status, _BEHIND)
    if decision.note not in {None, said.note}:
        former = before.get(NOTE)
        if former is not None and (former.value or "") == decision.note:
            yield PutBack(said.path, NOTE, former)
        elif decision.note:
            yield Assign(said.path, NOTE, decision.note, (STATUS, *_BEHIND))
        else:
            yield PutBack(said.path, NOTE, None)


def _is_undecided(before: Mapping[str, Former | None]) -> bool:
    if STATUS not in before:
        return False
    word = before[STATUS].value if before[STATUS] else None
    return not (isinstance(word, str) and word.casefold() in _DECIDED)


def edited(said: Judged, made: Iterable[Assign | PutBack]) -> Judged:
    """Return what an entry is after its edits."""
    entry = dict(said.entry)
    for edit in made:
        if isinstance(edit, Assign):
            entry[edit.key] = edit.value
        elif edit.former is not None:
            entry[edit.key] = edit.former.value
        else:
            entry.pop(edit.key, None)
    return replace(said, entry=entry)
