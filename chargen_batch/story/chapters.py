"""Targets of a chapter: its images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Layer, first, unwrapped
from chargen_batch.story.raw_target import RawTarget
from chargen_batch.story.slug import authored_id
from chargen_batch.story.targets import (
    Fault,
    Findings,
    about_layers,
    default_layers,
    misspelt,
    own_layers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_IDS: Final = ("custom_id", "image_slug", "id")


def find(imagery: Mapping[str, object]) -> Findings:
    """Find the targets in a chapter's imagery; each gets its entries where it stands."""
    found = Findings()
    root = Layer((), imagery)
    moments = _moments(found, root)
    defaults, about = default_layers(root), about_layers(root)
    for image in found.items(root, "images"):
        own = own_layers(image)
        target_id = found.authored(own, *IMAGE_IDS)
        if target_id is None:
            message = f"no id: expected {', '.join(IMAGE_IDS)}"
            found.fault(image.path, message + misspelt(image, *IMAGE_IDS))
        if target_id:
            moment, path = _moment(found, own, moments), image.path
            found.add(RawTarget(target_id, "scene", path, path, own, defaults, about, moment))
    return found


def _moment(
    found: Findings, own: tuple[Layer, ...], moments: Mapping[str | None, Layer]
) -> Layer | None:
    source = first(own, "source_moment")
    moment = moments.get(authored_id(source.value)) if source else None
    if source and moment is None:
        message = f"source_moment: no moment has the id {unwrapped(source.value)!r}"
        found.warnings.append(Fault(source.path, message))
    return moment


def _moments(found: Findings, root: Layer) -> dict[str | None, Layer]:
    named = (
        (authored_id(moment.fields.get("id")), moment) for moment in found.items(root, "moments")
    )
    return {name: moment for name, moment in named if name}
