"""Where things stand in a composed YAML text: ends, lines, columns, and the style around them.

Everything is found by character index: libyaml breaks lines at U+0085 and U+2028, editors do not.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final, TypeVar

from chargen_batch.story.render_yaml import Quote, Style
from chargen_batch.yaml12 import MappingNode, Node, ScalarNode, SequenceNode, end, start

T = TypeVar("T")

_BREAK: Final = re.compile(r"[\r\n]")
_ALIAS: Final = re.compile(r"\*[^\s,\[\]{}]+")
_DASH: Final = re.compile(r"-[ \t]*(?:#[^\r\n]*)?\s*\Z")
_QUOTES: Final[dict[str, Quote]] = {'"': '"', "'": "'", "": ""}
MOST_MEASURED: Final = 500  # nodes, from the end up, that tell how a text is written


def line_start(text: str, index: int) -> int:
    """Return where the line of `index` begins."""
    return max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1


def line_end(text: str, index: int) -> int:
    """Return where the line of `index` ends, before its line break."""
    found = _BREAK.search(text, index)
    return found.start() if found else len(text)


def column(text: str, index: int) -> int:
    """Return the 0-based column of `index`."""
    return index - line_start(text, index)


def is_flow(node: Node) -> bool:
    """Tell whether a collection is written in brackets or braces."""
    return bool(getattr(node, "flow_style", False))


def content_end(text: str, node: Node) -> int:
    """Return the index behind the node's last character, without what follows it.

    A block collection's own end mark lies past the comments and blank lines behind it, so this goes
    down to its last scalar.
    """
    if isinstance(node, ScalarNode):
        return _block_scalar_end(text, node) if node.style in ("|", ">") else end(node)
    if not node.value or is_closed(text, node):
        return end(node)
    return inner_end(text, node)


def inner_end(text: str, node: Node) -> int:
    """Return the index behind the last thing in a collection that is not empty.

    An alias has the marks of what it names, which stands before it: it is found in the text.
    """
    if isinstance(node, SequenceNode):
        aliases = _trailing_aliases(node)
        own = node.value[: len(node.value) - aliases]
        behind = content_end(text, own[-1]) if own else start(node)
        return _alias_end(text, behind, aliases)
    key, value = node.value[-1]
    if start(key) < start(node):
        return _alias_end(text, start(node), 2 if start(value) < start(node) else 1)
    behind = content_end(text, key)
    if start(value) < behind:
        return _alias_end(text, behind, 1)
    if start(value) == end(value) and _BREAK.search(text, behind, start(value)):
        return behind  # `? key` alone: its null is marked at the next token
    return content_end(text, value)


def is_closed(text: str, node: Node) -> bool:
    """Tell of a flow collection that it has brackets: the pair in `[a: b]` has none."""
    return is_flow(node) and text[start(node)] in "[{&!" and text[end(node) - 1] in "]}"


def _trailing_aliases(node: Node) -> int:
    # An alias starts where its anchor does: before its list, or before an item ahead of it.
    reached, own = start(node) - 1, 0
    for number, item in enumerate(node.value, 1):
        if start(item) > reached:
            reached, own = start(item), number
    return len(node.value) - own


def _alias_end(text: str, index: int, count: int) -> int:
    for _ in range(count):
        found = _ALIAS.search(text, index)
        if found is None:
            break
        index = found.end()
    return index


def _block_scalar_end(text: str, node: Node) -> int:
    header = text[start(node) : line_end(text, start(node))].split(" #", 1)[0]
    stop = end(node)
    inside = text[start(node) : stop].rstrip(" \t\r\n")
    tail = text[line_end(text, start(node) + len(inside)) : stop]
    # Blank lines behind are content when kept (`|+`) or longer than the indentation.
    if "+" not in header[max(header.rfind("|"), header.rfind(">")) :] and not tail.strip("\r\n"):
        return stop - len(tail)
    for newline in ("\r\n", "\n", "\r"):
        if text.endswith(newline, 0, stop):
            return stop - len(newline)
    return stop


def dash_column(text: str, node: SequenceNode) -> int:
    """Return the column of a block list's dashes."""
    index = start(node)
    if text[index] != "-":  # an anchor or a tag stands before the list
        found = _DASH.search(text, index, start(node.value[0]))
        index = found.start() if found else index
    return column(text, index)


