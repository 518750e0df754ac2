"""Targets of a location: its overview, its zones or their images, and its beats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Layer, first, has_text, unwrapped
from chargen_batch.story.prompt.sections import TEXT_FIELDS
from chargen_batch.story.raw_target import RawTarget
from chargen_batch.story.slug import authored_id, slug
from chargen_batch.story.targets import (
    OWN_MAPPINGS,
    Fault,
    Findings,
    default_layers,
    has_text_field,
    own_layers,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.target import Scenario

ZONE_IDS: Final = ("slug", "zone_slug", "zone_id")
ZONE_NAMES: Final = ("name", "zone_name")
ZONE_IMAGE_IDS: Final = ("image_slug", "id")
BEAT_IDS: Final = ("slug", "id", "beat_slug", "beat_id")
BEAT_NAMES: Final = (
    *("title", "beat_title", "name", "beat_name"),
    *("description", "narrative_context"),
)
BEAT_NAME_WORDS: Final = 6

_MAKES_A_SPEC: Final = ("image_type", "type", "framing", *TEXT_FIELDS)
_FIELDS_OF_A_SPEC: Final = {
    *(name.partition(".")[0] for name in _MAKES_A_SPEC),
    *OWN_MAPPINGS,
}


def find(imagery: Mapping[str, object]) -> Findings:
    """Find the targets in a location's imagery; each gets its entries where it stands."""
    found = Findings()
    root = Layer((), imagery)
    defaults = default_layers(root)
    specs = tuple(_overviews(found, root))
    for target_id, spec in specs:
        _add(found, target_id, spec, defaults)
    overview = own_layers(specs[0][1]) if len(specs) == 1 else ()
    for zone in found.items(root, "zones"):
        _add_zone(found, zone, overview + defaults)
    for beat in found.items(root, "beat_images"):
        _add(found, _beat_id(found, beat), beat, overview + defaults, "scene")
    return found


def _add(
    found: Findings,
    target_id: str,
    layer: Layer,
    outer: tuple[Layer, ...],
    scenario: Scenario = "location",
) -> None:
    if target_id:
        own = own_layers(layer)
        found.add(RawTarget(target_id, scenario, layer.path, layer.path, own, outer))


def _overviews(found: Findings, root: Layer) -> Iterator[tuple[str, Layer]]:
    overview = root.inner("overview")
    if overview is None:
        if root.fields.get("overview") is not None:
            what = shape(root.fields["overview"])
            found.fault(("overview",), f"overview: expected a mapping, found {what}")
        return
    if any(has_text(overview.fields.get(name)) for name in _MAKES_A_SPEC):
        yield _authored(found, overview, "slug", default="overview"), overview
        return
    for key in overview.fields:
        name, spec = authored_id(key), overview.inner(str(key))
        if name and spec and key not in _FIELDS_OF_A_SPEC and _has_own_text(spec):
            yield _authored(found, spec, "slug", default=name), spec


def _authored(found: Findings, layer: Layer, *names: str, default: str) -> str:
    authored = found.authored(own_layers(layer), *names)
    return default if authored is None else authored


def _has_own_text(layer: Layer) -> bool:
    return any(has_text_field(own) for own in own_layers(layer))


def _add_zone(found: Findings, zone: Layer, outer: tuple[Layer, ...]) -> None:
    zone_id = _id(found, zone, ZONE_IDS, ZONE_NAMES)
    images = tuple(found.items(zone, "images"))
    if zone.fields.get("images") in (None, []):
        _add(found, zone_id, zone, outer)
    for image in images if zone_id else ():
        if image_id := _id(found, image, ZONE_IMAGE_IDS, ("title",)):
            _add(found, f"{zone_id}__{image_id}", image, own_layers(zone) + outer)


def _id(found: Findings, layer: Layer, ids: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return the authored id, else the slug of a name; empty, with a fault, where neither is."""
    authored = found.authored(own_layers(layer), *ids)
    if authored is not None:
        return authored
    named = first(own_layers(layer), *names)
    made = slug(unwrapped(named.value)) if named else ""
    if not made:
        found.fault(layer.path, f"no id: expected {', '.join(ids)}, or a name to make one of")
    return made


def _beat_id(found: Findings, beat: Layer) -> str:
    authored = found.authored(own_layers(beat), *BEAT_IDS)
    if authored is not None:
        return authored
    named = first(own_layers(beat), *BEAT_NAMES)
    words = unwrapped(named.value).split()[:BEAT_NAME_WORDS] if named else []
    made = slug(" ".join(words))
    if made:
        message = f"beat {made!r} has no id of its own: it changes with the beat's words"
        found.warnings.append(Fault(beat.path, message))
    else:
        found.fault(beat.path, f"no id: expected {', '.join(BEAT_IDS)}, or words to make one of")
    return made
