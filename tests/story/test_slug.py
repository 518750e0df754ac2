from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.story.slug import authored_id, file_stem, in_words, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Record of Weight", "the-record-of-weight"),
        ("  Down, down -- & out!  ", "down-down-out"),
        ("Grüße aus KÖLN", "grüsse-aus-köln"),
        ("灯台の光", "灯台の光"),
        ("ﬁre №7", "fire-no7"),
        ("snake_case", "snake-case"),
        ("¡…!", ""),
        ("", ""),
    ],
)
def test_a_slug_keeps_letters_and_digits_of_any_script(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.text())
def test_a_slug_of_a_slug_is_itself(text: str) -> None:
    assert slug(slug(text)) == slug(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Lamp Room", "Lamp Room"),
        ("cafe\u0301", "café"),
        (7, "7"),
        (True, None),
        (1.5, None),
        ("", None),
        ("two\nlines", None),
        (["a"], None),
        (None, None),
    ],
)
def test_an_authors_id_is_taken_as_it_is(value: object, expected: str | None) -> None:
    assert authored_id(value) == expected


@pytest.mark.parametrize("stem", ["lamp-room", "zone__image", "ch15.5-moment-01", "a"])
def test_an_id_that_is_a_file_name_is_its_own_stem(stem: str) -> None:
    assert file_stem(stem) == stem


@pytest.mark.parametrize(
    ("target_id", "readable"),
    [
        ("Lamp Room", "lamp-room"),
        ("../../etc/passwd", "-..-etc-passwd"),
        (".hidden", "hidden"),
        ("con", "con"),
        ("nul.png", "nul-png"),
        ("灯台", "target"),
        ("ends.", "ends"),
        ("x" * 81, "x" * 73),
    ],
)
def test_any_other_id_becomes_a_safe_stem_with_six_hex(target_id: str, readable: str) -> None:
    digits = hashlib.sha256(target_id.encode()).hexdigest()[:6]
    assert file_stem(target_id) == f"{readable.strip('-.')}-{digits}"


@given(st.text())
def test_every_stem_is_a_name_that_every_file_system_takes(target_id: str) -> None:
    stem = file_stem(target_id)
    assert re.fullmatch(r"[a-z0-9_-][a-z0-9._-]*", stem)
    assert len(stem) <= 80
    assert stem.partition(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


def test_an_id_in_words_reads_like_a_title() -> None:
    assert in_words("the-lamp_room") == "The Lamp Room"
