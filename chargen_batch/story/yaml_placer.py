"""Which characters of a YAML text an edit changes."""

import re
from typing import Final

from chargen_batch.story import render_yaml
from chargen_batch.story.yaml_edits import Change, Complete, Entries, Fill, Path
from chargen_batch.story.yaml_ground import Ground
from chargen_batch.story.yaml_nodes import Pair, is_null, pair_of
from chargen_batch.story.yaml_places import (
    Surroundings,
    column,
    content_end,
    dash_column,
    inner_end,
    is_closed,
    is_flow,
    key_column,
    line_end,
    line_start,
)
from chargen_batch.yaml12 import (
    Composed,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    end,
    start,
)

_EMPTY_FLOW: Final = re.compile(r"\[[ \t]*\]|\{[ \t]*\}").fullmatch
_BREAK: Final = re.compile(r"[\r\n]")
_BLANK_LINES: Final = re.compile(r"(?:[\r\n][ \t]*)+")
_OPEN: Final = "the text block that ends here lacks its last line end; add one to the file"


class Placer(Ground):
    """Turns edits of one composed text into changes of its characters."""

    def __init__(self, composed: Composed, where: str) -> None:
        super().__init__(composed, where)
        self._around = Surroundings(composed.text, composed.root)
        self._begun: set[int] = set()

    def append(self, path: Path, key: str, entries: Entries) -> list[Change]:
        """Place entries behind those in the list under `key`."""
        if not path and (self.root is None or is_null(self.root)):
            return [self._into_empty_text(key, entries)]
        mapping = self.mapping_at(path)
        pair = pair_of(mapping, key)
        if pair is None:
            return [self._new_key(mapping, key, entries, len(path))]
        value = self.own(pair[1])
        if isinstance(value, SequenceNode) and value.value:
            return [self._behind_items(mapping, value, entries, len(path) + 1)]
        if isinstance(value, SequenceNode) or is_null(value):
            return self._instead_of_nothing(mapping, pair, entries, len(path) + 1)
        raise self.error(f"{key} is not a list", value)

    def fill(self, edit: Fill) -> dict[str, Change]:
        """Place the values whose keys have an empty value now; the others are not returned."""
        mapping = self.mapping_at(edit.path)
        changes = {}
        for key, value in edit.values.items():
            pair = pair_of(mapping, key)
            span = self._placeholder(pair) if pair else None
            if pair and key in edit.ours:
                span = span or self._written(pair[1])
            if pair and span:
                changes[key] = self._put(mapping, pair, span, value, len(edit.path) + 1)
        return changes

    def complete(self, edit: Complete) -> dict[str, Change]:
        """Place the values whose keys are missing or say nothing; the others are not returned."""
        path = edit.path
        if not path and (self.root is None or is_null(self.root)):
            return {key: self._into_empty_text(key, value) for key, value in edit.values.items()}
        mapping = self.mapping_at(path)
        changes = {}
        for key, value in edit.values.items():
            pair = pair_of(mapping, key)
            if pair is None:
                changes[key] = self._new_key(mapping, key, value, len(path))
            elif span := self._placeholder(pair) or self._empty(pair[1]):
                changes[key] = self._put(mapping, pair, span, value, len(path) + 1)
        return changes

    def _put(
        self, mapping: MappingNode, pair: Pair, span: tuple[int, int], value: object, depth: int
    ) -> Change:
        self.own(pair[1])
        gap = "" if self.text[span[0] - 1 : span[0]].isspace() else " "
        text = render_yaml.flow(value, self._around.style(mapping), pad="")
        return Change(*span, gap + text, depth)

    def _written(self, node: Node) -> tuple[int, int] | None:
        """Return where a value stands that may be replaced: on one line, or lines that are pairs.

        A block of lines begins behind its key's line; one with a comment in it stays as it is.
        """
        if isinstance(node, MappingNode) and node.value and not is_flow(node):
            begin = start(node) - column(self.text, start(node))
            span = (len(self.text[:begin].rstrip()), inner_end(self.text, node))
            return None if "#" in self.text[span[0] : span[1]] else span
        begin, stop = self.bare(node)
        scalar = isinstance(node, ScalarNode) and node.style not in ("|", ">")
        one_line = not _BREAK.search(self.text, begin, stop)
        return (begin, stop) if one_line and (scalar or is_flow(node)) else None

    def _empty(self, node: Node) -> tuple[int, int] | None:
        begin, stop = self.bare(node)
        empty = self.text[begin:stop] in ('""', "''") or _EMPTY_FLOW(self.text, begin, stop)
        return (begin, stop) if empty else None

    def _lines(self, lines: list[str], index: int, depth: int) -> Change:
        # Before the line's break, so that a missing last newline stays missing.
        newline = self._around.newline
        at = line_end(self.text, index)
        blank = _BLANK_LINES.match(self.text, at)
        if blank and "\t" in blank[0]:  # YAML takes a tab there behind a plain value only
            at = line_end(self.text, at + blank[0].rindex("\t"))
        return Change(at, at, "".join(newline + line for line in lines), depth)

    def _into_empty_text(self, key: str, value: object) -> Change:
        style = self._around.style(None)
        lines = render_yaml.pair(key, value, 0, style)
        if self.root is not None:  # nothing behind `---`, and marked at the next token
            marker = self.text.rfind("---", 0, start(self.root))
            return self._lines(lines, max(marker, 0), 0)
        size = len(self.text)
        ended = size == 0 or self.text[-1] in "\r\n"  # else its last line stays without an end
        ordered = [*lines, ""] if ended else ["", *lines]
        return Change(size, size, style.newline.join(ordered), 0)

    def _new_key(self, mapping: MappingNode, key: str, value: object, depth: int) -> Change:
        style = self._around.style(mapping)
        if is_flow(mapping):
            if not is_closed(self.text, mapping):
                raise self.error("a pair without braces takes no second key", mapping)
            text = f"{render_yaml.key(key, style)}: {render_yaml.flow(value, style)}"
            return self._flow_item(mapping, "{", text, depth)
        lines = render_yaml.pair(key, value, key_column(self.text, mapping), style)
        begin = line_start(self.text, start(mapping.value[-1][0]))
        if self._is_open_text_block(mapping):
            if self.text[begin : start(mapping.value[-1][0])].strip(" "):
                raise self.error(_OPEN, mapping.value[-1][0])
            return Change(begin, begin, "".join(line + style.newline for line in lines), depth)
        return self._lines(lines, inner_end(self.text, mapping), depth)

    def _is_open_text_block(self, node: Node) -> bool:
        """Tell whether a node ends in the file's last line, to which a line end would add one."""
        while not isinstance(node, ScalarNode) and node.value:
            node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
        if end(node) < len(self.text) or self.text[-1] in "\r\n":
            return False
        header = self.text[start(node) : line_end(self.text, start(node))].split(" #", 1)[0]
        return getattr(node, "style", "") in ("|", ">") and "-" not in header

    def _behind_items(
        self, mapping: MappingNode, listed: SequenceNode, entries: Entries, depth: int
    ) -> Change:
        style = self._around.style(mapping, listed)
        if is_flow(listed):
            text = ", ".join(render_yaml.flow(entry, style) for entry in entries)
            return self._flow_item(listed, "[", text, depth)
        if self._is_open_text_block(listed):
            raise self.error(_OPEN, listed.value[-1])
        lines = render_yaml.items(entries, dash_column(self.text, listed), style)
        return self._lines(lines, inner_end(self.text, listed), depth)

    def _flow_item(self, node: Node, bracket: str, text: str, depth: int) -> Change:
        if node.value:
            at = inner_end(self.text, node)
            return Change(at, at, ", " + text, depth)
        at = self.text.index(bracket, self.bare(node)[0]) + 1
        text = f", {text}" if at in self._begun else text  # several keys come into one `{}`
        self._begun.add(at)
        return Change(at, at, text, depth)

    def _instead_of_nothing(
        self, mapping: MappingNode, pair: Pair, entries: Entries, depth: int
    ) -> list[Change]:
        text, style = self.text, self._around.style(mapping)
        begin, stop = self.bare(pair[1])
        key_end = content_end(text, pair[0])
        if begin == stop and ":" not in text[key_end:begin]:
            raise self.error("the key has no colon to put a list behind", pair[0])
        empty = begin == stop or _EMPTY_FLOW(text, begin, stop) or is_null(pair[1])
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

    def _placeholder(self, pair: Pair) -> tuple[int, int] | None:
        begin, stop = self.bare(pair[1])
        if is_null(pair[1]):
            return (begin, stop) if begin < stop or self.text[begin - 1] == ":" else None
        if isinstance(pair[1], MappingNode) and _EMPTY_FLOW(self.text, begin, stop):
            return begin, stop
        return None
