"""YAML 1.2 (core schema) over PyYAML's C parser: data, and nodes with their marks.

The only file that imports yaml. Data are built from the composed nodes by a small constructor of
our own, because PyYAML's reads YAML 1.1 (`0777` as octal) and keeps the last of two equal keys. A
mark's `index` counts characters of `Composed.text`; its `line` also breaks at U+0085: not used.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from chargen_batch.model.yaml_slips import excerpt, plain_words, shown_at
from chargen_batch.model.yaml_tags import (
    FLOAT,
    FLOAT_TEXT,
    INT,
    INT_TEXT,
    MAP,
    NUMBER_STARTS,
    SEQ,
    STR,
    WORDS,
    scalar_value,
)

__all__ = ["Composed", "MappingNode", "Node", "ScalarNode", "SequenceNode", "YamlError"]
__all__ += ["compose", "end", "load", "position", "start"]

VERSION: Final = f"1.2-1 PyYAML {yaml.__version__}"  # to be raised when data are read otherwise
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_ALIASED_NODES: Final = 100_000  # what all aliases of a file may add, nested ones multiplied
MAX_DEPTH: Final = 200  # the C parser recurses: a file of 50,000 brackets would end the process

# What libyaml's reader accepts, turned round.
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


class YamlError(ValueError):
    """A text that cannot be read: `where` it is, its 1-based `line` and `column`, why, the line."""

    def __init__(
        self, message: str, *, where: str, line: int = 1, column: int = 1, excerpt: str = ""
    ) -> None:
        super().__init__(f"{where}:{line}:{column}: {message}")
        self.where, self.line, self.column, self.message = where, line, column, message
        self.excerpt = excerpt


@dataclass(frozen=True, slots=True)
class Composed:
    """One parse: the text (without a BOM), its root node (None when empty), and its data."""

    text: str
    root: Node | None
    data: object


def load(raw: bytes, *, where: str) -> object:
    """Read the data of the one document in `raw`; raise YamlError, naming `where`."""
    return compose(raw, where=where).data


def compose(raw: bytes, *, where: str) -> Composed:
    """Read nodes and data in one parse; raise YamlError, naming `where`."""
    text = _decode(raw, where)
    try:
        root = _Parser(text, where).get_single_node()
    except yaml.YAMLError as err:
        raise _translate(err, text, where) from err
    data = None if root is None else _Builder(text, where).build(root)
    return Composed(text, root, data)


def start(node: Node) -> int:
    """Return the index of the node's first character."""
    return int(node.start_mark.index)


def end(node: Node) -> int:
    """Return the index behind the node; a block collection's lies past what follows it."""
    return int(node.end_mark.index)


