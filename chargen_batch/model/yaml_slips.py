"""The usual slips in YAML, in plain words, and the line where one stands.

The parser's words say what it expected; these say what the author most likely did. Pure text.
"""

from __future__ import annotations

import re
from typing import Final

_WIDTH: Final = 72  # characters of a line that are shown
_WITHOUT_END: Final = (
    "found unexpected end of stream",
    "did not find expected ',' or",
    "could not find expected ':'",
)
_SAID: Final = {
    "did not find expected node content": "a bracket is not closed, or a value is missing in it",
    "found unknown escape character": (
        "in double quotes a backslash is special: write \\\\, or use single quotes"
    ),
}
_HAS_VALUE: Final = re.compile(r"\s*(?:- +)*[^\s#][^#]*?:\s")
_QUOTED_THEN_MORE: Final = re.compile(r"""[:\-,\[{]\s+("[^"]*"|'[^']*')\s*\S""")
_STARTS: Final = "@`%&*!|>"


def excerpt(text: str, index: int) -> str:
    """Return the line of a place with its number, and a caret under the place; empty at the end."""
    line = _line(text, index)
    if not line.strip():
        return ""
    at = index - _line_start(text, index)
    first = max(0, at - _WIDTH + 12)
    shown = "".join(each if each.isprintable() or each == "\t" else "?" for each in line[first:])
    number = f"{text.count(chr(10), 0, index) + 1:>6} | "
    under = "".join(each if each == "\t" else " " for each in shown[: at - first])
    return f"{number}{shown[:_WIDTH].rstrip()}\n{' ' * (len(number) - 2)}| {under}^"


def shown_at(text: str, index: int, what: str, opened: int | None) -> int:
    """Return the place to show: where that begins which has no end, never an empty line."""
    if what.startswith(_WITHOUT_END) and opened is not None:
        index = opened
    return index if _line(text, index).strip() else len(text[:index].rstrip())


def plain_words(text: str, index: int, what: str, opened: int | None) -> str:
    """Return what an author most likely did; empty where that is not known.

    Args:
        text: The file.
        index: The place of the problem.
        what: The problem in the parser's words.
        opened: The place of its context: where that begins which the parser was reading.

    """
    line = _line(text, index)
    if "\t" in line[: _indent(line)]:
        return "a tab is in the indentation: YAML takes spaces only"
    if what.startswith("mapping values are not allowed"):
        return _second_colon(text, index)
    return (
        _SAID.get(what, "")
        or _without_end(text, what, opened)
        or _not_a_text(text, index, what, opened)
        or _wrong_indentation(text, index, what, opened)
    )


def _without_end(text: str, what: str, opened: int | None) -> str:
    """Say so of what begins and has no end: a quote, a bracket, a text over several lines."""
    if opened is None or not what.startswith(_WITHOUT_END):
        return ""
    sign, number = text[opened : opened + 1], _number(text, opened)
    if what.startswith("could not find expected ':'"):
        return f"line {number} is no 'key: value'; a text over several lines is indented deeper"
    if sign in ("'", '"'):
        return f"the quote {sign} of line {number} is never closed"
    if sign in ("[", "{"):
        return f"the bracket {sign} of line {number} is not closed, or a comma is missing"
    return ""


def _second_colon(text: str, index: int) -> str:
    before = text[_line_start(text, index) : index]
    if _HAS_VALUE.match(before):
        return "a text with ': ' in it needs quotes around all of it"
    above = text[: _line_start(text, index)].rstrip()
    number = _number(text, len(above))
    return f"this line is indented deeper than line {number}, which has a value already"


def _not_a_text(text: str, index: int, what: str, opened: int | None) -> str:
    """Say so of a text whose first character means something to YAML."""
    marks = "cannot start any token", "undefined alias", "alphabetic or numeric", "comment or line"
    at = next((one for one in (opened, index) if one is not None and text[one : one + 1]), None)
    if at is None or text[at] not in _STARTS or not any(mark in what for mark in marks):
        return ""
    return f"a text that begins with {text[at]} needs quotes around all of it"


def _wrong_indentation(text: str, index: int, what: str, opened: int | None) -> str:
    if opened is None or not what.startswith("did not find expected"):
        return ""
    line, start = _line(text, index), _line_start(text, index)
    if index - start != _indent(line):
        is_after_quote = _QUOTED_THEN_MORE.search(line)
        return "text goes on behind the closing quote: quote all of it" if is_after_quote else ""
    if _indent(line) == opened - _line_start(text, opened):
        return f"the list that begins in line {_number(text, opened)} goes on with what is no '- '"
    above = len(text[:start].rstrip())
    wanted = f"line {_number(text, above)} above it by {_indent(_line(text, above))}"
    return f"this line is indented by {_indent(line)} space(s), {wanted}: one of them is wrong"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line(text: str, index: int) -> str:
    start = _line_start(text, index)
    end = text.find("\n", start)
    return text[start : len(text) if end < 0 else end].rstrip("\r")


def _number(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1
