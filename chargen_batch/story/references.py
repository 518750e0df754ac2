"""The registry of characters: who has which name, look and portrait."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import unwrapped
from chargen_batch.story.inventory import inventory
from chargen_batch.story.misspelling import near_slug
from chargen_batch.story.slug import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.task import ImageRef
    from chargen_batch.story.casting import Member
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.pictures import Pictures
    from chargen_batch.story.sources import Sources

PORTRAIT_NAMES: Final = tuple(f"images/portrait.{end}" for end in ("png", "jpg", "jpeg", "webp"))
NOT_SHOWN: Final = frozenset({"rejected", "archived"})

_TITLE_TAIL: Final = re.compile(
    r"\s+[-\u2013\u2014:|]\s*(character\s+)?(profile|overview)\s*$", re.IGNORECASE
)


@dataclass(slots=True)
class Registry:
    """The characters of a story, by their slugs; each is read when first asked for.

    What was found is kept, and no file: there may be thousands of them. ``named_at`` says in which
    file, and where in it, those without a folder are first named.
    """

    characters: Mapping[str, Entity]
    sources: Sources
    pictures: Pictures
    named_at: dict[str, tuple[str, YamlPath]] = field(default_factory=dict)
    _portraits: dict[str, ImageRef | None] = field(default_factory=dict)
    _own_names: dict[str, str] = field(default_factory=dict)
    _appearances: dict[str, str] = field(default_factory=dict)
    _named: dict[tuple[str, str], ImageRef | None] = field(default_factory=dict)
    _missed: Counter[str] = field(default_factory=Counter)
    _missing_ids: dict[str, None] = field(default_factory=dict)

    def name(self, slug: str, member: Member | None = None) -> str:
        """Return how a character is called; its chapter's word goes first."""
        given, entity = member.name if member else "", self.characters.get(slug)
        return given or (self._own_name(entity) if entity else "") or spoken(slug)

    def appearance(self, slug: str) -> str:
        """Return how a character looks, in words; empty where nothing says so."""
        if slug not in self._appearances:
            entity = self.characters.get(slug)
            imagery = self.sources.imagery(entity) if entity else None
            told = unwrapped(imagery.fields.get("appearance")) if imagery else ""
            self._appearances[slug] = told
        return self._appearances[slug]

    def portrait(self, slug: str) -> ImageRef | None:
        """Return a character's reference portrait; ``None`` where there is none."""
        if slug not in self._portraits:
            entity = self.characters.get(slug)
            self._portraits[slug] = self._find_portrait(entity) if entity else None
        return self._portraits[slug]

    def pictures_of(self, slug: str, member: Member | None, where: str) -> tuple[ImageRef, ...]:
        """Return the pictures that show a character: those its chapter names, else its portrait.

        Takes note of what is missing; ``where`` is the file that names them.
        """
        entity = self.characters.get(slug)
        named = []
        for image_id in member.reference_ids if member and entity else ():
            if entity and (image := self._by_id(entity, image_id)):
                named.append(image)
            else:
                missing = f"{where}: reference image {image_id!r} of character {slug!r}"
                self._missing_ids[f"{missing} does not exist"] = None
        portrait = None if named else self.portrait(slug)
        found = tuple(dict.fromkeys(named)) if named else (portrait,) if portrait else ()
        self._missed[slug] += not found
        return found

    def warnings(self) -> Iterator[str]:
        """Yield what is missing, each once: ids, portraits, and characters without a folder."""
        yield from self._missing_ids
        for slug, times in sorted((+self._missed).items()):
            targets = "target" if times == 1 else "targets"
            if slug in self.characters:
                where = self.characters[slug].where
                yield f"{where}: no portrait (images/portrait.png) for {times} {targets}"
            else:
                yield self._stranger(slug, f"is shown by {times} {targets} and has no folder")

    def _stranger(self, slug: str, message: str) -> str:
        """Say of a character without a folder where it is first named, and who may be meant."""
        near = near_slug(slug, self.characters)
        told = f"character {slug!r} {message}" + (f": did you mean {near}?" if near else "")
        where, path = self.named_at.get(slug, ("", ()))
        return self.sources.placed(where, path, told, exactly=near is not None) if where else told

    def _own_name(self, entity: Entity) -> str:
        if entity.slug not in self._own_names:
            self._own_names[entity.slug] = self._find_name(entity)
        return self._own_names[entity.slug]

    def _find_name(self, entity: Entity) -> str:
        ideas = self.sources.ideas(entity)
        character = ideas.fields.get("character") if ideas else None
        own = unwrapped(character.get("name")) if isinstance(character, dict) else ""
        return own or title_of(self.sources.heading(entity, "profile.md"))

    def _entries(self, entity: Entity) -> list[dict[str, object]]:
        imagery = self.sources.imagery(entity)
        return inventory(imagery.fields) if imagery else []

    def _by_id(self, entity: Entity, image_id: str) -> ImageRef | None:
        name = entity.slug, image_id
        if name not in self._named:
            self._named[name] = self._find_by_id(entity, image_id)
        return self._named[name]

    def _find_by_id(self, entity: Entity, image_id: str) -> ImageRef | None:
        entries = [entry for entry in self._entries(entity) if entry.get("id") == image_id]
        usable = [entry for entry in entries if entry.get("status") not in NOT_SHOWN]
        for entry in sorted(usable, key=lambda entry: entry.get("status") != "approved"):
            if picture := self.pictures.find(entity.folder, entry.get("path")):
                return self.pictures.reference(picture, "portrait")
        return None

    def _find_portrait(self, entity: Entity) -> ImageRef | None:
        marked = [
            entry.get("path")
            for entry in self._entries(entity)
            if entry.get("is_reference_portrait") is True and entry.get("status") not in NOT_SHOWN
        ]
        for path in (*marked, *PORTRAIT_NAMES):
            if picture := self.pictures.find(entity.folder, path):
                return self.pictures.reference(picture, "portrait")
        return None


def spoken(slug: str) -> str:
    """Return how a slug is said; some stories name people and places in prose."""
    return slug if " " in slug else in_words(slug)


def title_of(heading: str) -> str:
    """Return the name in a page's heading: ``Ada Moor - Profile`` is ``Ada Moor``."""
    return _TITLE_TAIL.sub("", unwrapped(heading))
