"""Letters that would not show, or that a terminal would obey."""

from __future__ import annotations

import pytest

from chargen_batch.core.unseen import in_one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 😀\n\t\r", "plain ü 😀\n\t\r"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("\x9b2J", "⟨U+009B⟩2J"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
    ],
)
def test_what_would_be_obeyed_has_a_sign(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_text_in_a_line_does_not_end_it() -> None:
    assert in_one_line("new\nline\r\x1b") == "new␊line␍␛"
