"""The usual slips in YAML are told in plain words, and shown."""

from __future__ import annotations

from typing import Final

import pytest

from chargen_batch import yaml12
from chargen_batch.cli.problem_formats import text_of
from chargen_batch.errors import Problem

# A text, the end of what is said of it, and the line and caret that are shown.
SLIPS: Final[dict[str, tuple[str, str, str]]] = {
    "a tab": (
        "scenes:\n\t- title: A\n",
        "a tab is in the indentation: YAML takes spaces only",
        "     2 | \t- title: A\n       | ^",
    ),
    "a colon in a plain text": (
        "a:\n  b: He says: no\n",
        "a text with ': ' in it needs quotes around all of it",
        "     2 |   b: He says: no\n       |             ^",
    ),
    "a line that is too deep": (
        "a: b\n  c: d\n",
        "this line is indented deeper than line 1, which has a value already",
        "     2 |   c: d\n       |    ^",
    ),
    "a line that is not deep enough": (
        "scenes:\n  - title: A\n    scene: B\n   mood: C\n",
        "this line is indented by 3 space(s), line 3 above it by 4: one of them is wrong",
        "     4 |    mood: C\n       |    ^",
    ),
    "a quote that is not closed": (
        'a: b\nc: "open\nd: e\n',
        'the quote " of line 2 is never closed',
        '     2 | c: "open\n       |    ^',
    ),
    "a quote that is closed too early": (
        "a: 'it's fine'\nb: c\n",
        "text goes on behind the closing quote: quote all of it",
        "     1 | a: 'it's fine'\n       |        ^",
    ),
    "a bracket that is not closed": (
        "a: [1\nb: 2\n",
        "the bracket [ of line 1 is not closed, or a comma is missing",
        "     1 | a: [1\n       |    ^",
    ),
    "a bracket at the end": (
        "zones: [\n",
        "a bracket is not closed, or a value is missing in it",
        "     1 | zones: [\n       |         ^",
    ),
    "a text that begins with a sign": (
        "a: @home\n",
        "a text that begins with @ needs quotes around all of it",
        "     1 | a: @home\n       |    ^",
    ),
    "a line that is no key": (
        "a: b\nhello\nc: d\n",
        "line 2 is no 'key: value'; a text over several lines is indented deeper",
        "     2 | hello\n       | ^",
    ),
    "a backslash": (
        'a: "c:\\dir"\n',
        "in double quotes a backslash is special: write \\\\, or use single quotes",
        '     1 | a: "c:\\dir"\n       |       ^',
    ),
    "a list that goes on as a mapping": (
        "a:\n  - b\n  c: d\n",
        "the list that begins in line 2 goes on with what is no '- '",
        "     3 |   c: d\n       |   ^",
    ),
}


def _error(text: str) -> yaml12.YamlError:
    with pytest.raises(yaml12.YamlError) as caught:
        yaml12.load(text.encode(), where="f.yaml")
    return caught.value


@pytest.mark.parametrize("case", SLIPS)
def test_a_usual_slip_is_told_in_plain_words(case: str) -> None:
    text, words, shown = SLIPS[case]
    error = _error(text)
    assert error.message.endswith(f": {words}")
    assert error.excerpt == shown


def test_the_caret_stands_below_a_tab_however_wide_it_is() -> None:
    number, caret = _error("a:\n \t\t- b\n").excerpt.split("\n")
    assert number == "     2 |  \t\t- b"
    assert caret.rstrip("^").strip(" |\t") == ""


def test_of_a_long_line_what_is_around_the_place_is_shown() -> None:
    line, caret = _error(f"a: {'word ' * 60}b: c\n").excerpt.split("\n")
    assert len(line) <= 85
    assert line[caret.index("^")] == ":"


def test_an_excerpt_has_nothing_that_a_terminal_obeys() -> None:
    assert "\x1b" not in _error("a: \x1b[31m\n").excerpt


def test_a_problem_is_one_line_and_is_told_with_its_excerpt() -> None:
    problem = Problem("f.yaml", 1, 4, "wrong", excerpt="     1 | a: @\n       |    ^")
    assert str(problem) == "f.yaml:1:4: wrong"
    assert text_of(problem).splitlines()[1:] == ["     1 | a: @", "       |    ^"]
