"""Looking things up among composed nodes: children by their keys and numbers, nulls."""

from typing import TypeGuard

from chargen_batch.yaml12 import MappingNode, Node, ScalarNode, SequenceNode

Pair = tuple[Node, Node]


def is_null(node: Node) -> TypeGuard[ScalarNode]:
    """Tell whether a node is a plain null, or nothing at all."""
    return isinstance(node, ScalarNode) and node.tag.endswith(":null") and not node.style


def _is_key(node: Node, name: str) -> bool:
    return isinstance(node, ScalarNode) and node.value == name and node.tag.endswith(":str")


def pair_of(mapping: MappingNode, key: str) -> Pair | None:
    """Return the key and the value that stand under a text key."""
    return next((pair for pair in mapping.value if _is_key(pair[0], key)), None)


def child_of(node: Node | None, step: str | int) -> Node | None:
    """Return what one step of a path leads to."""
    if isinstance(step, int):
        inside = isinstance(node, SequenceNode) and 0 <= step < len(node.value)
        return node.value[step] if node is not None and inside else None
    pair = pair_of(node, step) if isinstance(node, MappingNode) else None
    return pair[1] if pair else None
