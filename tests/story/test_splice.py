"""Splicing: what a file holds afterwards, and that nothing else in it moved."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch.story import render_yaml
from chargen_batch.story.splice import Append, Fill, SpliceError, new_file, splice, splice_composed
from chargen_batch.yaml12 import YamlError, compose, load
from tests.story.awkward import PURE

STORY = Path(__file__).parents[2].parent / "shared" / "story"

ENTRY: dict[str, object] = {
    "id": "workshop-tinkering-1a2b3c4d",
    "type": "generated",
    "content": {
        "title": "Workshop Tinkering",
        "description": 'She said: "It\'s alive"…\n\tthen # ü\u2028\u0085\x07\ufeff☃ 😀',
        "tags": ["workshop", "generated"],
        "empty": [],
    },
    "generation": {
        "variant": 1,
        "run_id": None,
        "constraints": {"aspect_ratio": "3:4", "image_size": "1K"},
        "reference_images": [{"path": "images/portrait.png", "sha256": "0", "role": "portrait"}],
        "numbers": [1.5, True, -3, 1e22],
    },
}
SMALL: dict[str, object] = {"id": "new", "note": "a b"}
INVENTORY = Append((), "image_inventory", (SMALL,))


def text_of(text: str, *edits: Append | Fill) -> str:
    return splice(text.encode(), edits or (INVENTORY,), where="x.yaml").decode()


def fail(text: str, *edits: Append | Fill) -> SpliceError:
    with pytest.raises(SpliceError) as caught:
        splice(text.encode(), edits or (INVENTORY,), where="x.yaml")
    return caught.value


def lines_of(raw: bytes) -> list[bytes]:
    return raw.split(b"\n")


def deleted_lines(old: bytes, new: bytes, folder: Path) -> int:
    """Count the lines that git calls deleted."""
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    command = ["git", "diff", "--no-index", "--numstat", "--minimal", "old", "new"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return int(done.stdout.split()[1])


def is_subsequence(old: bytes, new: bytes) -> bool:
    rest = iter(lines_of(new))
    return all(line in rest for line in lines_of(old.removesuffix(b"\n")))


@pytest.mark.parametrize("bom_and_end", ["", "crlf"])
@pytest.mark.parametrize("entry", [SMALL, ENTRY], ids=["small", "sample"])
@pytest.mark.parametrize("text", PURE.values(), ids=PURE.keys())
def test_a_file_gets_whole_lines_and_keeps_all_of_its_own(
    text: str, entry: Mapping[str, object], bom_and_end: str
) -> None:
    if bom_and_end == "crlf":
        text = re.sub(r"\r?\n", "\r\n", text)
    raw = text.encode()

    new = splice(raw, [Append((), "image_inventory", (entry, SMALL))], where="x.yaml")

    old = load(raw, where="") or {}
    assert isinstance(old, dict)
    expected = [*(old.get("image_inventory") or []), entry, SMALL]
    assert load(new, where="") == {**old, "image_inventory": expected}
    assert is_subsequence(raw, new)
    if b"\r\n" in raw:
        assert new.count(b"\n") == new.count(b"\r\n")


@pytest.mark.parametrize("name", ["a key alone", "list in the middle", "U+2028 in a comment"])
def test_a_missing_last_newline_stays_missing(name: str) -> None:
    text = PURE[name].removesuffix("\n")

    assert text_of(text).startswith(text.split("\n", 1)[0])
    assert not text_of(text).endswith("\n")


def test_a_key_goes_ahead_of_a_literal_that_the_file_ends_in() -> None:
    new = text_of("# c\na: 1\nb: |\n  text")

    assert new == '# c\na: 1\nimage_inventory:\n  - id: "new"\n    note: "a b"\nb: |\n  text'


def test_a_text_that_would_not_be_yaml_is_told_by_its_own_line() -> None:
    error = fail("l: []\nimage_inventory: ~\n \t\n", Append((), "l", (SMALL,)), INVENTORY)

    assert "would not be YAML" in error.message
    assert error.line == 3


def test_an_item_behind_a_literal_that_the_file_ends_in_is_refused() -> None:
    error = fail("image_inventory:\n  - a: |\n      text")

    assert "lacks its last line end" in error.message
    assert error.line == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("image_inventory: []\nb: 1\n", "image_inventory:\n  - id: 1\nb: 1\n"),
        ("image_inventory: [ ]  # c\n", "image_inventory:  # c\n  - id: 1\n"),
        ("image_inventory: null # c", "image_inventory: # c\n  - id: 1"),
        ("image_inventory:   ~\r\n", "image_inventory:\r\n  - id: 1\r\n"),
        ("image_inventory: &x []\n", "image_inventory: &x\n  - id: 1\n"),
        ("a:\n- b\nimage_inventory: []\n", "a:\n- b\nimage_inventory:\n- id: 1\n"),
        ("image_inventory:\n  []\n", "image_inventory:\n  [{ id: 1 }]\n"),
        ("? image_inventory\n: []\n", "? image_inventory\n: [{ id: 1 }]\n"),
        ("image_inventory: [\n  # c\n]\n", "image_inventory: [{ id: 1 }\n  # c\n]\n"),
        ("image_inventory: [{id: 0}] # c\n", "image_inventory: [{id: 0}, { id: 1 }] # c\n"),
        ("image_inventory: [\n  a, # c\n]\n", "image_inventory: [\n  a, { id: 1 }, # c\n]\n"),
        ("image_inventory: [a: b]\n", "image_inventory: [a: b, { id: 1 }]\n"),
        ("{}", "{image_inventory: [{ id: 1 }]}"),
        ("{a: 1}\n", "{a: 1, image_inventory: [{ id: 1 }]}\n"),
        ("{a: 1, image_inventory: null}\n", "{a: 1, image_inventory: [{ id: 1 }]}\n"),
        ('{"a": []}\n', '{"a": [], "image_inventory": [{ "id": 1 }]}\n'),
        ('{"image_inventory": []}\n', '{"image_inventory": [{ "id": 1 }]}\n'),
    ],
)
def test_what_stands_for_nothing_is_replaced_where_it_stands(old: str, new: str) -> None:
    assert text_of(old, Append((), "image_inventory", ({"id": 1},))) == new


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nimage_inventory: hello\n", 2, "is not a list"),
        ('image_inventory: ""\n', 1, "is not a list"),
        ("image_inventory: {}\n", 1, "is not a list"),
        ("- 1\n", 1, "not a mapping"),
        ("a: &i [1]\nimage_inventory: *i\n", 1, "alias"),
        ("a: &i null\nimage_inventory: *i\n", 1, "alias"),
        ("image_inventory: &i [1]\na: *i\n", 1, "alias"),
        ("? image_inventory\n", 1, "has no colon"),
    ],
)
def test_what_cannot_take_an_entry_is_refused_with_its_line(
    text: str, line: int, message: str
) -> None:
    error = fail(text)

    assert message in error.message
    assert (error.where, error.line) == ("x.yaml", line)


def test_a_path_that_is_not_there_is_named() -> None:
    edit = Append(("zones", 3, "images"), "image_inventory", (SMALL,))

    assert "zones[3]" in fail("zones:\n  - a: 1\n", edit).message


def test_a_mapping_that_an_alias_shows_elsewhere_is_refused() -> None:
    text = "zones:\n  - &z {a: 1}\n  - *z\n"

    assert "alias" in fail(text, Append(("zones", 0), "image_inventory", (SMALL,))).message
    assert "alias" in fail(text, Append(("zones", 1), "image_inventory", (SMALL,))).message


@pytest.mark.parametrize("value", ["\ud800", object(), {1, 2}])
def test_a_value_that_yaml_cannot_hold_is_refused(value: object) -> None:
    error = fail("a: 1\n", Append((), "image_inventory", ({"id": value},)))

    assert "cannot be written" in error.message


def test_a_file_that_does_not_parse_is_the_readers_error() -> None:
    with pytest.raises(YamlError):
        splice(b"a: [", [INVENTORY], where="x.yaml")


def test_an_entry_beside_double_quotes_looks_like_the_sample() -> None:
    sample = """\
