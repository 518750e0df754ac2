"""Lines on a narrow terminal: folded between words; for a script they stay whole."""

from __future__ import annotations

import io

import pytest

from chargen_batch.cli.folding import folded, width_of

SENTENCE = "run 20261122T080000Z-x7k2: completed, 24 of 24 done, 0 failed, 0 open, 0 left out"
HINT = "hint: next, type: chargen-batch resume --run 20261122T080000Z-x7k2 --wait --interval 1"


def test_a_sentence_breaks_between_words() -> None:
    lines = folded(SENTENCE, 80).split("\n")
    assert lines == [SENTENCE.removesuffix(" out"), "  out"]


def test_what_is_to_be_copied_stands_on_a_line_of_its_own() -> None:
    first, command = folded(HINT, 60).split("\n")
    assert first == "hint: next, type:"
    assert command.strip() == HINT.partition("type: ")[2]


def test_a_path_is_never_broken() -> None:
    path = "story/" + "long-name/" * 12
    assert folded(f"report: {path}", 80).split() == ["report:", path]


def test_what_a_line_begins_with_stays_and_the_rest_is_further_in() -> None:
    assert folded("  kept: " + "word " * 20, 40).split("\n")[1].startswith("    word")


@pytest.mark.parametrize("width", [None, 100])
def test_what_fits_or_goes_to_no_terminal_stays_as_it_is(width: int | None) -> None:
    assert folded(SENTENCE, width) == SENTENCE


def test_what_goes_to_no_terminal_has_no_width() -> None:
    assert width_of(io.StringIO()) is None
