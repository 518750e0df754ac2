from __future__ import annotations

import pytest
from markupsafe import Markup

from chargen_batch.report import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "under a second"),
        (9.4, "9 s"),
        (60, "1 min 0 s"),
        (3_599.4, "59 min 59 s"),
        (7_260, "2 h 1 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_time_is_said_by_its_two_largest_units(seconds: float, words: str) -> None:
    assert wording.span(seconds).striptags() == words


def test_time_is_there_for_machines_too() -> None:
    assert wording.span(12.5) == '<time datetime="PT12.500S">12 s</time>'
    at = "2026-11-22T08:00:00Z"
    assert wording.moment(at) == f'<time datetime="{at}">2026-11-22 08:00 UTC</time>'


@pytest.mark.parametrize(
    ("amount", "words"), [(0, "$0.00"), (0.067, "$0.067"), (1, "$1.00"), (1234.5, "$1,234.50")]
)
def test_price_is_said_to_the_cent_or_to_what_says_anything(amount: float, words: str) -> None:
    assert wording.usd(amount) == words


def test_only_texts_that_come_from_elsewhere_are_made_visible() -> None:
    assert wording.visible("plain ü 😀\n\t\r") == "plain ü 😀\n\t\r"
    assert wording.visible(Markup("\x1b")) == "\x1b"
    assert wording.visible(7) == 7