image_inventory:
  - id: "one"
    content:
      title: "One"
  - id: "workshop-tinkering-1a2b3c4d"
    variant: 1
    content:
      title: "Workshop Tinkering"
      tags: ["workshop", "generated"]
    generation:
      constraints: { aspect_ratio: "3:4", image_size: "1K" }
      reference_images: [{ path: "images/portrait.png", role: "portrait" }]
"""
    old, new = sample.split('  - id: "workshop', 1)
    entry = load(sample.encode(), where="")["image_inventory"][1]  # type: ignore[index]

    assert text_of(old, Append((), "image_inventory", (entry,))) == sample
    assert new


@pytest.mark.parametrize(
    ("quote", "value", "expected"),
    [
        ('"', "a", '"a"'),
        ('"', 'say "\\"\n\t\r', r'"say \"\\\"\n\t\r"'),
        ('"', "ü☃😀", '"ü☃😀"'),
        ('"', "\x00\x7f\x85\u2028\u2029\ufeff\uffff", r'"\x00\x7f\x85\u2028\u2029\ufeff\uffff"'),
        ("'", 'it\'s "a" \\ b', "'it''s \"a\" \\ b'"),
        ("'", "two\nlines", r'"two\nlines"'),
        ("", "Workshop Tinkering-1.png", "Workshop Tinkering-1.png"),
        ("", "No", '"No"'),
        ("", "null", '"null"'),
        ("", "12", '"12"'),
        ("", "a: b", '"a: b"'),
        ("", "a #b", '"a #b"'),
        ("", "end ", '"end "'),
        ("", "", '""'),
    ],
)
def test_a_string_takes_the_neighbours_quotes_where_that_is_safe(
    quote: render_yaml.Quote, value: str, expected: str
) -> None:
    assert render_yaml.scalar(value, quote) == expected


@pytest.mark.parametrize("value", [0.1, 1e22, 1e-7, -5, True, None, float("inf"), -float("inf")])
def test_a_number_is_read_back_as_it_was(value: object) -> None:
    made = load(render_yaml.scalar(value, '"').encode(), where="")

    assert made == value
    assert type(made) is type(value)


def test_nan_is_written_as_yaml_writes_it() -> None:
    assert render_yaml.scalar(float("nan"), '"') == ".nan"


CHAPTER = """\
images:
  - id: one
    generated_at: null   # not yet
    file_name: ~
    provider:
    model:   # which
    provider_metadata: {}
    title: null but text
  - id: two
    generated_at: "2025-12-26T00:00:00Z"
