"""Targets of a character: the scenes of its image ideas."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chargen_batch.story.fields import Layer, clean, unwrapped
from chargen_batch.story.raw_target import RawTarget
from chargen_batch.story.slug import short_hash, slug
from chargen_batch.story.targets import (
    Findings,
    about_layers,
    default_layers,
    misspelt,
    own_layers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def find(ideas: Mapping[str, object]) -> Findings:
    """Find the targets in a character's image ideas; their entries go to imagery.yaml's root."""
    found = Findings()
    root = Layer((), ideas)
    scenes = [(_title_slug(found, scene), scene) for scene in found.items(root, "scenes")]
    times = Counter(title for title, _ in scenes)
    for title, scene in scenes:
        if title:
            target_id = title if times[title] == 1 else f"{title}-{_scene_hash(scene)}"
            own, outer, about = own_layers(scene), default_layers(root), about_layers(root)
            found.add(RawTarget(target_id, "character", scene.path, (), own, outer, about))
    return found


def _title_slug(found: Findings, scene: Layer) -> str:
    title = unwrapped(scene.fields.get("title"))
    made = slug(title)
    if not title:
        message = "a scene needs a title: its id is made from it"
        found.fault(scene.path, message + misspelt(scene, "title"))
    elif not made:
        found.fault(
            (*scene.path, "title"), f"title {title!r} has no letter or digit to make an id of"
        )
    return made


def _scene_hash(scene: Layer) -> str:
    return short_hash(clean(scene.fields.get("scene")), 4)
