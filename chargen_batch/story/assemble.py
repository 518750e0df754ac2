"""Puts a target together: its raw fields, its entity, its references, its prompt, its entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.model.target import PromptSection, Target
from chargen_batch.story.existing import Existing
from chargen_batch.story.fields import first, texts, unwrapped
from chargen_batch.story.frame import frame
from chargen_batch.story.locate import find_targets
from chargen_batch.story.misspelling import misspelt_keys, misspelt_moods
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.places import Places
from chargen_batch.story.portraits import PROFILE_NAME, asked_portrait
from chargen_batch.story.prompt import compile as compiler
from chargen_batch.story.prompt.negatives import negatives
from chargen_batch.story.prompt.render import render
from chargen_batch.story.prompt.sections import AUTHOR_FIELDS
from chargen_batch.story.references import Registry
from chargen_batch.story.slug import file_stem, in_words
from chargen_batch.story.sources import Source, Sources
from chargen_batch.story.surroundings import Contexts
from chargen_batch.story.targets import Findings
from chargen_batch.story.unused import unused_text_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.model.task import EntityType
    from chargen_batch.story.cache import StoryCache
    from chargen_batch.story.discover import Entity, Story
    from chargen_batch.story.misspelling import FileKind
    from chargen_batch.story.prompt.context import PromptMode
    from chargen_batch.story.prompt.render import Rendered
    from chargen_batch.story.raw_target import RawTarget
    from chargen_batch.story.surroundings import Around

TITLE_FIELDS: Final = ("title", "name", "zone_name", "beat_title", "beat_name")
DESCRIPTION_FIELDS: Final = (
    *("visual_description", "description", "scene", "narrative_context", "narrative_moment"),
    *("what_happens", *AUTHOR_FIELDS),
)

# Which file the targets of an entity stand in.
_FILE_KINDS: Final[dict[EntityType, FileKind]] = {
    "character": "ideas",
    "location": "location",
    "chapter": "chapter",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all targets of one entity share."""

    source: Source
    existing: Existing
    around: Around


