"""Reading values out of a story's mappings, whatever an author put there."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chargen_batch.model.task import PathStep

    YamlPath = tuple[PathStep, ...]

# What neither a prompt nor a line of JSON should carry; line feeds and tabs stay.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff]")
_LINE_ENDS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
_MAX_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Layer:
    """A mapping of a story's file, and the path where it stands."""

    path: YamlPath
    fields: Mapping[str, object]

    def inner(self, key: str) -> Layer | None:
        """Return the mapping under ``key``; ``None`` where there is none."""
        value = self.fields.get(key)
        return Layer((*self.path, key), value) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Field:
    """A value found in a layer, and the path where it stands."""

    path: YamlPath
    value: object


def clean(value: object) -> str:
    r"""Return a scalar as text: NFC, ``\n`` line ends, no other controls, no space at the ends.

    Empty for what is no text: null, booleans, collections.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    if not text.isprintable():  # most texts are, and have none of these
        text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def unwrapped(value: object) -> str:
    """Return a scalar as one line: where an author broke the lines says nothing."""
    return _one_line(value) if type(value) is str else " ".join(clean(value).split())


@lru_cache(maxsize=4096)  # the targets of an entity share most of what is asked for here
def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def texts(value: object) -> tuple[str, ...]:
    """Return all texts in a value, one line each; a mapping's as ``its key: its text``."""
    if type(value) is str:  # what most values are
        return (text,) if (text := _one_line(value)) else ()
    return tuple(_texts(value, 0))


def _texts(value: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if inner := ", ".join(_texts(item, depth + 1)):
                yield f"{unwrapped(key).replace('_', ' ')}: {inner}"
    elif text := unwrapped(value):
        yield text


def has_text(value: object) -> bool:
    """Say whether a value is a text, or a list with one."""
    if isinstance(value, list):
        return any(isinstance(item, str) and item.strip() for item in value)
    return isinstance(value, str) and bool(value.strip())


def _says_nothing(value: object) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, list | dict) and not value)


def first(layers: Iterable[Layer], *names: str) -> Field | None:
    """Return the first value that says something: by name in the order given, then by layer.

    A name may be dotted: ``palette.avoid`` is ``avoid`` in the mapping ``palette``.
    """
    layers = tuple(layers)
    for name in names:
        if "." in name:
            for found in every(layers, name):
                return found
            continue
        for layer in layers:  # what ``every`` does, without its cost: this is asked most of all
            value = layer.fields.get(name)
            if value is not None and not _says_nothing(value):
                return Field((*layer.path, name), value)
    return None


def nearest(layers: Iterable[Layer], *names: str) -> Field | None:
    """Return the first value that says something: by layer, then by name in the order given."""
    for layer in layers:
        for name in names:
            if "." in name:
                for found in every((layer,), name):
                    return found
            elif (value := layer.fields.get(name)) is not None and not _says_nothing(value):
                return Field((*layer.path, name), value)
    return None


def every(layers: Iterable[Layer], name: str) -> Iterator[Field]:
    """Yield the values of ``name`` in all layers that have one, the nearest first."""
    outer, _, last = name.rpartition(".")
    for layer in layers:
        found = _inner(layer, outer) if outer else layer
        value = found.fields.get(last) if found else None
        if found and value is not None and not _says_nothing(value):
            yield Field((*found.path, last), value)


def _inner(layer: Layer, name: str) -> Layer | None:
    found: Layer | None = layer
    for step in name.split("."):
        found = found.inner(step) if found else None
    return found
