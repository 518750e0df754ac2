"""One composed text that is to be edited: its mappings by their paths, and what stays."""

import re
from typing import Final

from chargen_batch.story.yaml_edits import Path, SpliceError
from chargen_batch.story.yaml_nodes import child_of
from chargen_batch.story.yaml_places import shared_nodes
from chargen_batch.yaml12 import Composed, MappingNode, Node, end, position, start

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:[ \t]+|\Z))*")


class Ground:
    """A text, its nodes, and `where` it is."""

    def __init__(self, composed: Composed, where: str) -> None:
        self.text = composed.text
        self.root = composed.root
        self._where = where
        self._shared = shared_nodes(composed.text, composed.root)

    def error(self, message: str, node: Node | None) -> SpliceError:
        """Return an error that names the place of a node."""
        line, column = position(self.text, start(node)) if node is not None else (1, 1)
        return SpliceError(message, where=self._where, line=line, column=column)

    def own(self, node: Node) -> Node:
        """Return a node that stands at one place only; raise SpliceError for any other."""
        if id(node) in self._shared:
            raise self.error("an alias refers to this, so a change would show elsewhere too", node)
        return node

    def mapping_at(self, path: Path) -> MappingNode:
        """Return the mapping at a path; raise SpliceError where there is none."""
        node = self.root
        for depth, step in enumerate(path):
            node = child_of(node, step)
            if node is None:
                raise self.error(f"there is no {_dotted(path[: depth + 1])}", self.root)
            self.own(node)
        if not isinstance(node, MappingNode):
            raise self.error(f"{_dotted(path)} is not a mapping", node)
        return node

    def bare(self, node: Node) -> tuple[int, int]:
        """Return where a node stands without its anchor and tag."""
        return bare(self.text, node)


def bare(text: str, node: Node) -> tuple[int, int]:
    """Return where a node of a text stands without its anchor and tag."""
    found = _PROPERTIES.match(text, start(node), end(node))
    return (found.end() if found else start(node)), end(node)


def _dotted(path: Path) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".") or "the file"
