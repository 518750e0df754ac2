"""Who a target shows, in which order and state: what targets and their chapters say of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import clean, every, first, nearest, texts, unwrapped
from chargen_batch.story.prompt.variations import picked, prose_of
from chargen_batch.story.prompt.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.raw_target import RawTarget

CAST_FIELDS: Final = ("depicts_characters", "characters_present", "character_refs")


@dataclass(frozen=True, slots=True)
class Member:
    """What a chapter says of one of its characters."""

    name: str = ""
    variations: str = ""
    reference_ids: tuple[str, ...] = ()


def members(chapter: Mapping[str, object]) -> dict[str, Member]:
    """Return what a chapter says of its characters, by their slugs."""
    cast = chapter.get("characters")
    ones = [one for one in cast if isinstance(one, dict)] if isinstance(cast, list) else []
    named = {unwrapped(one.get("ref") or one.get("slug")): one for one in ones}
    return {slug: _member(one) for slug, one in named.items() if slug}


def _member(one: Mapping[str, object]) -> Member:
    ids = one.get("reference_images")
    return Member(
        unwrapped(one.get("name")),
        prose_of(one.get("scene_variations")),
        tuple(dict.fromkeys(_slugs(ids, key="id"))),
    )


def cast_of(target: RawTarget) -> tuple[str, ...]:
    """Return the slugs of the characters that a target shows, each once, in their order."""
    return tuple(dict.fromkeys(_cast(target)))


def cast_path(target: RawTarget, slug: str) -> YamlPath:
    """Return where a target names a character; its own path where that is in its references."""
    for name in CAST_FIELDS:
        for found in every(target.own, name):
            items = found.value if isinstance(found.value, list) else [found.value]
            for index, item in enumerate(items):
                if slug in _slugs(item):
                    return (*found.path, index) if isinstance(found.value, list) else found.path
    return target.path


def named_portraits(target: RawTarget) -> frozenset[str]:
    """Return the slugs whose portraits a target's own ``references`` name."""
    return frozenset(_slugs(list(_portraits(target))))


def states_of(
    target: RawTarget, cast: tuple[str, ...], chapter: Mapping[str, Member]
) -> dict[str, str]:
    """Return in which state a target shows whom: what it says, else its chapter's variations.

    States that it gives to others than its cast (``others``, say) come last.
    """
    found = first(target.own, "character_states")
    value = found.value if found and isinstance(found.value, dict) else {}
    said = {unwrapped(name): listed(texts(state)) for name, state in value.items()}
    states = {slug: said.get(slug) or _varied(target, chapter.get(slug)) for slug in cast}
    return states | {name: state for name, state in said.items() if name and state}


def _varied(target: RawTarget, member: Member | None) -> str:
    if member is None or not member.variations:
        return ""
    scene, state = (nearest(target.in_story, name) for name in ("scene_id", "transformation_state"))
    return picked(
        member.variations,
        scene_id=clean(scene.value) if scene else "",
        state=clean(state.value) if state else "",
    )


def _cast(target: RawTarget) -> Iterator[str]:
    for name in CAST_FIELDS:
        for found in every(target.own, name):
            yield from _slugs(found.value)
    yield from _slugs(list(_portraits(target)))


def _portraits(target: RawTarget) -> Iterator[object]:
    for found in every(target.own, "references"):
        for item in found.value if isinstance(found.value, list) else ():
            if isinstance(item, dict) and item.get("type") == "character_portrait":
                yield item


def _slugs(value: object, *, key: str = "slug") -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        slug = item.get(key) if isinstance(item, dict) else item
        if isinstance(slug, str) and slug.strip():
            yield unwrapped(slug)
