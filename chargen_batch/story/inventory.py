"""Entries of ours in an image_inventory: those that carry a task key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.model.target import DrawnFrom, Entry
from chargen_batch.story.slug import authored_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.pictures import Pictures


def node_at(data: object, path: YamlPath) -> object:
    """Return what stands at a path of a file's data; ``None`` where nothing does."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def inventory(node: object) -> list[dict[str, object]]:
    """Return the entries in a mapping's ``image_inventory``, those that are mappings."""
    entries = node.get("image_inventory") if isinstance(node, dict) else None
    return (
        [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )


def entries_of(node: object, entity: Entity, pictures: Pictures) -> dict[str, tuple[Entry, ...]]:
    """Return our entries in a node's inventory, by target id."""
    found: dict[str, tuple[Entry, ...]] = {}
    for target_id, entry in _ours(node, entity, pictures):
        found[target_id] = (*found.get(target_id, ()), entry)
    return found


def _ours(node: object, entity: Entity, pictures: Pictures) -> Iterator[tuple[str, Entry]]:
    for item in inventory(node):
        generation = item.get("generation")
        if not isinstance(generation, dict) or not isinstance(generation.get("task_key"), str):
            continue
        target_id = _target_id(generation, entity)
        picture = pictures.find(entity.folder, item.get("path"))
        yield (
            target_id,
            Entry(
                task_key=generation["task_key"],
                target_id=target_id,
                variant=_variant(generation.get("variant")),
                status=_text(item.get("status"), "draft").casefold(),
                provider=_text(generation.get("provider"), ""),
                file_exists=picture is not None,
                file=picture.relative_to(pictures.project).as_posix() if picture else "",
                drawn_from=_drawn_from(generation),
            ),
        )


def _drawn_from(generation: Mapping[str, object]) -> DrawnFrom:
    """Return what an entry records of its request; a person may have cut it short."""
    constraints = generation.get("constraints")
    shape = constraints if isinstance(constraints, dict) else {}
    return DrawnFrom(
        prompt=_known(generation.get("prompt_used")),
        negative_prompt=_known(generation.get("negative_prompt_used")),
        model=_known(generation.get("model")),
        aspect_ratio=_known(shape.get("aspect_ratio")),
        image_size=_known(shape.get("image_size")),
        references=_references(generation.get("reference_images")),
    )


def _references(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, list):
        return None
    listed = [item for item in value if isinstance(item, dict)]
    return tuple((_text(item.get("role"), ""), _text(item.get("sha256"), "")) for item in listed)


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _target_id(generation: Mapping[str, object], entity: Entity) -> str:
    authored = authored_id(generation.get("target_id"))
    in_key = str(generation["task_key"]).rpartition("@")[0]
    return authored or in_key.removeprefix(f"{entity.entity_type}/{entity.slug}/")


def _variant(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 1


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default