@dataclass(slots=True)
class Assembly:
    """Turns entities into targets, reading what it needs on the way."""

    settings: Settings
    facts: ModelFacts
    sources: Sources
    contexts: Contexts
    pictures: Pictures
    portraits: bool = False
    _warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        story: Story,
        settings: Settings,
        facts: ModelFacts,
        cache: StoryCache,
        *,
        prompt_mode: PromptMode = "auto",
    ) -> Assembly:
        """Return the assembly of a story."""
        sources, pictures = Sources(story.project, cache), Pictures(story.project, cache)
        characters, locations = (
            {entity.slug: entity for entity in story.entities[kind]}
            for kind in ("character", "location")
        )
        registry = Registry(characters, sources, pictures)
        places = Places(locations, sources, pictures)
        contexts = Contexts(settings.style, facts, registry, places, prompt_mode)
        return cls(settings, facts, sources, contexts, pictures)

    def warnings(self) -> Iterator[str]:
        """Yield everything that was guessed, left out or is missing."""
        yield from self.sources.warnings
        yield from self._warnings
        yield from self.contexts.warnings
        yield from self.contexts.registry.warnings()
        yield from self.contexts.places.warnings()

    def targets(self, entity: Entity) -> Iterator[Target]:
        """Yield an entity's targets in the order of its file.

        None where a file of it is broken: what is drawn already is not known then.
        """
        imagery = self.sources.imagery(entity)
        source = self.sources.ideas(entity) if entity.entity_type == "character" else imagery
        if self.portraits and entity.entity_type == "character":
            yield from self._portrait(entity, imagery, source)
        if source is None or source.broken or (imagery and imagery.broken):
            return
        found = find_targets(source.fields, entity.entity_type)
        found.warnings += misspelt_keys(source.fields, _FILE_KINDS[entity.entity_type])
        found.warnings += misspelt_moods(found.targets.values(), self.settings.style.moods)
        self.sources.report(source, found)
        if imagery and imagery is not source:
            slips = misspelt_keys(imagery.fields, "character")
            self.sources.report(imagery, Findings(warnings=[*slips]))
        raws = tuple(found.targets.values())
        existing = self._existing(entity, imagery, raws)
        if existing.is_known:
            around = Surroundings(source, existing, self.contexts.around(entity, source))
            yield from (self._target(raw, around) for raw in raws)

    def _portrait(
        self, entity: Entity, imagery: Source | None, ideas: Source | None
    ) -> Iterator[Target]:
        """Yield the target of a reference portrait, where a character has none and may get one."""
        registry = self.contexts.registry
        if registry.portrait(entity.slug) or any(one and one.broken for one in (imagery, ideas)):
            return
        said = ideas.fields if ideas else {}
        raw = asked_portrait(
            registry.name(entity.slug),
            registry.appearance(entity.slug),
            self.sources.prose(entity, PROFILE_NAME),
            taken=find_targets(said, "character").targets,
        )
        if raw is None:
            self._warnings.append(f"{entity.where}: nothing tells how its portrait should look")
            return
        where = imagery.where if imagery else f"{entity.where}/{PROFILE_NAME}"
        source = Source(where, entity.folder / PROFILE_NAME, said)
        existing = self._existing(entity, imagery, (raw,))
        around = self.contexts.around(entity, source)
        target = self._target(raw, Surroundings(source, existing, around))
        yield msgspec.structs.replace(target, former=(), others=())

    def _existing(
        self, entity: Entity, imagery: Source | None, raws: Sequence[RawTarget]
    ) -> Existing:
        def runs() -> Mapping[str, object] | None:
            read = self.sources.runs(entity)
            return None if read and read.broken else read.fields if read else {}

        return Existing.of(entity, imagery.fields if imagery else {}, runs, self.pictures, raws)

    def _target(self, raw: RawTarget, around: Surroundings) -> Target:
        entity = around.around.entity
        context = self.contexts.of(raw, around.around)
        negative = negatives(raw, context.style.negative)
        budget = compiler.budget_of(raw)
        rendered = render(
            compiler.sections(raw, context), shown=context.shown, negatives=negative, budget=budget
        )
        if rendered.over_budget:
            length = f"{len(rendered.text):,} characters long, over its {budget:,}"
            self._warn(raw, around, f"what is never cut makes the prompt {length}")
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
            negative_prompt=", ".join(negative),
            references=tuple(shown.image for shown in context.shown),
            aspect_ratio=ratio,
            image_size=size,
            file=around.source.where,
            yaml_path=raw.path,
            output_dir=f"{entity.where}/images",
            output_stem=file_stem(raw.target_id),
            image_type=_image_type(raw),
            entries=around.existing.entries(raw),
            former=around.existing.former,
            others=around.existing.others(raw),
            sections=_sections(rendered),
            unused=unused_text_fields(raw),
        )

    def _warn(self, raw: RawTarget, around: Surroundings, message: str) -> None:
        self._warnings.append(f"{around.source.where}: {raw.target_id}: {message}")


def _sections(rendered: Rendered) -> tuple[PromptSection, ...]:
    parts = ((rendered.fitting, False), (rendered.left, True))
    return tuple(
        PromptSection(
            priority=one.priority, name=one.name, text=one.text, path=one.path, dropped=dropped
        )
        for sections, dropped in parts
        for one in sections
    )


def _title(raw: RawTarget) -> str:
    moment = (raw.moment,) if raw.moment else ()
    named = first(raw.own, *TITLE_FIELDS) or first(moment, "title")
    return (unwrapped(named.value) if named else "") or in_words(raw.target_id) or raw.target_id


def _description(raw: RawTarget) -> str:
    found = first(raw.own, *DESCRIPTION_FIELDS)
    return "; ".join(texts(found.value)) if found else ""


def _image_type(raw: RawTarget) -> str:
    found = first(raw.own, "image_type", "type")
    return unwrapped(found.value) if found else ""


def _tags(raw: RawTarget) -> tuple[str, ...]:
    found = first(raw.own, "tags")
    return tuple(dict.fromkeys(texts(found.value))) if found else ()