"""
VALUES = {
    "generated_at": "2026-11-22T08:00:00Z",
    "file_name": "a.png",
    "file_path": "images/a.png",
    "provider": "google",
    "model": "m",
    "provider_metadata": {"task_key": "k", "run_id": "r"},
    "title": "T",
}


def test_placeholders_are_filled_on_their_lines_and_nothing_else_is(tmp_path: Path) -> None:
    new = text_of(CHAPTER, Fill(("images", 0), VALUES), Fill(("images", 1), VALUES))

    assert new.splitlines()[2:7] == [
        '    generated_at: "2026-11-22T08:00:00Z"   # not yet',
        '    file_name: "a.png"',
        '    provider: "google"',
        '    model: "m"   # which',
        '    provider_metadata: {task_key: "k", run_id: "r"}',
    ]
    assert deleted_lines(CHAPTER.encode(), new.encode(), tmp_path) == 5


def test_filling_twice_changes_nothing_the_second_time() -> None:
    once = text_of(CHAPTER, Fill(("images", 0), VALUES))

    assert text_of(once, Fill(("images", 0), VALUES)) == once


def test_one_placeholder_filled_twice_in_one_pass_is_refused() -> None:
    fill = Fill((), {"a": 1})

    assert "one place" in fail("a: null\n", fill, fill).message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{a: null, b: 1}", "{a: 1, b: 1}"),
        ("a: &x null\n", "a: &x 1\n"),
        ("a:\n  null\n", "a:\n  1\n"),
        ("a: {\n}\n", "a: {\n}\n"),
        ("? a\n", "? a\n"),
        ("a: []\n", "a: []\n"),
        ('a: ""\n', 'a: ""\n'),
        ("a: 'null'\n", "a: 'null'\n"),
    ],
)
def test_fill_knows_a_placeholder(old: str, new: str) -> None:
    assert text_of(old, Fill((), {"a": 1, "z": 2})) == new


def test_edits_that_end_at_one_place_nest_rightly() -> None:
    text = "zones:\n  - id: z\n    images:\n      - id: i\n        x: 1 # last\n# end\n"
    edits = [
        Append((), "image_inventory", ({"id": 1},)),
        Append(("zones", 0), "image_inventory", ({"id": 2},)),
        Append((), "zones", ({"id": 3},)),
        Append(("zones", 0, "images", 0), "image_inventory", ({"id": 4},)),
        Append((), "more", ({"id": 5},)),
    ]

    assert text_of(text, *edits) == text_of(text, *edits[::-1]).replace(
        "more:\n  - id: 5\nimage_inventory:\n  - id: 1\n",
        "image_inventory:\n  - id: 1\nmore:\n  - id: 5\n",
    )
    assert is_subsequence(text.encode(), text_of(text, *edits).encode())


def test_appends_to_one_list_come_in_their_order() -> None:
    new = text_of("a: 1\n", *(Append((), "l", ({"k": n},)) for n in (1, 2, 3)))

    assert new == "a: 1\nl:\n  - k: 1\n  - k: 2\n  - k: 3\n"


def test_no_edits_give_the_same_bytes() -> None:
    raw = b"\xef\xbb\xbfa: 1"

    assert splice(raw, [], where="x") == raw
    assert splice(raw, [Append((), "l", ()), Fill((), {"b": 1})], where="x") == raw


def test_a_composed_file_is_spliced_without_composing_it_again() -> None:
    raw = b"a: 1\n"
    composed = compose(raw, where="x")

    assert splice_composed(raw, composed, [INVENTORY], where="x") == splice(
        raw, [INVENTORY], where="x"
    )
    assert composed.data == {"a": 1}


@pytest.mark.parametrize("entries", [(), (ENTRY, SMALL)])
def test_a_new_file_holds_type_slug_and_inventory(entries: tuple[dict[str, object], ...]) -> None:
    made = load(new_file("character", "ida", entries), where="")

    assert made == {"entity_type": "character", "slug": "ida", "image_inventory": list(entries)}


words = st.text("ab1 :#-'\"\\\n\tü\u2028\u0085*&{}[],|>%@`!?~", max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
keys = st.sampled_from(["image_inventory", "a", "b-c", "zones", "ü"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


@st.composite
def written(draw: st.DrawFn, value: object, indent: int) -> str:
    """Write a value as YAML behind a key or a dash, in a style of hypothesis's choice."""
    end = draw(
        st.sampled_from(["", "  # c", " # x: [\u2028", "\n", "\n\n# c\n", "\n" + " " * 9 + "# d"])
    )
    margin = "\n" + " " * indent
    if isinstance(value, dict) and value and draw(st.booleans()):
        step = draw(st.integers(1, 4))
        return "".join(
            f"{margin}{key}:{draw(written(item, indent + step))}" for key, item in value.items()
        )
    if isinstance(value, list) and value and draw(st.booleans()):
        return "".join(f"{margin}-{draw(written(item, indent + 2))}" for item in value)
    if isinstance(value, str) and re.fullmatch(r"[ab1]+(\n[ab1]+)*", value) and draw(st.booleans()):
        mark = draw(st.sampled_from(["|", "|-", "|+", ">", ">-"]))
        lines = "".join(margin + line for line in value.split("\n"))
        return f" {mark}{lines}" + "\n" * draw(st.integers(1, 3))
    quote: render_yaml.Quote = draw(st.sampled_from(render_yaml.QUOTES))
    return " " + render_yaml.flow(value, render_yaml.Style(quote=quote)) + end


