"""Whether what a program or a command asks for is something that can be."""

from __future__ import annotations

import functools
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec

from chargen_batch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import DataclassInstance


def hold(name: str, value: object, kind: object) -> None:
    """Hold a value to the type that it has by its annotation, and to that type's bounds.

    Raises:
        ConfigError: It is something else.

    """
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as err:
        said = str(err)
        known = ", ".join(word for word in get_args(kind) if isinstance(word, str))
        hint = f"there is {known}" if known else ""
        raise ConfigError(f"{name}={value!r}: {said[0].lower()}{said[1:]}", hint=hint) from None


def hold_each(choices: DataclassInstance) -> None:
    """Hold each field of a dataclass to its annotation.

    Raises:
        ConfigError: One is something else.

    """
    kinds = _kinds(type(choices))
    for each in fields(choices):
        hold(each.name, getattr(choices, each.name), kinds[each.name])


def globs(name: str, value: Iterable[str]) -> tuple[str, ...]:
    """Return several words; a single one is no list of its letters.

    Raises:
        ConfigError: It is a single word, or there is something else among them.

    """
    if isinstance(value, str):
        raise ConfigError(f"{name}={value!r}: expected several", hint=f"give {name}=[{value!r}]")
    words = list(value)
    hold(name, words, list[str])
    return tuple(words)


@functools.cache
def _kinds(choices: type[Any]) -> dict[str, Any]:
    return get_type_hints(choices, include_extras=True)
