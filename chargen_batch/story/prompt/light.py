"""Light and colours: the target's own, else its zone's, else the place's visual anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Field, Layer, nearest, texts, unwrapped
from chargen_batch.story.prompt.sections import LIGHT, Section
from chargen_batch.story.prompt.wording import labelled, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.raw_target import RawTarget

ANCHORS: Final = ("zone_visual_anchor", "location_visual_anchor")
ANCHOR_LIGHT: Final = ("light_character", "characteristic_light", "lighting")
ANCHOR_COLOURS: Final = ("color_signature", "color_anchors", "palette")

_COLOURS: Final = {"dominant": "Main colours", "secondary": "Further colours"}
_LABELS: Final = {**_COLOURS, "primary": "Main colours", "accent": "Accent colours"}
_TIMES: Final = ("time_of_day", "temporal_state", "transformation_state", "scene_mood", "mood")
_USUAL: Final = ("normal", "default", "usual")


def sections(target: RawTarget) -> Iterator[Section]:
    """Yield a target's light, then its colours; an anchor that is a mere list where one lacks."""
    lighting, own_palette = (nearest(target.in_zone, name) for name in ("lighting", "palette"))
    if lighting:
        yield _section("lighting", "Lighting", lighting)
    elif found := _anchor(target, ANCHOR_LIGHT):
        yield _section("visual anchor: light", "Lighting", _fitting(found, target))
    if found := palette(target):
        yield from _colours(found)
    plain = nearest(target.in_zone + target.about, *ANCHORS)
    if plain and not isinstance(plain.value, dict) and not (lighting and own_palette):
        yield _section("visual anchor", "The place's look", plain)


def palette(target: RawTarget) -> Field | None:
    """Return the palette that counts for a target: the anchor's colours where nothing else is."""
    return nearest(target.in_zone, "palette") or _anchor(target, ANCHOR_COLOURS)


def _anchor(target: RawTarget, names: tuple[str, ...]) -> Field | None:
    layers = target.in_zone + target.about
    anchors = [inner for name in ANCHORS for layer in layers if (inner := layer.inner(name))]
    return nearest(anchors, *names)


def _fitting(light: Field, target: RawTarget) -> Field:
    """Return of lights for several times that of the target's own time, else the usual one."""
    if not isinstance(light.value, dict):
        return light
    said = {unwrapped(found.value).casefold() for found in _all(target.in_story, _TIMES)}
    words = {word for text in said for word in text.replace("-", " ").split()}
    names = {name: str(name).casefold().replace("_", " ") for name in light.value}
    fits = [name for name, spoken in names.items() if spoken in said | words]
    fits = fits or [name for name, spoken in names.items() if spoken in _USUAL]
    return Field((*light.path, fits[0]), light.value[fits[0]]) if fits else light


def _all(layers: tuple[Layer, ...], names: tuple[str, ...]) -> Iterator[Field]:
    yield from (found for name in names if (found := nearest(layers, name)))


def _colours(found: Field) -> Iterator[Section]:
    if not isinstance(found.value, dict):
        yield _section("palette", "Main colours", found)
        return
    for key, value in found.value.items():
        if key != "avoid" and texts(value):
            name = unwrapped(key).replace("_", " ")
            label = _LABELS.get(name, f"Colours, {name}")
            yield _section(f"palette: {name}", label, Field((*found.path, key), value))


def _section(name: str, label: str, found: Field) -> Section:
    text = labelled(label, listed(texts(found.value)))
    return Section(LIGHT, name, text, found.path, label=label)
