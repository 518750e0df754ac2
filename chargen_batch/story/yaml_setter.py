"""Which characters of a YAML text change when one value of a mapping is set."""

import re
from typing import Final

from chargen_batch.story import render_yaml
from chargen_batch.story.render_yaml import Quote
from chargen_batch.story.yaml_edits import Assign, Change, Former, Path
from chargen_batch.story.yaml_nodes import Pair, pair_of
from chargen_batch.story.yaml_placer import Placer
from chargen_batch.story.yaml_places import (
    column,
    content_end,
    is_closed,
    is_flow,
    key_column,
    line_end,
)
from chargen_batch.yaml12 import MappingNode, Node, ScalarNode, end, start

_ALIAS: Final = re.compile(r"\*[^\s,\[\]{}]+")
_COLON: Final = re.compile(r"[ \t]*:")
_HEADER: Final = re.compile(r"[|>][-+0-9]*")
_QUOTES: Final[dict[str, Quote]] = {'"': '"', "'": "'"}


class Setter(Placer):
    """A placer that also replaces a scalar, or enters one beside its neighbour."""

    def assign(self, edit: Assign) -> list[Change]:
        """Place a value: over the scalar behind its key, or behind the first neighbour there is."""
        mapping = self.mapping_at(edit.path)
        pair = pair_of(mapping, edit.key)
        if pair is not None:
            return self._instead(mapping, pair, edit.value, len(edit.path) + 1)
        found = (pair_of(mapping, name) for name in edit.behind)
        neighbour = next((each for each in found if each), None)
        if neighbour is None:
            return [self._new_key(mapping, edit.key, edit.value, len(edit.path))]
        return [self._behind(mapping, neighbour, edit, len(edit.path))]

    def former(self, path: Path, key: str, value: object) -> Former | None:
        """Return what stands behind a key, its value being known; None where the key is missing."""
        pair = pair_of(self.mapping_at(path), key)
        if pair is None:
            return None
        begin, text = content_end(self.text, pair[0]), self.text
        if self._is_alias(pair):
            stop = self._alias(pair)[1]
        elif start(pair[1]) == end(pair[1]):  # nothing, which is marked at the next token
            stop = self._behind_colon(pair)
        else:
            stop = content_end(text, pair[1])
        return Former("", text[begin:stop], value)

    def _instead(self, mapping: MappingNode, pair: Pair, value: object, depth: int) -> list[Change]:
        node = pair[1]
        if self._is_alias(pair):  # it goes; what it named stays as it is
            return [Change(*self._alias(pair), self._scalar(mapping, value), depth)]
        if not isinstance(node, ScalarNode):
            raise self.error(f"{pair[0].value} is not one value", node)
        begin, stop = self.bare(self.own(node))
        if begin == stop:  # nothing at all, which is marked at the next token
            at = self._behind_colon(pair)
            return [Change(at, at, " " + self._scalar(mapping, value), depth)]
        if node.style in ("|", ">"):
            return self._instead_of_block(mapping, node, begin, value, depth)
        text = render_yaml.scalar(value, _QUOTES.get(node.style or "", ""))
        return [Change(begin, stop, text, depth)]

    def _instead_of_block(
        self, mapping: MappingNode, node: Node, begin: int, value: object, depth: int
    ) -> list[Change]:
        """Put a value over a block's sign and take its lines out; a comment at the sign stays."""
        header = _HEADER.match(self.text, begin)
        ends = header.end() if header else begin
        first = line_end(self.text, begin)
        return [
            Change(begin, ends, self._scalar(mapping, value), depth),
            Change(first, max(first, content_end(self.text, node)), "", depth),
        ]

    def _behind(self, mapping: MappingNode, neighbour: Pair, edit: Assign, depth: int) -> Change:
        style, at = self._around.style(mapping), self._pair_end(neighbour)
        if not is_flow(mapping):
            lines = render_yaml.pair(edit.key, edit.value, key_column(self.text, mapping), style)
            return self._lines(lines, at, depth)
        if not is_closed(self.text, mapping):
            raise self.error("a pair without braces takes no second key", mapping)
        begin = start(neighbour[0])
        ahead = self.text[begin - column(self.text, begin) : begin]
        gap = " " if ahead.strip(" \t") or not ahead else style.newline + ahead
        text = f"{render_yaml.key(edit.key, style)}: {render_yaml.flow(edit.value, style)}"
        return Change(at, at, f",{gap}{text}", depth)

    def _scalar(self, mapping: MappingNode, value: object) -> str:
        return render_yaml.scalar(value, self._around.style(mapping).quote)

    def _is_alias(self, pair: Pair) -> bool:
        return start(pair[1]) < content_end(self.text, pair[0])

    def _alias(self, pair: Pair) -> tuple[int, int]:
        found = _ALIAS.search(self.text, content_end(self.text, pair[0]))
        if found is None:
            raise self.error("what stands behind the key is not found", pair[0])
        return found.span()

    def _behind_colon(self, pair: Pair) -> int:
        found = _COLON.match(self.text, content_end(self.text, pair[0]))
        if found is None:
            raise self.error("the key has no colon to put a value behind", pair[0])
        return found.end()

    def _pair_end(self, pair: Pair) -> int:
        if self._is_alias(pair):
            return self._alias(pair)[1]
        begin, stop = self.bare(pair[1])
        if begin < stop:
            return content_end(self.text, pair[1])
        colon = self._behind_colon(pair)
        return colon if self.text[colon:begin].strip(" \t") else begin