def position(text: str, index: int) -> tuple[int, int]:
    r"""Return the 1-based line and column of `index` as editors count them: lines end at `\n`."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _decode(raw: bytes, where: str) -> str:
    if len(raw) > MAX_BYTES:
        raise YamlError(f"{len(raw):,} bytes; at most {MAX_BYTES:,} are read", where=where)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as err:
        before = raw[: err.start].decode("utf-8").removeprefix("\ufeff")
        line, column = position(before, len(before))
        found = f"byte 0x{raw[err.start]:02x} is not UTF-8"
        raise YamlError(found, where=where, line=line, column=column) from err
    if text.startswith("\ufeff"):  # the parser would skip it without counting it
        raise YamlError("a second byte order mark", where=where)
    return text


def _error(
    text: str, where: str, index: int, problem: str, second: tuple[str, int] | None = None
) -> YamlError:
    what, opened = problem, second[1] if second else None
    if second is not None:
        problem += " ({}, line {}, column {})".format(second[0], *position(text, second[1]))
    problem = ": ".join(filter(None, (problem, plain_words(text, index, what, opened))))
    shown = excerpt(text, shown_at(text, index, what, opened))
    line, column = position(text, index)
    return YamlError(problem, where=where, line=line, column=column, excerpt=shown)


def _translate(err: yaml.YAMLError, text: str, where: str) -> YamlError:
    if not isinstance(err, yaml.MarkedYAMLError):  # a ReaderError, which knows no line
        found = _UNPRINTABLE.search(text)
        if found is None:
            return _error(text, where, 0, str(err))
        what = f"character U+{ord(found[0]):04X} is not allowed in YAML"
        return _error(text, where, found.start(), what)
    context, mark, context_mark = err.context, err.problem_mark, err.context_mark
    second = (context, context_mark.index) if context and context_mark and mark else None
    mark = mark or context_mark
    what = err.problem or context or "not YAML"
    return _error(text, where, mark.index if mark else 0, what, second)


class _Parser(CParser):
    """The C parser, asking us for the tags of untagged nodes and telling us how deep it is.

    It calls `descend_resolver` and `ascend_resolver` around every node. Methods of a dict of the
    open nodes do for them: functions in Python would take a sixth of the time.
    """

    def __init__(self, text: str, where: str) -> None:
        super().__init__(text)
        self.error = partial(_error, text, where)
        self.open: dict[Node | None, object] = {}
        many_tags = text.count("!") >= MAX_DEPTH  # of a tagged collection `resolve` is not asked
        self.descend_resolver = self._descend if many_tags else self.open.setdefault
        self.ascend_resolver = self.open.popitem

    def resolve(self, kind: type[Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is ScalarNode:
            if implicit[0]:  # plain, without a tag
                if value in WORDS:
                    return WORDS[value][0]
                if value[0] in NUMBER_STARTS:
                    return INT if INT_TEXT(value) else FLOAT if FLOAT_TEXT(value) else STR
            return STR
        if len(self.open) >= MAX_DEPTH:
            raise self._too_deep()
        return MAP if kind is MappingNode else SEQ

    def _descend(self, parent: Node | None, index: object) -> None:
        self.open[parent] = index
        if len(self.open) > MAX_DEPTH:
            raise self._too_deep()

    def _too_deep(self) -> YamlError:
        parent = next(reversed(self.open))
        return self.error(start(parent) if parent else 0, f"nested more than {MAX_DEPTH} deep")


class _Builder:
    """Builds data from nodes; collections that an alias reaches are built once and shared."""

    def __init__(self, text: str, where: str) -> None:
        self._error = partial(_error, text, where)
        self._aliases = "*" in text and "&" in text
        self._built: dict[int, tuple[object, int]] = {}  # id(node): its data, its size in nodes
        self._open: set[int] = set()
        self._made = self._aliased = 0

    def build(self, node: Node) -> object:
        if type(node) is ScalarNode:
            return node.value if node.tag == STR else self._scalar(node)
        if not self._aliases:
            return self._collection(node)
        return self._shared(node)

    def _shared(self, node: Node) -> object:
        key = id(node)
        if key in self._built:
            data, size = self._built[key]
            self._made += size
            self._aliased += size
            if self._aliased > MAX_ALIASED_NODES:
                raise self._error(start(node), f"aliases add more than {MAX_ALIASED_NODES:,} nodes")
            return data
        if key in self._open:
            raise self._error(start(node), "an alias stands inside of what it refers to")
        self._open.add(key)
        before = self._made
        data = self._collection(node)
        self._open.discard(key)
        self._built[key] = data, self._made - before
        return data

    def _collection(self, node: Node) -> object:
        self._made += len(node.value) + 1
        if node.tag == MAP and type(node) is MappingNode:
            return self._mapping(node)
        if node.tag == SEQ and type(node) is SequenceNode:
            inside = node.value  # most items are texts, and calling for each costs most
            return [n.value if n.tag == STR and n.id == "scalar" else self.build(n) for n in inside]
        raise self._error(start(node), f"tag {_short(node.tag)} is not known here")

    def _mapping(self, node: MappingNode) -> dict[object, object]:
        made: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value if key_node.tag == STR else self.build(key_node)
            if type(key) is list or type(key) is dict:
                second = ("while reading the mapping", start(node))
                raise self._error(start(key_node), "a key must be a scalar", second)
            if value_node.tag == STR and type(value_node) is ScalarNode:
                made[key] = value_node.value
            else:
                made[key] = self.build(value_node)
        if len(made) != len(node.value):
            raise self._duplicate(node)
        return made

    def _duplicate(self, node: MappingNode) -> YamlError:
        seen: dict[object, int] = {}
        for key_node, _ in node.value:
            key, at = self.build(key_node), start(key_node)
            if seen.setdefault(key, at) != at:
                return self._error(at, f"duplicate key {key!r}", ("first seen", seen[key]))
        return self._error(start(node), "duplicate key")

    def _scalar(self, node: ScalarNode) -> object:
        try:
            return scalar_value(node.tag, node.value)
        except ValueError:  # also of an int of more than 4,300 digits, which Python refuses
            found = f"cannot read {node.value[:40]!r} as {_short(node.tag)}"
            raise self._error(start(node), found) from None


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