def key_column(text: str, node: MappingNode) -> int:
    """Return the column of a block mapping's keys."""
    index = start(node)
    if text[index] in "&!":  # the mapping's, on a line of its own, or the first key's
        index = start(node.value[0][0])
    return column(text, index)


def walk(root: Node | None) -> Iterator[tuple[Node, bool]]:
    """Yield each node once, and once more, with True, for each further place that it stands at."""
    seen: set[int] = set()
    todo = [root] if root is not None else []
    while todo:
        node = todo.pop()
        again = id(node) in seen
        yield node, again
        if not again and not isinstance(node, ScalarNode):
            pairs = isinstance(node, MappingNode)
            todo += [child for pair in node.value for child in pair] if pairs else node.value
        seen.add(id(node))


def shared_nodes(text: str, root: Node | None) -> frozenset[int]:
    """Return the ids of the nodes that aliases refer to."""
    if "*" not in text or "&" not in text:
        return frozenset()
    return frozenset(id(node) for node, again in walk(root) if again)


def newline_of(text: str) -> str:
    r"""Return the line ending that most lines have; `\n` where there is none."""
    crlf = text.count("\r\n")
    bare = {"\r\n": crlf, "\n": text.count("\n") - crlf, "\r": text.count("\r") - crlf}
    return max(bare, key=lambda ending: bare[ending]) if any(bare.values()) else "\n"


class Surroundings:
    """The style of a whole text, measured when it is first asked for; narrowed for one place."""

    def __init__(self, text: str, root: Node | None) -> None:
        self._text = text
        self._root = root
        self.newline = newline_of(text)
        self._whole: Style | None = None

    def style(self, mapping: Node | None, listed: Node | None = None) -> Style:
        """Return the style for entries of `listed`, which stands (or will stand) in `mapping`."""
        if self._whole is None:
            self._whole = self._measure(self._root, Style(newline=self.newline), plain=False)
        if isinstance(listed, SequenceNode) and listed.value:
            return self._measure(listed.value[-1], self._whole, plain=True, listed=listed)
        if isinstance(mapping, MappingNode) and is_flow(mapping):
            return self._measure(mapping, self._whole, plain=False)
        return self._whole

    def _measure(
        self, node: Node | None, base: Style, *, plain: bool, listed: SequenceNode | None = None
    ) -> Style:
        quotes: Counter[Quote] = Counter()
        keys: Counter[Quote] = Counter()
        steps: Counter[int] = Counter()
        dashes: Counter[int] = Counter()
        gaps: Counter[int] = Counter()
        for inner, again in islice(walk(node), MOST_MEASURED):
            if again:
                continue
            if isinstance(inner, MappingNode):
                self._count_mapping(inner, quotes, keys, steps, dashes)
            elif isinstance(inner, SequenceNode) and not is_flow(inner) and inner.value:
                self._count_gap(inner, gaps)
        if listed is not None and not is_flow(listed):
            gaps.clear()
            self._count_gap(listed, gaps)
        if not plain:
            del quotes[""]  # in a whole file, plain values are mostly slugs and numbers
        return Style(
            quote=_most(quotes, base.quote),
            key_quote=_most(keys, base.key_quote),
            step=_most(steps, base.step),
            dash=_most(dashes, base.dash),
            gap=_most(gaps, base.gap),
            newline=base.newline,
        )

    def _count_mapping(
        self,
        node: MappingNode,
        quotes: Counter[Quote],
        keys: Counter[Quote],
        steps: Counter[int],
        dashes: Counter[int],
    ) -> None:
        own = None if is_flow(node) else key_column(self._text, node)
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.style in _QUOTES:
                keys[_QUOTES[key.style]] += 1
            if isinstance(value, ScalarNode):
                if value.tag.endswith(":str") and value.style in _QUOTES:
                    quotes[_QUOTES[value.style]] += 1
            elif own is None or is_flow(value) or start(value) < start(key):
                continue
            elif isinstance(value, SequenceNode):
                dashes[max(0, dash_column(self._text, value) - own)] += 1
            elif isinstance(value, MappingNode):
                steps[max(1, key_column(self._text, value) - own)] += 1

    def _count_gap(self, node: SequenceNode, gaps: Counter[int]) -> None:
        dash = dash_column(self._text, node)
        for item in node.value:
            inside = column(self._text, start(item)) - dash
            if inside > 1 and self._text[start(item) - inside] == "-" and start(item) != end(item):
                gaps[inside] += 1


def _most(counted: Counter[T], default: T) -> T:
    return counted.most_common(1)[0][0] if counted else default
