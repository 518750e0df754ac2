"""Which characters of a YAML text go when entries and values are taken out of it again."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from chargen_batch.story.yaml_edits import NOTHING_LISTED, Change, Former, Path, PutBack, Remove
from chargen_batch.story.yaml_ground import Ground, bare
from chargen_batch.story.yaml_nodes import Pair, child_of, pair_of
from chargen_batch.story.yaml_places import (
    content_end,
    is_flow,
    line_end,
    line_start,
    newline_of,
    walk,
)
from chargen_batch.yaml12 import Composed, MappingNode, Node, ScalarNode, SequenceNode, start

Span = tuple[int, int]

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_LAST_BREAK: Final = re.compile(r"(?:\r\n|\n|\r)\Z")
_COMMA: Final = re.compile(r",\s*\Z")
_COMMA_BEHIND: Final = re.compile(r"(?:\s|#[^\r\n]*)*,")
_ITEM_BEGINS: Final = re.compile(r"[ \t]*-[ \t]+").fullmatch


class Remover(Ground):
    """Turns what is to go from one composed text into changes of its characters.

    Whole lines are gathered: those of several edits may stand one behind the other.
    """

    def __init__(self, composed: Composed, where: str) -> None:
        super().__init__(composed, where)
        self._lines: list[Span] = []
        self._dropped: dict[int, tuple[MappingNode, set[int]]] = {}
        self._changes: list[Change] = []

    def remove(self, edit: Remove) -> Former | None:
        """Take items out of a list; return what is written where it is empty then."""
        mapping, pair = self._pair_at(edit.path, edit.key)
        listed = self.own(pair[1])
        known = range(len(listed.value)) if isinstance(listed, SequenceNode) else ()
        if not isinstance(listed, SequenceNode) or not edit.numbers <= set(known):
            raise self.error(f"{edit.key} is not the list that was read", pair[1])
        if len(edit.numbers) < len(listed.value):
            self._take_items(listed, edit.numbers)
            return NOTHING_LISTED
        if edit.former is None and not self._is_noted(pair[0], listed):
            self._drop(mapping, pair)
            return None
        former = edit.former or NOTHING_LISTED
        begin = content_end(self.text, pair[0])
        if not is_flow(listed):
            self._take_items(listed, edit.numbers)
            return self._write(begin, begin, former)
        if self._is_noted(listed, listed):
            self._take_items(listed, edit.numbers)
            return NOTHING_LISTED
        return self._write(begin, content_end(self.text, listed), former)

    def put_back(self, edit: PutBack) -> None:
        """Write what stood behind a key, or take the key out."""
        mapping, pair = self._pair_at(edit.path, edit.key)
        if edit.former is None:
            self._drop(mapping, pair)
            return
        begin, stop = content_end(self.text, pair[0]), content_end(self.text, self.own(pair[1]))
        self._changes.append(Change(begin, stop, edit.former.head + edit.former.tail, 0))

    def changes(self) -> list[Change]:
        """Return all that is to be changed; a missing last newline stays missing."""
        for mapping, numbers in self._dropped.values():
            pairs = [(start(key), self._end(key, value)) for key, value in mapping.value]
            self._take_between(pairs, numbers)
        spans: list[Span] = []
        for begin, stop in sorted(self._lines):
            follows = spans and _BREAK.fullmatch(self.text, spans[-1][1], begin)
            spans.append((spans.pop()[0] if follows else begin, stop))
        newline = newline_of(self.text)
        return [*self._changes, *(self._without(begin, stop, newline) for begin, stop in spans)]

    def _without(self, begin: int, stop: int, newline: str) -> Change:
        # Lines are put in with the break ahead of them, and some with the one behind: where these
        # differ, what is like the lines' own came with them, and the other one was there.
        ahead = _LAST_BREAK.search(self.text[max(0, begin - 2) : begin])
        behind = _BREAK.match(self.text, stop)
        inside = _BREAK.search(self.text, begin, stop)
        own = inside[0] if inside else newline
        if ahead and (ahead[0] == own or not behind):
            return Change(begin - len(ahead[0]), stop, "", 0)
        return Change(begin, behind.end() if behind else stop, "", 0)

    def _pair_at(self, path: Path, key: str) -> tuple[MappingNode, Pair]:
        mapping = self.mapping_at(path)
        pair = pair_of(mapping, key)
        if pair is None:
            raise self.error(f"there is no {key}", mapping)
        return mapping, pair

    def _write(self, begin: int, stop: int, former: Former) -> Former:
        """Write the value that a list had; in a block its head may still be there."""
        if begin == stop:
            there = self.text.startswith(former.head, begin)
            former = former if there else NOTHING_LISTED
            stop = self.text.index(former.head, begin) + len(former.head)
            begin = stop - len(former.head)
        self._changes.append(Change(begin, stop, former.head + former.tail, 0))
        return former

    def _take_items(self, listed: SequenceNode, numbers: frozenset[int]) -> None:
        items: Sequence[Node] = listed.value
        if is_flow(listed):
            spans = [(start(item), content_end(self.text, item)) for item in items]
            self._take_between(spans, numbers)
            return
        for number in sorted(numbers):
            begin = line_start(self.text, start(self.own(items[number])))
            if not _ITEM_BEGINS(self.text, begin, start(items[number])):
                raise self.error("the entry does not begin behind its dash", items[number])
            self._lines.append((begin, line_end(self.text, content_end(self.text, items[number]))))

    def _drop(self, mapping: MappingNode, pair: Pair) -> None:
        """Take a key out with its value."""
        self.own(pair[1])
        if is_flow(mapping):
            number = next(n for n, each in enumerate(mapping.value) if each[0] is pair[0])
            self._dropped.setdefault(id(mapping), (mapping, set()))[1].add(number)
            return
        begin = line_start(self.text, start(pair[0]))
        if self.text[begin : start(pair[0])].strip(" "):
            raise self.error("the key does not begin its line", pair[0])
        stop = self._end(*pair)
        behind = line_end(self.text, stop)
        comment = self.text.find("#", stop, behind)
        if is_flow(pair[1]) and comment >= 0:  # nobody was asked about that one: see is_noted
            self._changes.append(Change(start(pair[0]), comment, "", 0))
        else:
            self._lines.append((begin, behind))

    def _end(self, key: Node, value: Node) -> int:
        return max(content_end(self.text, key), content_end(self.text, value))

    def _take_between(self, spans: Sequence[Span], numbers: Collection[int]) -> None:
        """Take things out from between brackets, each with one comma."""
        first_kept = next((n for n in range(len(spans)) if n not in numbers), len(spans))
        for number in sorted(numbers):
            begin, stop = spans[number]
            ahead = spans[number - 1][1] if number > first_kept else begin
            if comma := _COMMA.search(self.text, ahead, begin):
                begin = comma.start()
            elif number + 1 < len(spans):
                stop = self._with_comma(stop, spans[number + 1][0])
            self._changes.append(Change(begin, stop, "", 0))

    def _with_comma(self, stop: int, following: int) -> int:
        """Return where a thing ends with its comma: of a comment there the comma alone goes."""
        comma = _COMMA_BEHIND.match(self.text, stop, following)
        if comma is None or "#" not in self.text[stop:following]:
            return following
        self._changes.append(Change(comma.end() - 1, comma.end(), "", 0))
        return stop

    def _is_noted(self, first: Node, last: Node) -> bool:
        return _has_comment(self.text, start(first), content_end(self.text, last), (first, last))


def former(composed: Composed, path: Path, key: str) -> Former | None:
    """Return what stands behind a key, None where the key is not there."""
    node = composed.root
    for step in path:
        node = child_of(node, step)
    pair = pair_of(node, key) if isinstance(node, MappingNode) else None
    if pair is None:
        return None
    text, behind = composed.text, content_end(composed.text, pair[0])
    begin, stop = bare(composed.text, pair[1])[0], content_end(composed.text, pair[1])
    head = text[behind:begin].rstrip(" \t")
    value = _value_at(composed.data, (*path, key))
    if begin < behind or stop < begin:  # an alias: it is marked where its anchor stands
        return NOTHING_LISTED
    return Former(head, text[behind + len(head) : stop], value)


def is_noted(composed: Composed, path: Path) -> bool:
    """Tell whether a person wrote a comment into what stands at a path.

    What is behind it on its line counts where that line is its own: behind brackets it may have
    been there before, and it stays.
    """
    around: Node | None = None
    node: Node | None = composed.root
    for step in path:
        around, node = node, child_of(node, step)
    if node is None:
        return False
    stop = content_end(composed.text, node)
    is_inside = around is not None and is_flow(around)
    if not is_inside and not (is_flow(node) and isinstance(around, MappingNode)):
        stop = line_end(composed.text, stop)
    return _has_comment(composed.text, start(node), stop, (node,))


def _has_comment(text: str, begin: int, stop: int, nodes: Iterable[Node]) -> bool:
    scalars = sorted(
        (start(node), content_end(text, node))
        for top in nodes
        for node, _again in walk(top)
        if isinstance(node, ScalarNode)
    )
    at = begin
    for left, right in scalars:
        if "#" in text[at:left]:
            return True
        at = max(at, right)
    return "#" in text[at:stop]


def _value_at(data: object, path: Path) -> object:
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return data
