import math
from pathlib import Path

import pytest

from chargen_batch import yaml12
from chargen_batch.yaml12 import MappingNode, ScalarNode, YamlError, compose, load

STORY = Path(__file__).parents[1].parent / "shared" / "story"


def read(text: str) -> object:
    return load(text.encode(), where="x.yaml")


def fail(raw: bytes | str) -> YamlError:
    with pytest.raises(YamlError) as caught:
        load(raw.encode() if isinstance(raw, str) else raw, where="x.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, None) for word in ("null", "Null", "NULL", "~", "")],
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0777", 777),
        ("09", 9),
        ("0o17", 15),
        ("0xfF", 255),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("!!float 1", 1.0),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!null ''", None),
    ],
)
def test_core_schema_reads_a_value(text: str, expected: object) -> None:
    value = read(f"a: {text}\n")

    assert isinstance(value, dict)
    assert value == {"a": expected}
    assert type(value["a"]) is type(expected)


def test_nan_is_a_float() -> None:
    value = read(".NaN")

    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "on",
        "off",
        "No",
        "tRUE",
        "nULL",
        "12:30",
        "2025-12-20",
        "1_000",
        "0b1",
        "-0x1",
        "1e",
        "+.nan",
        ".e1",
        "0o9",
        "-",
        "+",
        ".",
        "<<",
        "=",
        "٣",
        "1.2.3",
        "1__0",
        "+-1",
        ".infinity",
    ],
)
def test_what_yaml_1_1_would_convert_is_a_string(text: str) -> None:
    assert read(f'k: "{text}"') == {"k": text}
    if text != "-":
        assert read(f"k: {text}\n") == {"k": text}


def test_quoted_and_block_scalars_are_strings() -> None:
    assert read('["12", \'true\', ""]') == ["12", "true", ""]
    assert read("a: |-\n  12\n") == {"a": "12"}


def test_a_merge_key_is_a_plain_key() -> None:
    assert read("a: &a {x: 1}\nb: {<<: *a}\n") == {"a": {"x": 1}, "b": {"<<": {"x": 1}}}


def test_an_alias_shares_what_it_names() -> None:
    made = read("a: &a [1, {b: &s text}]\nc: *a\nd: *s\n")

    assert made == {"a": [1, {"b": "text"}], "c": [1, {"b": "text"}], "d": "text"}


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n", "---\n...\n", "\ufeff"])
def test_an_empty_document_is_none(text: str) -> None:
    assert read(text) is None


def test_a_bom_is_accepted_and_not_counted() -> None:
    composed = compose("\ufeffa: b\n".encode(), where="x.yaml")

    assert composed.text == "a: b\n"
    assert composed.data == {"a": "b"}
    assert isinstance(composed.root, MappingNode)
    assert yaml12.start(composed.root.value[0][1]) == 3


def test_marks_count_characters_over_every_kind_of_line_end() -> None:
    text = 'a: "ü\u2028\u0085 ☃"\r\nb: c\r\n'
    root = compose(text.encode(), where="x.yaml").root

    assert isinstance(root, MappingNode)
    key, value = root.value[1]
    assert isinstance(value, ScalarNode)
    assert text[yaml12.start(key) : yaml12.end(value)] == "b: c"


def test_a_place_is_counted_as_editors_count() -> None:
    error = fail('a: "\u2028\u0085"\r\nb: [1\r\nc: 2\r\n')

    assert (error.line, error.column) == (3, 2)


@pytest.mark.parametrize(
    ("text", "line", "column", "parts"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, ["duplicate key 'a'", "first seen, line 1, column 1"]),
        ("x:\n  - {k: 1, k: 2}\n", 2, 12, ["duplicate key 'k'"]),
        ("1: a\n0x1: b\n", 2, 1, ["duplicate key 1"]),
        ("&x [*x]", 1, 1, ["alias stands inside"]),
        ("a: &x {b: [*x]}", 1, 4, ["alias stands inside"]),
        ("{[1]: 2}", 1, 2, ["key must be a scalar", "mapping, line 1, column 1"]),
        ("? {a: b}\n: 2", 1, 3, ["key must be a scalar"]),
        ("a: *b", 1, 4, ["undefined alias"]),
        ("--- 1\n--- 2\n", 2, 1, ["another document", "single document", "line 1, column 5"]),
        ("a: [1\nb: 2", 2, 2, ["flow sequence", "line 1, column 4"]),
        ("a: b: c", 1, 5, ["mapping values are not allowed"]),
        ("ok: 1\n\tb: 2", 2, 1, ["tab character", "plain scalar, line 1, column 5"]),
        ("é: 1\nb: x\0y", 2, 5, ["U+0000"]),
        ("b: \x07", 1, 4, ["U+0007"]),
        ("\ufeff\ufeffa: 1", 1, 1, ["byte order mark"]),
        ("a: !!int twelve", 1, 4, ["'twelve'", "!!int"]),
        ("a: !!bool 1", 1, 4, ["!!bool"]),
        ("a: !custom x", 1, 4, ["!custom"]),
        ("a: !!set {x}", 1, 4, ["!!set"]),
        ("a: !!map [x]", 1, 4, ["!!map"]),
        ("- !!python/object:os.system {}", 1, 3, ["!!python/object:os.system"]),
        ("n: " + "1" * 5000, 1, 4, ["!!int"]),
    ],
)
def test_a_broken_text_names_its_place(text: str, line: int, column: int, parts: list[str]) -> None:
    error = fail(text)

    assert (error.where, error.line, error.column) == ("x.yaml", line, column)
    assert [part for part in parts if part not in error.message] == []
    assert str(error) == f"x.yaml:{line}:{column}: {error.message}"


def test_bytes_that_are_not_utf8_name_their_place() -> None:
    error = fail("ä: 1\nb: ".encode() + b"\xe4")

    assert (error.line, error.column) == (2, 4)
    assert "0xe4" in error.message


def test_utf16_is_refused() -> None:
    assert "not UTF-8" in fail("a: 1".encode("utf-16")).message


def test_a_file_over_the_size_bound_is_refused() -> None:
    assert "16,777,216" in fail(b"#" * (yaml12.MAX_BYTES + 1)).message


def test_billion_laughs_is_refused() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    assert "aliases add more than" in fail("\n".join(lines)).message


def test_a_list_repeated_by_many_aliases_is_refused() -> None:
    text = f"a: &a [{'1, ' * 1000}]\nb: [{'*a, ' * 200}]\n"

    assert "aliases add more than" in fail(text).message


def test_a_big_file_with_few_aliases_is_read() -> None:
    made = read(f"[&a [1], *a, {'1, ' * 200_000}]")

    assert isinstance(made, list)
    assert len(made) == 200_002


@pytest.mark.parametrize("text", ["[" * 60_000, "{a: " * 60_000, "- " * 60_000, "? " * 60_000])
def test_deep_nesting_is_refused_before_the_parser_overflows(text: str) -> None:
    assert "deep" in fail(text).message


def test_nesting_within_the_bound_is_read() -> None:
    assert read("[" * 150 + "]" * 150) is not None


@pytest.mark.skipif(not STORY.is_dir(), reason="no story beside the repository")
def test_of_the_real_story_only_the_file_known_to_be_broken_fails() -> None:
    broken = []
    for path in sorted(STORY.rglob("*.yaml")):
        try:
            load(path.read_bytes(), where=str(path.relative_to(STORY)))
        except YamlError as error:
            broken.append((error.where, error.line, error.column))

    assert broken == [("locations/undershade-canyon/imagery.yaml", 366, 54)]
