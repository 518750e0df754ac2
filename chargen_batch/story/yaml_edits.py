"""What may be edited in a YAML file, and which characters each edit changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from chargen_batch.story import render_yaml
from chargen_batch.story.yaml_places import (
    Surroundings,
    column,
    content_end,
    dash_column,
    inner_end,
    is_flow,
    key_column,
    line_end,
    line_start,
    shared_nodes,
)
from chargen_batch.yaml12 import (
    Composed,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    end,
    position,
    start,
)

Path = tuple[str | int, ...]
Entries = Sequence[Mapping[str, object]]
Pair = tuple[Node, Node]

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:[ \t]+|\Z))*")
_EMPTY_FLOW: Final = re.compile(r"\[[ \t]*\]|\{[ \t]*\}").fullmatch
_BREAK: Final = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Append:
    """Add entries at the end of the list under `key` of the mapping at `path`.

    A missing key is added at the mapping's end; `[]` and null are replaced where they stand.
    """

    path: Path
    key: str
    entries: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """Replace null and `{}` in the mapping at `path`; what is missing or not empty stays."""

    path: Path
    values: Mapping[str, object]


class SpliceError(ValueError):
    """An edit that cannot be made: what, `where`, and the 1-based `line`; nothing was changed."""

    def __init__(self, message: str, *, where: str, line: int = 1) -> None:
        super().__init__(f"{where}:{line}: {message}")
        self.message, self.where, self.line = message, where, line


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the characters from `begin` to `stop`; at one place the deepest comes first."""

    begin: int
    stop: int
    text: str
    depth: int