@st.composite
def texts(draw: st.DrawFn) -> str:
    value = draw(st.dictionaries(keys, documents, max_size=4))
    head = draw(st.sampled_from(["", "# head\n", "---", "\ufeff# b\n", "%YAML 1.2\n---\n"]))
    tail = draw(st.sampled_from(["", "\n", "\n# tail\n", "\n...\n", "\n\n"]))
    body = draw(written(value, draw(st.integers(0, 2))))
    text = head + (body.lstrip("\n") if not head.endswith("---") else body) + tail
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def lists_in(node: object, path: tuple[str | int, ...] = ()) -> Iterator[Append]:
    """Yield an append for each mapping, and for each list in one."""
    if isinstance(node, dict):
        yield Append(path, "image_inventory", (SMALL,))
        yield from (Append(path, k, (SMALL,)) for k, v in node.items() if isinstance(v, list))
        for key, value in node.items():
            yield from lists_in(value, (*path, key))
    if isinstance(node, list):
        for number, value in enumerate(node):
            yield from lists_in(value, (*path, number))


@given(texts())
@settings(max_examples=300, deadline=None)
def test_any_text_keeps_its_characters_in_their_order(text: str) -> None:
    raw = text.encode()
    try:
        data = load(raw, where="")
    except YamlError:
        return
    for edit in lists_in(data):
        new = spliced_or_refused(raw, edit).decode()
        rest = iter(new)
        gone = re.compile(r"\[[ \t]*\]|\bnull\b|~|[ \t]+")
        assert all(char in rest for char in gone.sub("", text))


