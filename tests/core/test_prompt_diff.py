from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.core.prompt_diff import pieces, word_diff

LONG = " ".join(str(number) for number in range(100))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a red door", "a green door", "a [-red-]{+green+} door"),
        ("a door", "a green door", "a {+green+} door"),
        ("a red door", "a door", "a [-red-] door"),
        ("red", "green", "[-red-]{+green+}"),
        ("", "a door", "{+a door+}"),
        ("a door", "", "[-a door-]"),
        ("a door", "a  door\n", ""),
        ("", "", ""),
        ("one, two", "one; two", "[-one,-]{+one;+} two"),
        ("first.\n\nsecond", "first.\n\nthird", "first.\n\n[-second-]{+third+}"),
    ],
)
def test_words_taken_out_and_put_in_are_marked(old: str, new: str, expected: str) -> None:
    assert word_diff(old, new) == expected


def test_what_is_far_from_a_change_is_left_out() -> None:
    new = LONG.replace(" 50 ", " fifty ")
    assert word_diff(LONG, new, context=2) == "[...] 48 49 [-50-]{+fifty+} 51 52 [...]"


def test_what_is_between_two_changes_is_kept_at_both_ends() -> None:
    new = LONG.replace("20 ", "x ").replace("80 ", "y ")
    told = word_diff(LONG, new, context=1)
    assert told == "[...] 19 [-20-]{+x+} 21 [...] 79 [-80-]{+y+} 81 [...]"


def test_a_whole_diff_has_every_word() -> None:
    new = LONG.replace(" 50 ", " fifty ")
    assert word_diff(LONG, new, context=None) == LONG.replace(" 50 ", " [-50-]{+fifty+} ")


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_the_pieces_are_both_texts_in_whole(old: str, new: str) -> None:
    found = list(pieces(old, new))
    assert "".join(piece.old for piece in found).split() == old.split()
    assert "".join(piece.new for piece in found).split() == new.split()
    told = word_diff(old, new, context=None)
    assert bool(told) == (old.split() != new.split())
    kept = re.sub(r"\[-.*?-\]", "", told, flags=re.DOTALL)
    if told:
        assert re.sub(r"\{\+|\+\}", " ", kept).split() == new.split()
