"""What a story says of how its characters, places and chapters look, for whoever has to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.story.analysis_prompt import Subject, cut
from chargen_batch.story.fields import Layer, first, texts, unwrapped
from chargen_batch.story.references import title_of
from chargen_batch.story.slug import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.references import Registry
    from chargen_batch.story.sources import Sources

_PROFILE_LIMIT: Final = 4_000
_CAST_LIMIT: Final = 600  # of one of the many that a chapter shows
_PLACE_NAMES: Final = ("metadata.location_name", "metadata.name", "name")
_CHAPTER_NAMES: Final = ("metadata.chapter_title", "metadata.title", "title", "name")
_PLACE_FIELDS: Final = (
    *("one_line_essence", "metadata.one_line_essence", "narrative_soul", "metadata.narrative_soul"),
    *("location_visual_anchor", "visual_anchor"),
    *("overview.visual_description", "overview.description", "overview.establishing.description"),
)


@dataclass(frozen=True, slots=True)
class Looks:
    """Reads names and looks out of entities' files."""

    sources: Sources
    registry: Registry

    def subject(self, entity: Entity) -> Subject:
        """Return what a picture of an entity shows, as far as the story says."""
        looks = tuple(dict.fromkeys(self._looks(entity)))
        return Subject(entity.entity_type, self._name(entity), looks)

    def _name(self, entity: Entity) -> str:
        match entity.entity_type:
            case "character":
                return self.registry.name(entity.slug)
            case "location":
                return self._place(entity)
            case "chapter":
                return _named(self._imagery(entity), *_CHAPTER_NAMES) or in_words(entity.slug)

    def _looks(self, entity: Entity) -> Iterator[str]:
        match entity.entity_type:
            case "character":
                return self._of_character(entity)
            case "location":
                return self._of_place(entity)
            case "chapter":
                return self._of_chapter(self._imagery(entity))

    def _imagery(self, entity: Entity) -> Mapping[str, object]:
        imagery = self.sources.imagery(entity)
        return imagery.fields if imagery else {}

    def _of_character(self, entity: Entity) -> Iterator[str]:
        """Yield the appearance and what the image ideas add, else the profile."""
        ideas = self.sources.ideas(entity)
        said = Layer((), ideas.fields if ideas else {})
        summary = first((said,), "character.summary")
        found = (
            *texts(self._imagery(entity).get("appearance")),
            *(texts(summary.value) if summary else ()),
            *texts(said.fields.get("visual_consistency")),
        )
        yield from found
        if not found and (profile := self.sources.prose(entity, "profile.md")):
            yield cut(profile, _PROFILE_LIMIT)

    def _place(self, entity: Entity) -> str:
        heading = title_of(self.sources.heading(entity, "overview.md"))
        return heading or _named(self._imagery(entity), *_PLACE_NAMES) or in_words(entity.slug)

    def _of_place(self, entity: Entity) -> Iterator[str]:
        layer = Layer((), self._imagery(entity))
        for name in _PLACE_FIELDS:
            if found := first((layer,), name):
                yield from texts(found.value)

    def _of_chapter(self, fields: Mapping[str, object]) -> Iterator[str]:
        thesis = first((Layer((), fields),), "metadata.visual_thesis", "visual_thesis")
        yield from texts(thesis.value) if thesis else ()
        cast = fields.get("characters")
        for one in cast if isinstance(cast, list) else ():
            if not isinstance(one, dict):
                continue
            slug, called = unwrapped(one.get("ref")), unwrapped(one.get("name"))
            name = called or (self.registry.name(slug) if slug else "")
            entity = self.registry.characters.get(slug)
            looks = "; ".join(dict.fromkeys(self._of_character(entity))) if entity else ""
            if name:
                yield f"{name}: {cut(looks, _CAST_LIMIT)}" if looks else name


def _named(fields: Mapping[str, object], *names: str) -> str:
    found = first((Layer((), fields),), *names)
    return unwrapped(found.value) if found else ""
