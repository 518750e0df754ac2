"""One value of an entry is set, and not one other byte of its file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.story.splice import Append, Assign, PutBack, SpliceError, splice
from chargen_batch.yaml12 import load
from tests.story.awkward import FILES, PURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.splice import Edit, Path

OURS = {"id": "a-1", "path": "images/a-1.png", "status": "draft", "generation": {"task_key": "k"}}
BEHIND = ("status", "type", "path", "id")
NOTE = "Zu dunkel: # nein\n\t\"q\" 'q' \\ \x00\x07\x7f\x85\u2028\ufeff 😀"


def spliced(text: str | bytes, *edits: Edit) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return splice(raw, edits, where="x.yaml")


def changed(text: str, key: str, value: object, *behind: str) -> str:
    return spliced(text, Assign(("l", 0), key, value, behind)).decode()


def mappings(data: object, path: Path = ()) -> Iterator[tuple[Path, dict[str, object]]]:
    """Go through the mappings in a file's data whose keys are all texts."""
    if isinstance(data, dict):
        if data and all(isinstance(key, str) for key in data):
            yield path, data
        children: Any = data.items()
    else:
        children = enumerate(data) if isinstance(data, list) else ()
    for step, child in children:
        if isinstance(step, str | int):
            yield from mappings(child, (*path, step))


PLACES = [
    pytest.param(text, path, key, id=f"{name}: {path} {key}")
    for name, text in FILES.items()
    for path, mapping in mappings(load(text.encode(), where=name))
    for key in mapping
]


@pytest.mark.parametrize("text", PURE.values(), ids=PURE.keys())
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_entry_of_ours_is_decided_and_undecided_to_the_same_bytes(
    text: str, newline: str
) -> None:
    raw = spliced(text.replace("\n", newline), Append((), "image_inventory", (OURS,)))
    listed: Any = load(raw, where="")
    at = ("image_inventory", len(listed["image_inventory"]) - 1)
    decided = (Assign(at, "status", "rejected", BEHIND), Assign(at, "review_note", NOTE, BEHIND))

    new = spliced(raw, *decided)

    listed["image_inventory"][-1] |= {"status": "rejected", "review_note": NOTE}
    assert load(new, where="") == listed
    back = (Assign(at, "status", "draft"), PutBack(at, "review_note", None))
    assert spliced(new, *back) == raw


@pytest.mark.parametrize(("text", "path", "key"), PLACES)
def test_a_value_that_is_set_leaves_what_is_around_it(text: str, path: Path, key: str) -> None:
    try:
        new = spliced(text, Assign(path, key, "zzqnew"))
    except SpliceError as err:
        why = ("an alias refers", "is not one value", "no colon", "the edited text would")
        assert any(each in err.message for each in why)  # noqa: PT017 - either may happen
        return
    before, token, behind = new.partition(b"zzqnew")
    old = text.encode()
    assert token
    assert old.startswith(before.rstrip(b"\"' "))
    rest = behind.lstrip(b"\"'")
    assert old.endswith(rest) or rest.split(b"\n", 1)[0] in old  # a block's lines are gone


@pytest.mark.parametrize(("text", "path", "key"), PLACES)
def test_a_value_that_is_added_leaves_all_the_others(text: str, path: Path, key: str) -> None:
    try:
        new = spliced(text, Assign(path, "zzq_note", "zzq\n2", (key,)))
    except SpliceError as err:
        why = ("an alias refers", "without braces", "no colon", "the edited text would")
        assert any(each in err.message for each in why)  # noqa: PT017 - either may happen
        return
    old = text.encode()
    unlike = (at for at, (was, now) in enumerate(zip(old, new, strict=False)) if was != now)
    same = next(unlike, len(old))
    assert new.endswith(old[same:])
    assert b"zzq_note" in new[max(0, same - 8) :]


