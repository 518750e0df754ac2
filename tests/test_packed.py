"""Items that wait in a file come back as they were, whichever are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import packed
from chargen_batch.packed import Form, Packed, Spool, gathered, loosened, picked, records

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = Form(str.encode, bytes.decode)
WORDS: Final = ("amber", "", "lamp\n", "l\u00e6g", "quay" * 9)
ODD: Final = "\udcff"  # of a name that is not UTF-8


@pytest.fixture(params=["in memory", "in a file"])
def words(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> object:
    """Return the words, packed."""
    monkeypatch.setattr(packed, "FEW", 1)
    if request.param == "in a file":
        monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 3)
    return gathered(WORDS, TEXT, tmp_path)


def test_items_come_back_in_their_order_each_time(words: Packed[str]) -> None:
    assert isinstance(words, Packed)
    assert (tuple(words), tuple(words)) == (WORDS, WORDS)


def test_any_item_is_looked_at_without_the_others(words: Packed[str]) -> None:
    assert (words[2], words[-1], tuple(words[1:3]), len(words)) == (
        *(WORDS[2], WORDS[-1], WORDS[1:3]),
        len(WORDS),
    )


def test_some_of_the_items_are_a_sequence_of_their_own(words: Packed[str]) -> None:
    some = picked(words, [3, 0])
    assert (isinstance(some, Packed), tuple(some)) == (True, (WORDS[3], WORDS[0]))


def test_nothing_of_it_is_seen_in_the_folder(words: Packed[str], tmp_path: Path) -> None:
    assert (len(words), list(tmp_path.iterdir())) == (len(WORDS), [])


def test_few_items_are_kept_as_they_are(tmp_path: Path) -> None:
    kept = gathered(iter(WORDS), TEXT, tmp_path)
    assert (kept, picked(kept, [1])) == (WORDS, (WORDS[1],))


def test_few_packed_items_are_loosened(words: Packed[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert loosened(words) is words
    monkeypatch.setattr(packed, "FEW", len(WORDS))
    assert loosened(words) == WORDS


def test_records_are_the_same_of_what_is_packed_and_what_is_not(words: Packed[str]) -> None:
    sizes, raw = records(words, TEXT)
    assert (sizes, tuple(raw)) == records(WORDS, TEXT)


def test_what_has_no_form_is_kept_beside_and_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "FEW", 0)
    mixed = gathered(("a", ODD, "b"), TEXT, tmp_path)
    assert (tuple(mixed), tuple(picked(mixed, [1]))) == (("a", ODD, "b"), (ODD,))
    with pytest.raises(UnicodeEncodeError):
        records(mixed, TEXT)


def test_a_folder_that_takes_no_file_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 0)
    spool = Spool(tmp_path / "not there")
    begins = [spool.add(word.encode()) for word in WORDS]
    assert spool.read(begins[-1], 4) == b"quay"


def test_what_is_packed_equals_what_is_not_and_tells_how_much_it_is(words: Packed[str]) -> None:
    assert (words == WORDS, words[1:3] == words[1:3], words == WORDS[1:]) == (True, True, False)
    assert repr(words) == "<5 items>"
