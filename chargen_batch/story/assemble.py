"""Puts a target together: its raw fields, its entity, its references, its prompt, its entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.model.target import Entry, Target
from chargen_batch.story.fields import Layer, first, texts, unwrapped
from chargen_batch.story.frame import frame
from chargen_batch.story.inventory import entries_of, node_at
from chargen_batch.story.locate import find_targets
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.prompt import compile as compiler
from chargen_batch.story.prompt.context import Context, Depicted, Identity
from chargen_batch.story.prompt.render import render
from chargen_batch.story.prompt.sections import AUTHOR_FIELDS
from chargen_batch.story.references import Registry, title_of
from chargen_batch.story.slug import file_stem, in_words
from chargen_batch.story.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.story.discover import Entity, Story
    from chargen_batch.story.raw_target import RawTarget
    from chargen_batch.story.sources import Source

TITLE_FIELDS: Final = ("title", "name", "zone_name", "beat_title", "beat_name")
DESCRIPTION_FIELDS: Final = (
    *("visual_description", "description", "scene", "narrative_context", "narrative_moment"),
    *("what_happens", *AUTHOR_FIELDS),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all targets of one entity share."""

    entity: Entity
    source: Source
    inventories: Mapping[str, object]
    place: str = ""
    identity: Identity | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Assembly:
    """Turns entities into targets, reading what it needs on the way."""

    settings: Settings
    facts: ModelFacts
    sources: Sources
    registry: Registry
    pictures: Pictures
    _warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, story: Story, settings: Settings, facts: ModelFacts) -> Assembly:
        """Return the assembly of a story."""
        sources, pictures = Sources(story.project), Pictures(story.project)
        characters = {entity.slug: entity for entity in story.entities["character"]}
        registry = Registry(characters, sources, pictures)
        return cls(settings, facts, sources, registry, pictures)

    def warnings(self) -> Iterator[str]:
        """Yield everything that was guessed, left out or is missing."""
        yield from self.sources.warnings
        yield from self._warnings
        yield from self.registry.warnings()

    def targets(self, entity: Entity) -> Iterator[Target]:
        """Yield an entity's targets in the order of its file.

        None where a file of it is broken: what is drawn already is not known then.
        """
        imagery = self.sources.imagery(entity)
        source = self.sources.ideas(entity) if entity.entity_type == "character" else imagery
        if source is None or source.broken or (imagery and imagery.broken):
            return
        found = find_targets(source.fields, entity.entity_type)
        self.sources.report(source, found)
        around = self._surroundings(entity, source, imagery)
        for raw in found.targets.values():
            yield self._target(raw, around)

    def _surroundings(self, entity: Entity, source: Source, imagery: Source | None) -> Surroundings:
        inventories = imagery.fields if imagery else {}
        match entity.entity_type:
            case "character":
                identity = self._identity(entity, source)
                return Surroundings(entity, source, inventories, identity=identity)
            case "location":
                return Surroundings(entity, source, inventories, place=self._place(entity, source))
            case "chapter":
                return Surroundings(entity, source, inventories, names=_names(source))

    def _identity(self, entity: Entity, ideas: Source) -> Identity:
        character = first((Layer((), ideas.fields),), "character.summary")
        looks = texts(ideas.fields.get("visual_consistency"))
        summary = unwrapped(character.value) if character else ""
        return Identity(self.registry.name(entity.slug, {}), summary, looks)

    def _place(self, entity: Entity, imagery: Source) -> str:
        heading = title_of(self.sources.heading(entity, "overview.md"))
        named = first(
            (Layer((), imagery.fields),), "metadata.location_name", "metadata.name", "name"
        )
        return heading or (unwrapped(named.value) if named else "") or in_words(entity.slug)

    def _target(self, raw: RawTarget, around: Surroundings) -> Target:
        entity = around.entity
        context = self._context(raw, around)
        negatives = compiler.negatives(raw, context)
        rendered = render(compiler.sections(raw, context), shown=context.shown, negatives=negatives)
        if rendered.over_budget:
            self._warn(
                raw,
                around,
                f"what is never cut makes the prompt {len(rendered.text):,} characters long",
            )
        ratio, size, warnings = frame(raw.layers, self.facts)
        for warning in warnings:
            self._warn(raw, around, warning)
        return Target(
            entity_type=entity.entity_type,
            entity_slug=entity.slug,
            target_id=raw.target_id,
            scenario=raw.scenario,
            title=_title(raw),
            description=_description(raw),
            tags=_tags(raw),
            prompt=rendered.text,
            negative_prompt=", ".join(negatives),
            references=tuple(shown.image for shown in context.shown),
            aspect_ratio=ratio,
            image_size=size,
            file=around.source.where,
            yaml_path=raw.path,
            output_dir=f"{entity.where}/images",
            output_stem=file_stem(raw.target_id),
            entries=self._entries(raw, around),
        )

    def _context(self, raw: RawTarget, around: Surroundings) -> Context:
        depicted = self.registry.depicted(raw, around.names)
        references = depicted
        if around.identity:
            own = Depicted(around.entity.slug, around.identity.name)
            depicted = tuple(one for one in depicted if one.slug != own.slug)
            references = (own, *depicted)
        shown = self.registry.shown(references)
        most = self.facts.max_references
        if len(shown) > most:
            left = ", ".join(one.name for one in shown[most:])
            self._warn(raw, around, f"the model takes {most} references; left out: {left}")
        has_portrait = around.identity is not None and bool(
            self.registry.portrait(around.entity.slug)
        )
        return Context(
            place=around.place,
            identity=around.identity,
            has_portrait=has_portrait and most > 0,
            depicted=depicted,
            shown=shown[:most],
            style=self.settings.style,
        )

    def _entries(self, raw: RawTarget, around: Surroundings) -> tuple[Entry, ...]:
        node = node_at(around.inventories, raw.node)
        return entries_of(node, around.entity, self.pictures).get(raw.target_id, ())

    def _warn(self, raw: RawTarget, around: Surroundings, message: str) -> None:
        self._warnings.append(f"{around.source.where}: {raw.target_id}: {message}")


def _names(chapter: Source) -> dict[str, str]:
    cast = chapter.fields.get("characters")
    listed = [one for one in cast if isinstance(one, dict)] if isinstance(cast, list) else []
    named = {unwrapped(one.get("ref")): unwrapped(one.get("name")) for one in listed}
    return {slug: name for slug, name in named.items() if slug and name}


def _title(raw: RawTarget) -> str:
    moment = (raw.moment,) if raw.moment else ()
    named = first(raw.own, *TITLE_FIELDS) or first(moment, "title")
    return (unwrapped(named.value) if named else "") or in_words(raw.target_id) or raw.target_id


def _description(raw: RawTarget) -> str:
    found = first(raw.own, *DESCRIPTION_FIELDS)
    return "; ".join(texts(found.value)) if found else ""


def _tags(raw: RawTarget) -> tuple[str, ...]:
    found = first(raw.own, "tags")
    return tuple(dict.fromkeys(texts(found.value))) if found else ()
