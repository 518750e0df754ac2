"""Completing an entry, and replacing what is ours: on their lines, and nothing a person wrote."""

from __future__ import annotations

import pytest

from chargen_batch.story.splice import Append, Complete, Edit, Fill, SpliceError, splice

WORDS = Complete((), {"title": "T", "tags": ["a", "b"], "seen": {"mood": "calm", "of": {"x": 1}}})


def text_of(text: str, *edits: Edit) -> str:
    return splice(text.encode(), edits, where="x.yaml").decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "a: 1\n# end\n",
            'a: 1\ntitle: "T"\ntags: ["a", "b"]\nseen:\n  mood: "calm"\n  of: { x: 1 }\n# end\n',
        ),
        (
            "title: mine   # so\ntags: []   # none\nseen:\n",
            'title: mine   # so\ntags: ["a", "b"]   # none\nseen: {mood: "calm", of: {x: 1}}\n',
        ),
        (
            "title: ''\ntags: ~\nseen: {}",
            "title: 'T'\ntags: ['a', 'b']\nseen: {mood: 'calm', of: {x: 1}}",
        ),
        (
            "{title: x, tags: [y]}\n",
            '{title: x, tags: [y], seen: { mood: "calm", of: { x: 1 } }}\n',
        ),
        ("", 'title: "T"\ntags: ["a", "b"]\nseen:\n  mood: "calm"\n  of: { x: 1 }\n'),
        (
            "# c",
            '# c\ntitle: "T"\ntags: ["a", "b"]\nseen:\n  mood: "calm"\n  of: { x: 1 }',
        ),
        ("title: 0\ntags: false\nseen: |\n  x\n", "title: 0\ntags: false\nseen: |\n  x\n"),
    ],
)
def test_what_is_missing_or_says_nothing_is_given(old: str, new: str) -> None:
    assert text_of(old, WORDS) == new
    assert text_of(new, WORDS) == new


def test_an_entry_deep_in_a_list_is_completed_behind_its_last_line() -> None:
    old = "l:\n- path: a\n  content:\n      title: x\n  # of a\n- path: b\n"
    new = text_of(old, Complete(("l", 0, "content"), {"tags": []}), Complete(("l", 1), {"z": None}))

    assert new == old.replace("x\n", "x\n      tags: []\n") + "  z: null\n"


def test_empty_braces_take_several_keys_from_several_edits() -> None:
    edits = Append((), "l", ({"x": 1},)), Complete((), {"a": "b", "c": 2})

    assert text_of("{ } # c\n", *edits) == '{l: [{ x: 1 }], a: "b", c: 2 } # c\n'


def test_what_an_alias_shows_elsewhere_is_not_completed() -> None:
    with pytest.raises(SpliceError, match="alias"):
        text_of("a: &x {b: 1}\nc: *x\n", Complete(("c",), {"title": "T"}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a: 1   # c\nb: 2\n", 'a: "new"   # c\nb: 2\n'),
        ('a: "x: # y"\n', 'a: "new"\n'),
        ("a: &k old # c\n", 'a: &k "new" # c\n'),
        ("{a: [1, 2], b: 3}\n", '{a: "new", b: 3}\n'),
        ("a:\n  b: 1\n  c:\n    - d\n# end\nz: 1\n", 'a: "new"\n# end\nz: 1\n'),
        ("a:\n  b: 1   # mine\n  c: 2\n", "a:\n  b: 1   # mine\n  c: 2\n"),
        ("a: |\n  text\n", "a: |\n  text\n"),
        ("a: one\n  two\n", "a: one\n  two\n"),
        ("a:\n- 1\n", "a:\n- 1\n"),
        ("b: 1\n", "b: 1\n"),
    ],
)
def test_a_value_of_ours_is_replaced_where_no_words_of_others_can_be_in_it(
    old: str, new: str
) -> None:
    assert text_of(old, Fill((), {"a": "new"}, frozenset({"a"}))).replace("'", '"') == new
