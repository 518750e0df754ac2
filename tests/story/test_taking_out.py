"""What was spliced in is taken out again: the bytes that were there are there again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings

from chargen_batch.story.inventory import node_at
from chargen_batch.story.splice import (
    Append,
    Fill,
    PutBack,
    Remove,
    SpliceError,
    former,
    is_noted,
    splice,
    splice_composed,
)
from chargen_batch.yaml12 import YamlError, compose
from tests.story.awkward import FILES
from tests.story.restoring import ENTRY, SMALL
from tests.story.test_shapes import edits_of, story_edits, takes
from tests.story.test_splice import STORY, story_files, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chargen_batch.story.splice import Edit
    from chargen_batch.yaml12 import Composed

TWO: Final = (SMALL, ENTRY)


def undoing(then: Composed, edits: Sequence[Append | Fill]) -> Iterator[Edit]:
    """Yield what takes edits back of a file that was ``then`` as it is."""
    for edit in edits:
        if isinstance(edit, Append):
            listed = getattr(node_at(then.data, edit.path), "get", lambda _key: ())(edit.key)
            begin = len(listed or ())
            numbers = frozenset(range(begin, begin + len(edit.entries)))
            yield Remove(edit.path, edit.key, numbers, former(then, edit.path, edit.key))
        else:
            node = node_at(then.data, edit.path)
            for key in edit.values:
                if isinstance(node, dict) and key in node and not node[key]:
                    yield PutBack(edit.path, key, former(then, edit.path, key))


def check(raw: bytes, then: Composed, edits: Sequence[Append | Fill]) -> None:
    new = splice_composed(raw, then, edits, where="x.yaml")
    assert splice(new, [*undoing(then, edits)], where="x.yaml") == raw


@pytest.mark.parametrize("ending", ["as it is", "CRLF", "no last newline"])
@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_entries_are_taken_out_of_any_file_again(text: str, ending: str) -> None:
    if ending == "CRLF":
        text = re.sub(r"(?<!\r)\n", "\r\n", text)
    elif ending == "no last newline":
        text = text.rstrip("\r\n")
    raw = text.encode()
    then = compose(raw, where="x.yaml")
    edits = [edit for edit in edits_of(then.data or {}) if takes(raw, then, edit)]
    for edit in edits:
        check(raw, then, [edit])
    check(raw, then, edits)


@given(texts())
@settings(max_examples=60, deadline=None)
def test_entries_are_taken_out_of_any_text_again(text: str) -> None:
    raw = text.encode()
    try:
        then = compose(raw, where="x.yaml")
    except YamlError:
        return
    if then.data is not None and not isinstance(then.data, dict):
        return
    for edit in edits_of(then.data or {}):
        if takes(raw, then, edit):
            check(raw, then, [edit])


@pytest.mark.skipif(not STORY.is_dir(), reason="no story beside the repository")
@pytest.mark.parametrize("path", story_files(), ids=lambda path: str(path.relative_to(STORY)))
def test_entries_are_taken_out_of_a_real_file_again(path: Path) -> None:
    raw = path.read_bytes()
    try:
        then = compose(raw, where=path.name)
    except YamlError:
        assert path.parent.name == "undershade-canyon"
        return
    edits = story_edits(then.data)
    for some in (edits[:1], edits[-1:], edits[::2], edits):
        check(raw, then, some)


MINE: Final = """\
l:
  # first
  - x: 1 # one
  # second
  - x: 2
    y: "# no comment"
  # third
  - {x: 3}