class Placer:
    """Turns edits of one composed text into changes of its characters."""

    def __init__(self, composed: Composed, where: str) -> None:
        self._text = composed.text
        self._root = composed.root
        self._where = where
        self._shared = shared_nodes(composed.text, composed.root)
        self._around = Surroundings(composed.text, composed.root)

    def append(self, path: Path, key: str, entries: Entries) -> list[Change]:
        """Place entries behind those in the list under `key`."""
        if not path and (self._root is None or _is_null(self._root)):
            return [self._into_empty_text(key, entries)]
        mapping = self._mapping_at(path)
        pair = _pair(mapping, key)
        if pair is None:
            return [self._new_key(mapping, key, entries, len(path))]
        value = self._own(pair[1])
        if isinstance(value, SequenceNode) and value.value:
            return [self._behind_items(mapping, value, entries, len(path) + 1)]
        if isinstance(value, SequenceNode) or _is_null(value):
            return self._instead_of_nothing(mapping, pair, entries, len(path) + 1)
        raise self._error(f"{key} is not a list", value)

    def fill(self, path: Path, values: Mapping[str, object]) -> dict[str, Change]:
        """Place the values whose keys have an empty value now; the others are not returned."""
        mapping = self._mapping_at(path)
        style = self._around.style(mapping)
        changes = {}
        for key, value in values.items():
            pair = _pair(mapping, key)
            span = self._placeholder(pair) if pair else None
            if pair and span:
                self._own(pair[1])
                gap = "" if span[0] < span[1] else " "
                text = gap + render_yaml.flow(value, style, pad="")
                changes[key] = Change(*span, text, len(path) + 1)
        return changes

    def _error(self, message: str, node: Node | None) -> SpliceError:
        line = position(self._text, start(node))[0] if node is not None else 1
        return SpliceError(message, where=self._where, line=line)

    def _own(self, node: Node) -> Node:
        if id(node) in self._shared:
            raise self._error("an alias refers to this, so a change would show elsewhere too", node)
        return node

    def _mapping_at(self, path: Path) -> MappingNode:
        node = self._root
        for depth, step in enumerate(path):
            node = _child(node, step)
            if node is None:
                raise self._error(f"there is no {_dotted(path[: depth + 1])}", self._root)
            self._own(node)
        if not isinstance(node, MappingNode):
            raise self._error(f"{_dotted(path)} is not a mapping", node)
        return node

    def _lines(self, lines: list[str], index: int, depth: int) -> Change:
        # Before the line's break, so that a missing last newline stays missing.
        newline = self._around.newline
        at = line_end(self._text, index)
        return Change(at, at, "".join(newline + line for line in lines), depth)

    def _into_empty_text(self, key: str, entries: Entries) -> Change:
        style = self._around.style(None)
        lines = [render_yaml.key(key, style) + ":", *render_yaml.items(entries, style.dash, style)]
        if self._root is not None:  # nothing behind `---`, and marked at the next token
            marker = self._text.rfind("---", 0, start(self._root))
            return self._lines(lines, max(marker, 0), 0)
        size = len(self._text)
        text = style.newline.join([*lines, ""])
        behind = size == 0 or self._text[-1] in "\r\n"
        return Change(size, size, text if behind else style.newline + text, 0)

    def _new_key(self, mapping: MappingNode, key: str, entries: Entries, depth: int) -> Change:
        style = self._around.style(mapping)
        head = render_yaml.key(key, style) + ":"
        if is_flow(mapping):
            text = f"{head} {render_yaml.flow(entries, style)}"
            return self._flow_item(mapping, "{", text, depth)
        at = key_column(self._text, mapping)
        lines = [" " * at + head, *render_yaml.items(entries, at + style.dash, style)]
        last = mapping.value[-1][0]
        if len(mapping.value) > 1 and self._ends_in_open_block_scalar(mapping):
            # A newline behind its last line would become part of it: the key goes ahead of it.
            begin = line_start(self._text, start(last))
            return Change(begin, begin, "".join(line + style.newline for line in lines), depth)
        return self._lines(lines, inner_end(self._text, mapping), depth)

    def _ends_in_open_block_scalar(self, node: Node) -> bool:
        while not isinstance(node, ScalarNode) and node.value:
            node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
        at_end = end(node) == len(self._text) and self._text[-1] not in "\r\n"
        return at_end and getattr(node, "style", "") in ("|", ">")

    def _behind_items(
        self, mapping: MappingNode, listed: SequenceNode, entries: Entries, depth: int
    ) -> Change:
        style = self._around.style(mapping, listed)
        if is_flow(listed):
            text = ", ".join(render_yaml.flow(entry, style) for entry in entries)
            return self._flow_item(listed, "[", text, depth)
        lines = render_yaml.items(entries, dash_column(self._text, listed), style)
        return self._lines(lines, inner_end(self._text, listed), depth)

    def _flow_item(self, node: Node, bracket: str, text: str, depth: int) -> Change:
        if node.value:
            at = inner_end(self._text, node)
            return Change(at, at, ", " + text, depth)
        at = self._text.index(bracket, self._bare(node)[0]) + 1
        return Change(at, at, text, depth)

    def _instead_of_nothing(
        self, mapping: MappingNode, pair: Pair, entries: Entries, depth: int
    ) -> list[Change]:
        text, style = self._text, self._around.style(mapping)
        begin, stop = self._bare(pair[1])
        key_end = content_end(text, pair[0])
        empty = begin == stop or _EMPTY_FLOW(text, begin, stop) or _is_null(pair[1])
        if not empty:  # a comment or a line break stands between the brackets
            inner = ", ".join(render_yaml.flow(entry, style) for entry in entries)
            return [self._flow_item(pair[1], "[", inner, depth)]
        if is_flow(mapping) or _BREAK.search(text, key_end, stop):
            gap = "" if begin < stop else " "
            return [Change(begin, stop, gap + render_yaml.flow(entries, style), depth)]
        dashes = column(text, start(pair[0])) + style.dash
        lines = self._lines(render_yaml.items(entries, dashes, style), stop, depth)
        if begin == stop:
            return [lines]
        blank = begin - len(text[key_end:begin].rstrip(" \t")) - key_end
        return [Change(begin - blank, stop, "", depth), lines]

    def _bare(self, node: Node) -> tuple[int, int]:
        # The node without its anchor and tag.
        found = _PROPERTIES.match(self._text, start(node), end(node))
        return (found.end() if found else start(node)), end(node)

    def _placeholder(self, pair: Pair) -> tuple[int, int] | None:
        begin, stop = self._bare(pair[1])
        if _is_null(pair[1]):
            return (begin, stop) if begin < stop or self._text[begin - 1] == ":" else None
        if isinstance(pair[1], MappingNode) and _EMPTY_FLOW(self._text, begin, stop):
            return begin, stop
        return None


def _is_null(node: Node) -> TypeGuard[ScalarNode]:
    return isinstance(node, ScalarNode) and node.tag.endswith(":null") and not node.style


def _is_key(node: Node, name: str) -> bool:
    return isinstance(node, ScalarNode) and node.value == name and node.tag.endswith(":str")


def _pair(mapping: MappingNode, key: str) -> Pair | None:
    return next((pair for pair in mapping.value if _is_key(pair[0], key)), None)


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(step, int):
        inside = isinstance(node, SequenceNode) and 0 <= step < len(node.value)
        return node.value[step] if node is not None and inside else None
    pair = _pair(node, step) if isinstance(node, MappingNode) else None
    return pair[1] if pair else None


def _dotted(path: Path) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".") or "the file"
