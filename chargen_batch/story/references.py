"""The registry of characters: who has which name, look and portrait, and who a target shows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import every, first, texts, unwrapped
from chargen_batch.story.inventory import inventory
from chargen_batch.story.prompt.context import Depicted, Shown
from chargen_batch.story.slug import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.task import ImageRef
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.pictures import Pictures
    from chargen_batch.story.raw_target import RawTarget
    from chargen_batch.story.sources import Sources

PORTRAIT_NAMES: Final = tuple(f"images/portrait.{end}" for end in ("png", "jpg", "jpeg", "webp"))

_CAST_FIELDS: Final = ("depicts_characters", "characters_present", "character_refs")
_TITLE_TAIL: Final = re.compile(
    r"\s+[-\u2013\u2014:|]\s*(character\s+)?(profile|overview)\s*$", re.IGNORECASE
)


@dataclass(slots=True)
class Registry:
    """The characters of a story, by their slugs; each is read when first asked for."""

    characters: Mapping[str, Entity]
    sources: Sources
    pictures: Pictures
    _portraits: dict[str, ImageRef | None] = field(default_factory=dict)
    _missed: Counter[str] = field(default_factory=Counter)

    def name(self, slug: str, names: Mapping[str, str]) -> str:
        """Return how a character is called; ``names`` are those that its chapter gives."""
        entity = self.characters.get(slug)
        return names.get(slug) or (self._own_name(entity) if entity else "") or _spoken(slug)

    def portrait(self, slug: str) -> ImageRef | None:
        """Return a character's reference portrait; ``None`` where there is none."""
        if slug not in self._portraits:
            entity = self.characters.get(slug)
            self._portraits[slug] = self._find_portrait(entity) if entity else None
        return self._portraits[slug]

    def depicted(self, target: RawTarget, names: Mapping[str, str]) -> tuple[Depicted, ...]:
        """Return the characters that a target shows, in their order, with the states it gives."""
        states = first(target.own, "character_states")
        said = states.value if states and isinstance(states.value, dict) else {}
        return tuple(
            Depicted(slug, self.name(slug, names), "; ".join(texts(said.get(slug))))
            for slug in cast_of(target)
        )

    def shown(self, depicted: tuple[Depicted, ...]) -> tuple[Shown, ...]:
        """Return the portraits of characters, and take note of those that have none."""
        found = []
        for character in depicted:
            portrait = self.portrait(character.slug)
            if portrait is None:
                self._missed[character.slug] += 1
            else:
                found.append(Shown(portrait, character.name))
        return tuple(found)

    def warnings(self) -> Iterator[str]:
        """Yield one warning for each character that targets show without a portrait."""
        for slug, times in sorted(self._missed.items()):
            targets = "target" if times == 1 else "targets"
            if slug in self.characters:
                where = self.characters[slug].where
                yield f"{where}: no portrait (images/portrait.png) for {times} {targets}"
            else:
                yield f"character {slug!r} is shown by {times} {targets} and has no folder"

    def _own_name(self, entity: Entity) -> str:
        ideas = self.sources.ideas(entity)
        character = ideas.fields.get("character") if ideas else None
        own = unwrapped(character.get("name")) if isinstance(character, dict) else ""
        return own or title_of(self.sources.heading(entity, "profile.md"))

    def _find_portrait(self, entity: Entity) -> ImageRef | None:
        imagery = self.sources.imagery(entity)
        entries = inventory(imagery.fields) if imagery else []
        marked = [
            entry.get("path") for entry in entries if entry.get("is_reference_portrait") is True
        ]
        for path in (*marked, *PORTRAIT_NAMES):
            if picture := self.pictures.find(entity.folder, path):
                return self.pictures.reference(picture, "portrait")
        return None


def _spoken(slug: str) -> str:
    return slug if " " in slug else in_words(slug)  # some stories name people in prose


def cast_of(target: RawTarget) -> tuple[str, ...]:
    """Return the slugs of the characters that a target shows, each once, in their order."""
    return tuple(dict.fromkeys(_cast(target)))


def _cast(target: RawTarget) -> Iterator[str]:
    for name in _CAST_FIELDS:
        for found in every(target.own, name):
            yield from _slugs(found.value)
    for found in every(target.own, "references"):
        if isinstance(found.value, list):
            portraits = [item for item in found.value if _is_portrait(item)]
            yield from _slugs(portraits)


def _is_portrait(item: object) -> bool:
    return isinstance(item, dict) and item.get("type") == "character_portrait"


def _slugs(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        slug = item.get("slug") if isinstance(item, dict) else item
        if isinstance(slug, str) and slug.strip():
            yield unwrapped(slug)


def title_of(heading: str) -> str:
    """Return the name in a page's heading: ``Ada Moor - Profile`` is ``Ada Moor``."""
    return _TITLE_TAIL.sub("", unwrapped(heading))
