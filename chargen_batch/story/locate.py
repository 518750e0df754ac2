"""Where the targets of an entity stand in its data: the same for planning and for applying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story import chapters, characters, locations
from chargen_batch.story.targets import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chargen_batch.model.task import EntityType, PathStep

_FINDERS: Final[dict[EntityType, Callable[[Mapping[str, object]], Findings]]] = {
    "character": characters.find,
    "location": locations.find,
    "chapter": chapters.find,
}


def find_targets(data: object, entity_type: EntityType) -> Findings:
    """Find the targets in a file's data: a character's image ideas, the others' imagery."""
    return _FINDERS[entity_type](data) if isinstance(data, dict) else Findings()


def target_paths(
    data: object, entity_type: EntityType, slug: str
) -> dict[str, tuple[PathStep, ...]]:
    """Return for each target of ``slug`` the path of the mapping that gets its entries.

    For locations and chapters in ``data`` itself, their imagery. For a character ``data`` are the
    image ideas, and every path is the root ``()`` of its imagery.yaml.
    """
    del slug
    targets = find_targets(data, entity_type).targets
    return {target_id: target.node for target_id, target in targets.items()}
