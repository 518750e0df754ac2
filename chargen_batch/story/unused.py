"""Texts in a target that no prompt takes: what an author wrote in vain, or under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story.casting import CAST_FIELDS
from chargen_batch.story.fields import texts
from chargen_batch.story.prompt.light import ANCHORS
from chargen_batch.story.prompt.negatives import INHERITED, MUST_AVOID, ZONE_AVOIDS
from chargen_batch.story.prompt.sections import ROWS
from chargen_batch.story.targets import OWN_MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.fields import Layer, YamlPath
    from chargen_batch.story.raw_target import RawTarget

# What is read for something else than the prompt's rows, or says nothing that could be drawn.
_READ_ELSEWHERE: Final = (
    *("title", "name", "zone_name", "beat_title", "beat_name", "slug", "id", "tags"),
    *("zone_slug", "zone_id", "beat_slug", "beat_id", "image_slug", "custom_id"),
    *("lighting", "palette", "images", "image_inventory", "references", "character_states"),
    *("aspect_ratio", "size", "location", "zone", "location_zone", "source_moment", "scene_id"),
    *("visual_weight", "transformation_state", "recommended_images", "provider_metadata"),
    *("generated_at", "file_name", "file_path", "provider", "model"),
)
# Where a chapter's image is: a character's scene says that in its ``setting``, if at all.
_NOT_OF_A_CHARACTER: Final = ("location", "zone", "location_zone")
TAKEN: Final = frozenset(
    {
        *(name for row in ROWS for name in row.fields),
        *(*INHERITED, MUST_AVOID, ZONE_AVOIDS, *CAST_FIELDS, *ANCHORS, *_READ_ELSEWHERE),
    }
)
_INSIDE: Final = frozenset(name.partition(".")[0] for name in TAKEN if "." in name)


def unused_text_fields(target: RawTarget) -> tuple[YamlPath, ...]:
    """Return the paths of a target's own texts that no row of the table takes."""
    in_vain = _NOT_OF_A_CHARACTER if target.scenario == "character" else ()
    said = (
        (*layer.path, name)
        for layer in target.own
        for name in in_vain
        if texts(layer.fields.get(name))
    )
    return (*(path for layer in target.own for path in _unused(layer)), *said)


def _unused(layer: Layer, prefix: str = "") -> Iterator[YamlPath]:
    for key, value in layer.fields.items():
        name = f"{prefix}{key}"
        inner = layer.inner(key) if name in _INSIDE else None
        if inner:
            yield from _unused(inner, f"{name}.")
        elif name not in TAKEN and key not in OWN_MAPPINGS and _is_prose(value):
            yield (*layer.path, key)


def _is_prose(value: object) -> bool:
    """Say whether a value holds more than a word: a slug, a kind or a time is no text."""
    if isinstance(value, dict):
        return any(_is_prose(inner) for inner in value.values())
    return any(" " in text for text in texts(value))