def spliced_or_refused(raw: bytes, edit: Append) -> bytes:
    """Splice, or give the same bytes where a refusal is right."""
    try:
        return splice(raw, [edit], where="")
    except SpliceError as error:
        if "is not a list" in error.message or _ends_in_literal(raw.decode()):
            return raw
        raise


def _ends_in_literal(text: str) -> bool:
    return not text.endswith("\n") and bool(re.search(r"[|>][-+]?\r?\n", text))


def story_files() -> list[Path]:
    return sorted(STORY.rglob("*.yaml")) if STORY.is_dir() else []


def places(data: Any) -> list[Append]:  # noqa: ANN401 - any story file's data
    """Return an append for each place of a story file that an inventory can have."""
    paths: list[tuple[str | int, ...]] = [()]
    if isinstance(data.get("overview"), dict):
        paths.append(("overview",))
        paths += [("overview", k) for k, v in data["overview"].items() if isinstance(v, dict)]
    for key in ("zones", "beat_images", "images"):
        for number, node in enumerate(data.get(key) or []):
            paths.append((key, number))
            inner = node.get("images") if key == "zones" else None
            paths += [(key, number, "images", n) for n, _ in enumerate(inner or [])]
    return [Append(path, "image_inventory", (ENTRY,)) for path in paths]


def fills(data: Any) -> list[Fill]:  # noqa: ANN401 - the same
    images = data.get("images") or []
    return [Fill(("images", n), VALUES) for n, image in enumerate(images) if "file_name" in image]


def placeholders(raw: bytes) -> int:
    names = "generated_at|file_name|file_path|provider|model"
    pattern = rf"(?m)^ +(?:{names}): null\b|^ +provider_metadata: \{{\}}|image_inventory: \[\]"
    return len(re.findall(pattern, raw.decode()))


@pytest.mark.skipif(not STORY.is_dir(), reason="no story beside the repository")
@pytest.mark.parametrize("path", story_files(), ids=lambda path: str(path.relative_to(STORY)))
def test_every_place_of_a_real_file_takes_an_entry(path: Path, tmp_path: Path) -> None:
    raw = path.read_bytes()
    try:
        composed = compose(raw, where=path.name)
    except YamlError:
        assert path.parent.name == "undershade-canyon"
        return
    appends = places(composed.data)

    for edit in appends:
        new = splice_composed(raw, composed, [edit], where=path.name)
        assert is_subsequence(raw.replace(b"image_inventory: []", b"image_inventory:"), new)
    everything: list[Append | Fill] = [*appends, *fills(composed.data)]
    new = splice_composed(raw, composed, everything, where=path.name)
    assert deleted_lines(raw, new, tmp_path) == placeholders(raw)
    assert new.count(b"workshop-tinkering-1a2b3c4d") == len(appends)
