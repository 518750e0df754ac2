"""The entries of ours that a person judges, and the edits that write down what was decided."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.story.analysis_back import entries as entries_in
from chargen_batch.story.splice import Assign, PutBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.review import Decision
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.splice import Edit

STATUS: Final = "status"
NOTE: Final = "review_note"
UNDECIDED: Final = "draft"
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


def edits(said: Judged, decision: Decision) -> Iterator[Edit]:
    """Yield what writes a decision into its entry; nothing for what stands there already.

    A note that is emptied goes with its key: what is a draft again looks as it did.
    """
    if said.status != decision.status:
        yield Assign(said.path, STATUS, decision.status, _BEHIND)
    there = said.entry.get(NOTE)
    if decision.note and there != decision.note:
        yield Assign(said.path, NOTE, decision.note, (STATUS, *_BEHIND))
    elif not decision.note and NOTE in said.entry:
        yield PutBack(said.path, NOTE, None)