# tail
"""


@pytest.mark.parametrize(
    ("numbers", "gone"),
    [
        ({0}, ["  - x: 1 # one\n"]),
        ({1}, ['  - x: 2\n    y: "# no comment"\n']),
        ({0, 2}, ["  - x: 1 # one\n", "  - {x: 3}\n"]),
    ],
)
def test_comments_around_an_entry_stay(numbers: set[int], gone: list[str]) -> None:
    expected = MINE
    for lines in gone:
        expected = expected.replace(lines, "")
    edit = Remove((), "l", frozenset(numbers))
    assert splice(MINE.encode(), [edit], where="").decode() == expected


def test_a_list_that_is_empty_then_is_written_as_one() -> None:
    new = splice(MINE.encode(), [Remove((), "l", frozenset({0, 1, 2}))], where="")
    assert new.decode() == "l: []\n  # first\n  # second\n  # third\n# tail\n"


def test_a_key_does_not_go_while_comments_stand_in_its_list() -> None:
    edit = Remove((), "l", frozenset({0, 1, 2}), None)
    assert splice(MINE.encode(), [edit], where="").startswith(b"l: []\n  # first\n")


def test_edits_of_one_list_are_one() -> None:
    edits = [Remove((), "l", frozenset({number}), None) for number in range(2)]
    assert splice(b"l:\n  - 1\n  - 2\nb: 1\n", edits, where="") == b"b: 1\n"


@pytest.mark.parametrize(("path", "noted"), [(("l", 0), True), (("l", 1), False), (("l",), True)])
def test_a_comment_in_an_entry_is_found(path: tuple[str | int, ...], *, noted: bool) -> None:
    assert is_noted(compose(MINE.encode(), where=""), path) is noted


@pytest.mark.parametrize(
    ("text", "path", "noted"),
    [
        ("l: [{x: 1}] # mine\n", ("l", 0), False),
        ("m: {x: 1, l: [2]} # mine\n", ("m", "l", 0), False),
        ("l:\n  [{x: 1}] # mine\n", ("l", 0), False),
        ("l: [{x: 1, # mine\n  y: 2}]\n", ("l", 0), True),
        ("l:\n  - {x: 1} # mine\n", ("l", 0), True),
        ("m:\n  x: {y: 1} # mine\n", ("m", "x"), False),
        ("m:\n  x: 1 # mine\n", ("m", "x"), True),
    ],
)
def test_a_comment_behind_brackets_is_not_in_the_entry(
    text: str, path: tuple[str | int, ...], *, noted: bool
) -> None:
    assert is_noted(compose(text.encode(), where=""), path) is noted


@pytest.mark.parametrize(
    ("text", "edit", "left"),
    [
        ("l: [1, # one\n  2]\n", Remove((), "l", frozenset({0})), "l: [ # one\n  2]\n"),
        ("l: [1 # one,\n  , 2]\n", Remove((), "l", frozenset({0})), "l: [ # one,\n   2]\n"),
        ("l: [1, # one\n  2]\n", Remove((), "l", frozenset({1})), "l: [1, # one\n  ]\n"),
        ("l: [1, # a\n  2, 3]\n", Remove((), "l", frozenset({1})), "l: [1, # a\n  3]\n"),
        ("a: 1\nl: [1] # mine\n", Remove((), "l", frozenset({0}), None), "a: 1\n# mine\n"),
        ("l: [1] # mine\n", Remove((), "l", frozenset({0})), "l: [] # mine\n"),
    ],
)
def test_comments_among_and_behind_brackets_stay(text: str, edit: Edit, left: str) -> None:
    assert splice(text.encode(), [edit], where="").decode() == left


def test_several_keys_that_came_into_empty_braces_go_again() -> None:
    edits = [PutBack((), "b", None), PutBack((), "a", None)]
    assert splice(b"{a: [1], b: 2 }\n", edits, where="") == b"{ }\n"


@pytest.mark.parametrize(
    "text",
    [
        "# a\r\n# b\n",
        "# a\n# b\n# c\r\n",
        "a: 1\r\nb: |\n  x\n\n  y",
        "a: 1\nb: |\r\n  x\r\n\r\n  y",
        "a: 1\r\nb: 2\nc: 3\r\n",
    ],
)
@pytest.mark.parametrize("entries", [(SMALL,), TWO], ids=["one", "two"])
def test_line_ends_of_two_kinds_stay_as_they_were(
    text: str, entries: tuple[dict[str, object], ...]
) -> None:
    raw = text.encode()
    check(raw, compose(raw, where=""), [Append((), "l", entries)])


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        ("l: 1\n", Remove((), "l", frozenset({0})), "not the list that was read"),
        ("l: [1]\n", Remove((), "l", frozenset({1})), "not the list that was read"),
        ("l: &a [1]\nm: *a\n", Remove((), "l", frozenset({0})), "an alias refers to this"),
        ("l: [1]\n", PutBack((), "m", None), "there is no m"),
        ("l:\n  -\n    x: 1\n  - 2\n", Remove((), "l", frozenset({0})), "behind its dash"),
        ("l:\n  - x: 1\n    y: 2\n", PutBack(("l", 0), "x", None), "does not begin its line"),
    ],
)
def test_what_cannot_be_taken_out_is_refused_and_told(text: str, edit: Edit, why: str) -> None:
    with pytest.raises(SpliceError, match=why):
        splice(text.encode(), [edit], where="x.yaml")