def test_most_places_of_awkward_files_can_be_set() -> None:
    def can_be(text: str, *edits: Edit) -> bool:
        try:
            return bool(spliced(text, *edits))
        except SpliceError:
            return False

    places = [each.values for each in PLACES]
    added = [can_be(text, Assign(path, "zzq", 1, (key,))) for text, path, key in places]  # type: ignore[arg-type]
    assert sum(added) > 0.85 * len(added)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('l:\n  - status: "draft"  # mine\n', 'l:\n  - status: "approved"  # mine\n'),
        ("l:\n  - status: 'draft'\n", "l:\n  - status: 'approved'\n"),
        ("l:\r\n- status: draft\r\n", "l:\r\n- status: approved\r\n"),
        ("l:\n- status: draft", "l:\n- status: approved"),
        ("l:\n- status: # none\n  a: 1\n", 'l:\n- status: "approved" # none\n  a: 1\n'),
        ("l:\n- status: ~\n", "l:\n- status: approved\n"),
        ("l: [{status: draft, a: 1}]\n", "l: [{status: approved, a: 1}]\n"),
        ('{"l": [{"status":"draft"}]}', '{"l": [{"status":"approved"}]}'),
        ("l:\n- status: !!str &s draft\n", "l:\n- status: !!str &s approved\n"),
        ("s: &s x\nl:\n- status: *s # c\n", 's: &s x\nl:\n- status: "approved" # c\n'),
        ("l:\n- status: | # c\n    a\n\n    b\n\n# d\n", 'l:\n- status: "approved" # c\n\n# d\n'),
        ("l:\n- status: one\n    two\n  a: 1\n", "l:\n- status: approved\n  a: 1\n"),
        ("l:\n- ? status\n  : draft\n  ? a\n", "l:\n- ? status\n  : approved\n  ? a\n"),
    ],
)
def test_a_value_is_replaced_where_it_stands(old: str, new: str) -> None:
    assert changed(old, "status", "approved") == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("l:\n  - id: 'a' # c\n    b: 1\n", "l:\n  - id: 'a' # c\n    note: 'n n'\n    b: 1\n"),
        ("l:\r\n- id: a\r\n  b: 1\r\n", 'l:\r\n- id: a\r\n  note: "n n"\r\n  b: 1\r\n'),
        ("l:\n- id: a", 'l:\n- id: a\n  note: "n n"'),
        ("l:\n- id: |\n    a\n\n  b: 1\n", 'l:\n- id: |\n    a\n  note: "n n"\n\n  b: 1\n'),
        ("l: [{id: a, b: 1}]", 'l: [{id: a, note: "n n", b: 1}]'),
        ("l: [{id: , b: 1}]", 'l: [{id: , note: "n n", b: 1}]'),
        ("l: [{\n  x: 1,\n  id: a\n}]", 'l: [{\n  x: 1,\n  id: a,\n  note: "n n"\n}]'),
        ("x: &x 1\nl:\n- id: *x # c\n", 'x: &x 1\nl:\n- id: *x # c\n  note: "n n"\n'),
        ("l:\n- a: 1\n", 'l:\n- a: 1\n  note: "n n"\n'),
    ],
)
def test_a_missing_value_is_added_behind_its_neighbour(old: str, new: str) -> None:
    assert changed(old, "note", "n n", "status", "id") == new


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l: &l [{status: draft}]\nm: *l\n", "an alias refers to this"),
        ("l: [&e {status: draft}]\nm: *e\n", "an alias refers to this"),
        ("l: [{status: &s draft}]\nm: *s\n", "an alias refers to this"),
        ("l: [{status: [draft]}]\n", "status is not one value"),
        ("l: [{status}]\n", "the key has no colon"),
        ("l: [status]\n", "is not a mapping"),
        ("l: []\n", "there is no l[0]"),
    ],
)
def test_what_stands_for_more_than_one_value_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpliceError, match=message.replace("[", r"\[")):
        changed(text, "status", "approved")


NOTES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(NOTES, st.sampled_from(['"', "'", ""]), st.booleans())
def test_any_note_is_read_back_as_it_was_written(note: str, quote: str, flow: bool) -> None:  # noqa: FBT001 - hypothesis passes it
    entry = f"status: {quote}draft{quote}"
    text = f"l: [{{ {entry} }}]\n" if flow else f"l:\n  - {entry} # c\n    z: 1\n"

    new = spliced(text, Assign(("l", 0), "review_note", note, ("status",)))
    assert load(new, where="")["l"][0]["review_note"] == note  # type: ignore[index]
    again = spliced(new, Assign(("l", 0), "review_note", f"{note}!"))
    assert load(again, where="")["l"][0]["review_note"] == f"{note}!"  # type: ignore[index]
    assert spliced(again, PutBack(("l", 0), "review_note", None)) == text.encode()
