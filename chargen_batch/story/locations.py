"""Targets of a location: its overview, its zones or their images, and its beats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Layer, first, has_text, unwrapped
from chargen_batch.story.prompt.sections import TEXT_FIELDS
from chargen_batch.story.raw_target import RawTarget
from chargen_batch.story.slug import authored_id, slug
from chargen_batch.story.targets import (
    OWN_MAPPINGS,
    Fault,
    Findings,
    about_layers,
    default_layers,
    has_text_field,
    misspelt,
    own_layers,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.target import Scenario
    from chargen_batch.story.fields import YamlPath

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


@dataclass(frozen=True, slots=True)
class _Around:
    """What a target inherits from, and what its file says of the whole place."""

    outer: tuple[Layer, ...]
    about: tuple[Layer, ...]


def find(imagery: Mapping[str, object]) -> Findings:
    """Find the targets in a location's imagery; each gets its entries where it stands."""
    found = Findings()
    root = Layer((), imagery)
    defaults, about = default_layers(root), about_layers(root)
    specs = tuple(_overviews(found, root))
    for target_id, spec in specs:
        _add(found, target_id, spec, _Around(defaults, about))
    overview = own_layers(specs[0][1]) if len(specs) == 1 else ()
    around = _Around(overview + defaults, about)
    for zone in found.items(root, "zones"):
        _add_zone(found, zone, around)
    for beat in found.items(root, "beat_images"):
        _add(found, _beat_id(found, beat), beat, around, "scene")
    return found


def overview_paths(imagery: Mapping[str, object]) -> tuple[YamlPath, ...]:
    """Return where a location's overviews stand, in the order of its file."""
    return tuple(spec.path for _, spec in _overviews(Findings(), Layer((), imagery)))


def zone_layers(imagery: Mapping[str, object]) -> dict[str, Layer]:
    """Return a location's zones by their ids; of several with one id the first."""
    zones: dict[str, Layer] = {}
    for zone in Findings().items(Layer((), imagery), "zones"):
        zones.setdefault(_id(Findings(), zone, ZONE_IDS, ZONE_NAMES), zone)
    return zones


def _add(
    found: Findings,
    target_id: str,
    layer: Layer,
    around: _Around,
    scenario: Scenario = "location",
) -> None:
    if target_id:
        own, path = own_layers(layer), layer.path
        found.add(RawTarget(target_id, scenario, path, path, own, around.outer, around.about))


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


def _add_zone(found: Findings, zone: Layer, around: _Around) -> None:
    zone_id = _id(found, zone, ZONE_IDS, ZONE_NAMES)
    images = tuple(found.items(zone, "images"))
    if zone.fields.get("images") in (None, []):
        _add(found, zone_id, zone, around)
    within = _Around(own_layers(zone) + around.outer, around.about)
    for image in images if zone_id else ():
        if image_id := _id(found, image, ZONE_IMAGE_IDS, ("title",)):
            _add(found, f"{zone_id}__{image_id}", image, within)


def _id(found: Findings, layer: Layer, ids: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return the authored id, else the slug of a name; empty, with a fault, where neither is."""
    authored = found.authored(own_layers(layer), *ids)
    if authored is not None:
        return authored
    named = first(own_layers(layer), *names)
    made = slug(unwrapped(named.value)) if named else ""
    if not made:
        message = f"no id: expected {', '.join(ids)}, or a name to make one of"
        found.fault(layer.path, message + misspelt(layer, *ids, *names))
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
        message = f"no id: expected {', '.join(BEAT_IDS)}, or words to make one of"
        found.fault(beat.path, message + misspelt(beat, *BEAT_IDS, *BEAT_NAMES))
    return made
