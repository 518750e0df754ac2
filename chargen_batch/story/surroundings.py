"""What a target is compiled with: its place, its people, and the pictures that show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch.story.casting import (
    Member,
    cast_of,
    cast_path,
    members,
    named_portraits,
    states_of,
)
from chargen_batch.story.fields import Layer, first, texts, unwrapped
from chargen_batch.story.places import place_of, place_path
from chargen_batch.story.prompt.context import Context, Depicted, Identity, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chargen_batch.model.settings import ModelFacts, Style
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.places import Places
    from chargen_batch.story.prompt.context import PromptMode
    from chargen_batch.story.raw_target import RawTarget
    from chargen_batch.story.references import Registry
    from chargen_batch.story.sources import Source


@dataclass(frozen=True, slots=True)
class Around:
    """What all targets of one entity share; ``where`` is their file."""

    entity: Entity
    where: str
    place: str = ""
    identity: Identity | None = None
    members: Mapping[str, Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Person:
    """A character that a target shows, with its pictures; its portrait may be ``asked`` for."""

    slug: str
    name: str
    state: str
    shown: tuple[Shown, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Contexts:
    """Puts together what surrounds targets, by what the registries know."""

    style: Style
    facts: ModelFacts
    registry: Registry
    places: Places
    mode: PromptMode = "auto"
    warnings: list[str] = field(default_factory=list)

    def around(self, entity: Entity, source: Source) -> Around:
        """Return what the targets in an entity's file share."""
        match entity.entity_type:
            case "character":
                return Around(entity, source.where, identity=self._identity(entity, source))
            case "location":
                return Around(entity, source.where, place=self.places.name(entity.slug))
            case "chapter":
                return Around(entity, source.where, members=members(source.fields))

    def of(self, raw: RawTarget, around: Around) -> Context:
        """Return a target's context; what the model cannot take too is left out, and said."""
        own = self._own(around)
        people = tuple(self._people(raw, around))
        offered = tuple(self._offered(raw, around, own + people))
        shown = chosen(offered, self.facts.max_references)
        if left := [one.name for one in offered if one not in shown]:
            takes = f"the model takes {self.facts.max_references} references"
            message = f"{takes}; left out: {', '.join(left)}"
            self.warnings.append(f"{around.where}: {raw.target_id}: {message}")
        return Context(
            place=self._place(raw, around),
            identity=around.identity,
            has_portrait=any(one in shown for person in own for one in person.shown),
            depicted=tuple(self._depicted(person, shown) for person in people),
            shown=shown,
            style=self.style,
            mode=self.mode,
        )

    def _identity(self, entity: Entity, ideas: Source) -> Identity:
        summary = first((Layer((), ideas.fields),), "character.summary")
        return Identity(
            self.registry.name(entity.slug),
            unwrapped(summary.value) if summary else "",
            texts(ideas.fields.get("visual_consistency")),
            self.registry.appearance(entity.slug),
        )

    def _place(self, raw: RawTarget, around: Around) -> str:
        place = place_of(raw) if around.entity.entity_type == "chapter" else None
        return self.places.name_of(place) if place else around.place

    def _own(self, around: Around) -> tuple[_Person, ...]:
        if around.identity is None:
            return ()
        slug, name = around.entity.slug, around.identity.name
        return (_Person(slug, name, "", self._portraits(slug, name, None, around), asked=False),)

    def _people(self, raw: RawTarget, around: Around) -> Iterator[_Person]:
        own = around.entity.slug if around.identity else None
        cast = tuple(slug for slug in cast_of(raw) if slug != own)
        named = named_portraits(raw)
        for slug, state in states_of(raw, cast, around.members).items():
            member = around.members.get(slug)
            name = self.registry.name(slug, member)
            asked = slug in named or bool(member and member.reference_ids)
            in_cast = slug in cast
            shown = self._portraits(slug, name, member, around) if in_cast else ()
            if in_cast and slug not in self.registry.characters:
                self.registry.named_at.setdefault(slug, (around.where, cast_path(raw, slug)))
            yield _Person(slug, name, state, shown, asked=asked and in_cast)

    def _portraits(
        self, slug: str, name: str, member: Member | None, around: Around
    ) -> tuple[Shown, ...]:
        pictures = self.registry.pictures_of(slug, member, around.where)
        return tuple(Shown(picture, name) for picture in pictures)

    def _offered(
        self, raw: RawTarget, around: Around, people: Sequence[_Person]
    ) -> Iterator[Shown]:
        """Yield every picture that would help: a place's own view first, a chapter's last."""
        kind, slug = around.entity.entity_type, around.entity.slug
        place = place_of(raw) if kind == "chapter" else None
        view = self.places.picture(place) if place else None
        if place and place.location not in self.places.locations:
            self.places.named_at.setdefault(place.location, (around.where, place_path(raw)))
        overview = self.places.overview(slug, besides=raw.path) if kind == "location" else None
        if overview:
            yield overview
        yield from dict.fromkeys(one for person in people for one in person.shown)
        if view:
            yield view

    def _depicted(self, person: _Person, shown: Sequence[Shown]) -> Depicted:
        """Say in words how somebody looks whom no picture shows and no state describes.

        Where the story asks for a portrait that is not there, its appearance stands in for it.
        """
        is_shown = any(one in shown for one in person.shown)
        needed = not is_shown and (person.asked or not person.state)
        looks = self.registry.appearance(person.slug) if needed else ""
        return Depicted(person.slug, person.name, person.state, looks)


def chosen(offered: Sequence[Shown], most: int) -> tuple[Shown, ...]:
    """Return at most so many pictures, in their order: each character's first, then the rest."""
    if len(offered) <= most:
        return tuple(offered)
    times: dict[str, int] = {}
    ranks = []
    for place, one in enumerate(offered):
        nth = times[one.name] = times.get(one.name, 0) + 1
        ranks.append((one.image.role != "portrait", nth, place))
    kept = {place for *_, place in sorted(ranks)[:most]}
    return tuple(one for place, one in enumerate(offered) if place in kept)
