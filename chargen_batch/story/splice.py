"""Write into a user's YAML file without changing one other byte: text in, text out.

Places are found by the marks of the composed nodes; new lines take the indentation, quotes and line
ending of their neighbours; the new text is parsed and must equal the old data plus what was added.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from chargen_batch.story import collector, render_yaml
from chargen_batch.story.yaml_edits import (
    Append,
    Change,
    Complete,
    Edit,
    Entries,
    Fill,
    Path,
    SpliceError,
)
from chargen_batch.story.yaml_placer import Placer
from chargen_batch.yaml12 import Composed, YamlError, compose, load

__all__ = [
    "Append",
    "Complete",
    "Edit",
    "Fill",
    "Path",
    "SpliceError",
    "new_file",
    "splice",
    "splice_composed",
]

_BOM: Final = b"\xef\xbb\xbf"


@collector.paused()
def splice(raw: bytes, edits: Sequence[Edit], *, where: str) -> bytes:
    """Return `raw` with all edits made; raise YamlError for `raw`, SpliceError for an edit."""
    # The nodes are let go before the new text is parsed: their memory serves it again.
    return _checked(raw, *_edited(compose(raw, where=where), edits, where), where)


@collector.paused()
def splice_composed(raw: bytes, composed: Composed, edits: Sequence[Edit], *, where: str) -> bytes:
    """Do what `splice` does for a file that has been composed already; `raw` is what it was."""
    return _checked(raw, *_edited(composed, edits, where), where)


def _edited(composed: Composed, edits: Sequence[Edit], where: str) -> tuple[bytes | None, object]:
    """Return the new text, None where nothing changes, and the data that it should hold."""
    placer = Placer(composed, where)
    changes: list[Change] = []
    data = _Draft(composed.data)
    try:
        for (path, key), entries in _by_list(edits).items():
            changes += placer.append(path, key, entries)
            data.append(path, key, entries)
        for edit in edits:
            if not isinstance(edit, Append):
                filled = placer.fill(edit) if isinstance(edit, Fill) else placer.complete(edit)
                changes += filled.values()
                data.fill(edit.path, {key: edit.values[key] for key in filled})
        new = _apply(composed.text, changes, where).encode("utf-8")
    except (TypeError, UnicodeEncodeError) as err:  # a value that YAML cannot hold
        raise SpliceError(f"a value cannot be written: {err}", where=where) from err
    return (new if changes else None), data.root


def _checked(raw: bytes, new: bytes | None, expected: object, where: str) -> bytes:
    if new is None:
        return raw
    new = _BOM + new if raw.startswith(_BOM) else new
    _check(new, expected, where)
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


def _apply(text: str, changes: list[Change], where: str) -> str:
    pieces: list[str] = []
    done = 0
    for change in sorted(changes, key=lambda change: (change.begin, change.stop, -change.depth)):
        if change.begin < done:
            line = text.count("\n", 0, change.begin) + 1
            raise SpliceError("two edits change one place", where=where, line=line)
        pieces += [text[done : change.begin], change.text]
        done = change.stop
    return "".join([*pieces, text[done:]])


def _check(new: bytes, expected: object, where: str) -> None:
    try:
        found = load(new, where=where)
    except YamlError as err:
        message = f"the edited text would not be YAML: {err.message}"
        raise SpliceError(message, where=where, line=err.line) from err
    if found != expected:
        message = "the edited text would not hold the old values and the new ones"
        raise SpliceError(message, where=where)


class _Draft:
    """What the file should hold afterwards: the old data, copied only along the edited paths."""

    def __init__(self, data: object) -> None:
        self.root = data
        self._copied: dict[int, object] = {}

    def append(self, path: Path, key: str, entries: Entries) -> None:
        mapping = self._mapping(path)
        old = mapping.get(key)
        mapping[key] = (old if isinstance(old, list) else []) + [_plain(entry) for entry in entries]

    def fill(self, path: Path, values: Mapping[str, object]) -> None:
        if values:
            self._mapping(path).update({key: _plain(value) for key, value in values.items()})

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


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
