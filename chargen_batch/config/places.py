"""Where a path of a file's data stands in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch import yaml12

if TYPE_CHECKING:
    from chargen_batch.config.checking import Path


def position(composed: yaml12.Composed, path: Path, *, at_key: bool = False) -> tuple[int, int]:
    """Return the 1-based line and column of a path's value, or of its key; (0, 0) in no text."""
    if composed.root is None:
        return 0, 0
    key = value = composed.root
    for step in path:
        key, value = _child(value, step)
    return yaml12.position(composed.text, yaml12.start(key if at_key else value))


def _child(node: yaml12.Node, step: str | int) -> tuple[yaml12.Node, yaml12.Node]:
    """Return the nodes of the key and of the value under a step; an item is its own key."""
    if isinstance(node, yaml12.MappingNode):
        pairs: list[tuple[yaml12.Node, yaml12.Node]] = node.value
        return next(((key, value) for key, value in pairs if key.value == str(step)), (node, node))
    items: list[yaml12.Node] = node.value
    item = items[int(step)]
    return item, item
