"""Write into a user's YAML file without changing one other byte: text in, text out.

Places are found by the marks of the composed nodes; new lines take the indentation, quotes and line
ending of their neighbours; the new text is parsed and must equal the old data plus what was added.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from chargen_batch.story import collector, render_yaml
from chargen_batch.story.yaml_edits import (
    Append,
    Assign,
    Change,
    Complete,
    Edit,
    Entries,
    Fill,
    Former,
    Path,
    PutBack,
    Remove,
    SpliceError,
)
from chargen_batch.story.yaml_places import is_flow
from chargen_batch.story.yaml_remover import Remover, former, is_noted
from chargen_batch.story.yaml_setter import Setter
from chargen_batch.yaml12 import Composed, YamlError, compose, load

__all__ = [
    "Append",
    "Assign",
    "Complete",
    "Edit",
    "Fill",
    "Former",
    "Path",
    "PutBack",
    "Remove",
    "SpliceError",
    "former",
    "is_noted",
    "new_file",
    "plain",
    "splice",
    "splice_composed",
]

_BOM: Final = b"\xef\xbb\xbf"


@collector.paused()
def splice(raw: bytes, edits: Sequence[Edit], *, where: str) -> bytes:
    """Return `raw` with all edits made; raise YamlError for `raw`, SpliceError for an edit."""
    # The nodes are let go before the new text is parsed: their memory serves it again.
    return _checked(raw, _edited(compose(raw, where=where), edits, where), where)


@collector.paused()
def splice_composed(raw: bytes, composed: Composed, edits: Sequence[Edit], *, where: str) -> bytes:
    """Do what `splice` does for a file that has been composed already; `raw` is what it was."""
    return _checked(raw, _edited(composed, edits, where), where)


class _Edited(NamedTuple):
    """The new text, None where nothing changes, the data that it should hold, what was done."""

    new: bytes | None
    expected: object
    old: str
    changes: list[Change]


def _edited(composed: Composed, edits: Sequence[Edit], where: str) -> _Edited:
    placer = Setter(composed, where)
    changes: list[Change] = []
    data = _Draft(composed.data)
    try:
        for (path, key), entries in _by_list(edits).items():
            changes += placer.append(path, key, entries)
            data.append(path, key, entries)
        for edit in edits:
            if isinstance(edit, Fill | Complete):
                filled = placer.fill(edit) if isinstance(edit, Fill) else placer.complete(edit)
                changes += filled.values()
                data.fill(edit.path, {key: edit.values[key] for key in filled})
            elif isinstance(edit, Assign):
                changes += placer.assign(edit)
                data.fill(edit.path, {edit.key: edit.value})
        changes += _taken_out(composed, edits, data, where)
        new = _apply(composed.text, changes, where).encode("utf-8")
    except (TypeError, UnicodeEncodeError) as err:  # a value that YAML cannot hold
        raise SpliceError(f"a value cannot be written: {err}", where=where) from err
    return _Edited(new if changes else None, data.root, composed.text, changes)


def _taken_out(
    composed: Composed, edits: Sequence[Edit], data: "_Draft", where: str
) -> list[Change]:
    put_back = [edit for edit in edits if isinstance(edit, PutBack)]
    removed = _removed(edits)
    if not (put_back or removed):
        return []
    remover = Remover(composed, where)
    for edit in put_back:  # first: their paths count what is still in the lists
        remover.put_back(edit)
        data.put_back(edit.path, edit.key, edit.former)
    for each in removed:
        data.remove(each, remover.remove(each))
    if data.root == {} and composed.root is not None and not is_flow(composed.root):
        data.root = None  # the file had only what is taken out
    return remover.changes()


def _removed(edits: Iterable[Edit]) -> list[Remove]:
    """Return one edit for each list."""
    lists: dict[tuple[Path, str], Remove] = {}
    for edit in edits:
        if isinstance(edit, Remove):
            before = lists.get((edit.path, edit.key), edit)
            numbers = before.numbers | edit.numbers
            lists[edit.path, edit.key] = Remove(edit.path, edit.key, numbers, edit.former)
    return list(lists.values())


def _checked(raw: bytes, edited: _Edited, where: str) -> bytes:
    if edited.new is None:
        return raw
    new = _BOM + edited.new if raw.startswith(_BOM) else edited.new
    try:
        found = load(new, where=where)
    except YamlError as err:
        message = f"the edited text would not be YAML: {err.message}"
        line = _line_before(edited.old, edited.changes, err.line)
        raise SpliceError(message, where=where, line=line) from err
    if found != edited.expected:
        message = "the edited text would not hold the old values and the new ones"
        raise SpliceError(message, where=where)
    return new


def new_file(entity_type: str, slug: str, entries: Entries) -> bytes:
    """Return a whole imagery.yaml for an entity that has none."""
    style = render_yaml.Style()
    lines = [
        f"entity_type: {render_yaml.scalar(entity_type, style.quote)}",
        f"slug: {render_yaml.scalar(slug, style.quote)}",
        "image_inventory:" if entries else "image_inventory: []",
        *render_yaml.items(entries, style.dash, style),
    ]
    return "".join(line + "\n" for line in lines).encode("utf-8")


def _by_list(edits: Iterable[Edit]) -> dict[tuple[Path, str], list[Mapping[str, object]]]:
    lists: dict[tuple[Path, str], list[Mapping[str, object]]] = {}
    for edit in edits:
        if isinstance(edit, Append) and edit.entries:
            lists.setdefault((edit.path, edit.key), []).extend(edit.entries)
    return lists


def _in_order(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (change.begin, change.stop, -change.depth))


def _line_before(text: str, changes: Iterable[Change], line: int) -> int:
    """Return which line of a text one of the new text was, or that where it was put in."""
    at, done, more = 1, 0, 0
    for change in _in_order(changes):
        at += text.count("\n", done, change.begin)
        done = change.begin
        if at + more >= line:
            break
        more += change.text.count("\n") - text.count("\n", done, change.stop)
        if at + more >= line:
            return at
    return line - more


def _apply(text: str, changes: list[Change], where: str) -> str:
    pieces: list[str] = []
    done = 0
    for change in _in_order(changes):
        if change.begin < done:
            line = text.count("\n", 0, change.begin) + 1
            raise SpliceError("two edits change one place", where=where, line=line)
        pieces += [text[done : change.begin], change.text]
        done = change.stop
    return "".join([*pieces, text[done:]])


class _Draft:
    """What the file should hold afterwards: the old data, copied only along the edited paths."""

    def __init__(self, data: object) -> None:
        self.root = data
        self._copied: dict[int, object] = {}

    def append(self, path: Path, key: str, entries: Entries) -> None:
        mapping = self._mapping(path)
        old = mapping.get(key)
        mapping[key] = (old if isinstance(old, list) else []) + [plain(entry) for entry in entries]

    def fill(self, path: Path, values: Mapping[str, object]) -> None:
        if values:
            self._mapping(path).update({key: plain(value) for key, value in values.items()})

    def remove(self, edit: Remove, emptied: Former | None) -> None:
        listed = self._mapping(edit.path)[edit.key]
        left = [each for number, each in enumerate(listed) if number not in edit.numbers]
        if left:
            self._mapping(edit.path)[edit.key] = left
        else:
            self.put_back(edit.path, edit.key, emptied)

    def put_back(self, path: Path, key: str, former: Former | None) -> None:
        if former is None:
            del self._mapping(path)[key]
        else:
            self._mapping(path)[key] = plain(former.value)

    def _mapping(self, path: Path) -> Any:  # noqa: ANN401 - the placer has walked it with types
        node = self.root = self._copy({} if self.root is None else self.root)
        for step in path:
            child = self._copy(node[step])
            node[step] = child
            node = child
        return node

    def _copy(self, value: Any) -> Any:  # noqa: ANN401 - the same
        if id(value) not in self._copied:
            value = copy.copy(value)
            self._copied[id(value)] = value
        return value


def plain(value: object) -> object:
    """Return a value as it is read from a file again: of dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
