"""How new YAML looks: entries and values as text, in the style of what stands around them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan
from typing import Final, Literal

Quote = Literal['"', "'", ""]  # "" is plain, where that is safe

QUOTES: Final[tuple[Quote, ...]] = ('"', "'", "")

# Escaped in double quotes: what a reader may take for a line end or refuse, and `"` and `\`.
_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_SHORT: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_PLAIN: Final = re.compile(r"[A-Za-z](?:[\w./ -]{0,78}[\w./-])?", re.ASCII).fullmatch
# What YAML 1.1 readers convert as well: other tools read these files too.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Style:
    """How the neighbours are written: quotes of values and keys, columns, line ending."""

    quote: Quote = '"'
    key_quote: Quote = ""
    step: int = 2  # columns from a mapping's key to those of a mapping in it
    dash: int = 2  # columns from a key to the dashes of its list
    gap: int = 2  # columns from a dash to the item behind it
    newline: str = "\n"


def scalar(value: object, quote: Quote) -> str:
    """Render a string, number, bool or None on one line; TypeError for anything else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and (isinf(value) or isnan(value)):
        return ".nan" if isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value, quote)
    raise TypeError(f"{type(value).__name__} has no place in a story file")


def flow(value: object, style: Style, pad: str = " ") -> str:
    """Render any value on one line; mappings have `pad` inside of their braces."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key(k, style)}: {flow(v, style, pad)}" for k, v in value.items())
        return f"{{{pad}{inner}{pad}}}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(item, style, pad) for item in value)}]"
    return scalar(value, style.quote)


def items(entries: Sequence[Mapping[str, object]], column: int, style: Style) -> list[str]:
    """Render entries as lines of a block list whose dashes stand at `column`."""
    lines = []
    for entry in entries:
        body = _entry(entry, column + style.gap, style) or [" " * (column + style.gap) + "{}"]
        first = " " * column + "-" + " " * (style.gap - 1) + body[0][column + style.gap :]
        lines += [first, *body[1:]]
    return lines


def key(name: object, style: Style) -> str:
    """Render a mapping's key: plain where that is safe, quoted where the neighbours are."""
    return _text(str(name), style.key_quote)


def pair(name: str, value: object, column: int, style: Style) -> list[str]:
    """Render a key at `column` with its value; mappings in a list are items of a block list."""
    if isinstance(value, list | tuple) and value and all(isinstance(v, Mapping) for v in value):
        head = " " * column + key(name, style) + ":"
        return [head, *items(value, column + style.dash, style)]
    return _entry({name: value}, column, style)


def _entry(entry: Mapping[str, object], column: int, style: Style) -> list[str]:
    lines = []
    for name, value in entry.items():
        head = " " * column + key(name, style) + ":"
        if isinstance(value, Mapping) and value:
            inner = " " * (column + style.step)
            lines.append(head)
            lines += [f"{inner}{key(k, style)}: {flow(v, style)}" for k, v in value.items()]
        else:
            lines.append(f"{head} {flow(value, style)}")
    return lines


def _text(value: str, quote: Quote) -> str:
    if quote == "" and _PLAIN(value) and value.lower() not in _WORDS:
        return value
    if quote == "'" and not _ESCAPED.search(value.replace('"', "").replace("\\", "")):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _SHORT:
        return _SHORT[char]
    return f"\\x{ord(char):02x}" if ord(char) <= 0xFF else f"\\u{ord(char):04x}"  # noqa: PLR2004 - a byte
