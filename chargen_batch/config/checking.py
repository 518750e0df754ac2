"""Whether a value fits its setting, and in whose words that is said when it does not."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

import msgspec

from chargen_batch.model.settings import ScenarioDefaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chargen_batch.model.task import PathStep

    Path = tuple[PathStep, ...]

# What may stand in the mappings whose keys are no settings of their own; `*` is any key.
_SCENARIOS: Final = tuple(ScenarioDefaults.__struct_fields__)
_PRICES: Final = ("input", "output", "512", "1K", "2K", "4K")
_KEYS: Final[dict[Path, tuple[str, ...]]] = {
    ("style", "scenarios"): _SCENARIOS,
    ("prices", "*"): _PRICES,
}
# What msgspec's messages call a kind of value, and what people call it.
_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_SHOWN: Final = 40


def is_group(kind: object) -> bool:
    """Say whether a setting's type is a group of settings."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def faults(value: object, kind: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - a type
    """Yield all that is wrong in a setting's value, each with its path."""
    match get_origin(kind), value:
        case (origin, dict()) if origin is dict:
            known = _KEYS.get(path) or _KEYS.get((*path[:-1], "*"))
            for key, item in value.items():
                yield from _key_faults(key, known, (*path, str(key)))
                yield from faults(item, get_args(kind)[1], (*path, str(key)))
        case (origin, list()) if origin is tuple:
            for index, item in enumerate(value):
                yield from faults(item, get_args(kind)[0], (*path, index))
        case (origin, _) if origin is Literal and value not in get_args(kind):
            allowed = get_args(kind)
            near = nearest(value, allowed, otherwise="")
            yield path, f"expected one of {', '.join(allowed)}, found {found(value)}{near}"
        case _:
            yield from _type_fault(value, kind, path)


def _key_faults(
    key: object, known: tuple[str, ...] | None, path: Path
) -> Iterator[tuple[Path, str]]:
    if not isinstance(key, str):
        yield path, f"expected a key in quotes, found {found(key)}"
    elif known and key not in known:
        yield path, f"unknown key {key}{nearest(key, known)}"


def _type_fault(value: object, kind: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - a type
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as err:
        expected = re.sub(r", got .*| - at .*", "", str(err)).removeprefix("Expected ")
        words = re.sub(r"`([a-z]+)(.*?)`", _in_words, expected).replace(".0", "")
        yield path, f"expected {words}, found {found(value)}"


def _in_words(kind: re.Match[str]) -> str:
    return f"{_KINDS.get(kind[1], kind[1])}{kind[2].replace(' | null', ' or null')}"


def found(value: object) -> str:
    """Return what a value is, for a message."""
    match value:
        case None:
            return "nothing"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case bool():
            return str(value).lower()
        case _:
            text = repr(value)
            return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def nearest(name: object, known: Iterable[str], *, otherwise: str = "; known are: ") -> str:
    """Return ``; did you mean …?`` for a name that is not known, or else what is known."""
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"{otherwise}{', '.join(known)}" if otherwise else ""
