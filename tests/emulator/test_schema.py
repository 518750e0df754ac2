"""Made-up answers are valid by their schema."""

from __future__ import annotations

from typing import Any

import pytest

from chargen_batch.emulator.schema import instance

TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "minItems": 0, "items": {"$ref": "#/$defs/Node"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            },
            "required": ["name", "parent"],
        },
    },
    "$ref": "#/$defs/Node",
}


def make(schema: dict[str, Any], seed: bytes = b"seed") -> Any:  # noqa: ANN401 - any JSON
    return instance(schema, seed)


def test_equal_seeds_make_equal_answers_and_others_other_ones() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    assert make(schema) == make(schema)
    assert make(schema) != make(schema, b"other")


def test_upper_case_types_of_the_openapi_subset_are_understood() -> None:
    schema = {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "nullable": True}}}
    assert isinstance(make(schema)["n"], int)


def test_object_has_all_its_properties_and_what_is_required() -> None:
    schema = {"properties": {"a": {"type": "boolean"}}, "required": ["a", "b"]}
    made = make(schema)
    assert isinstance(made["a"], bool)
    assert made["b"] == ""


@pytest.mark.parametrize("seed", [bytes([number]) for number in range(20)])
def test_numbers_stay_within_their_bounds(seed: bytes) -> None:
    assert 3 <= make({"type": "integer", "minimum": 3, "maximum": 5}, seed) <= 5
    assert make({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}, seed) == 4
    assert make({"type": "integer", "multipleOf": 4, "minimum": 5}, seed) % 4 == 0
    assert -2 <= make({"type": "number", "minimum": -2, "maximum": -1}, seed) <= -1
    assert make({"type": "number", "maximum": -3}, seed) <= -3
    assert make({"type": "number", "multipleOf": 2}, seed) % 2 == 0


@pytest.mark.parametrize("seed", [bytes([number]) for number in range(20)])
def test_arrays_have_as_many_items_as_allowed(seed: bytes) -> None:
    assert len(make({"type": "array", "minItems": 5, "items": {"type": "string"}}, seed)) == 5
    assert len(make({"type": "array", "maxItems": 1, "items": {"type": "string"}}, seed)) == 1
    assert make({"type": "array", "maxItems": 0}, seed) == []
    pair = make(
        {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False}, seed
    )
    assert pair[:2] == [1, 2]


def test_strings_keep_their_lengths_and_formats() -> None:
    assert len(make({"type": "string", "maxLength": 7})) == 7
    assert len(make({"type": "string", "minLength": 200})) == 200
    assert make({"type": "string", "format": "date"}) == "2026-11-22"


def test_choices_are_taken_from_what_is_offered() -> None:
    assert make({"enum": ["a", "b"]}) in {"a", "b"}
    assert make({"const": 7}) == 7
    assert isinstance(make({"anyOf": [{"type": "null"}, {"type": "integer"}]}), int)
    assert isinstance(make({"oneOf": [{"type": "boolean"}]}), bool)
    assert isinstance(make({"type": ["null", "string"]}), str)
    assert make({"type": "null"}) is None
    assert isinstance(make({"items": {"type": "string"}}), list)


def test_all_of_is_merged() -> None:
    one = {"properties": {"a": {"const": 1}}, "required": ["a"]}
    other = {"properties": {"b": {"const": 2}}, "required": ["b"]}
    assert make({"type": "object", "allOf": [one, other, {"title": "t"}]}) == {"a": 1, "b": 2}


def test_schema_that_contains_itself_ends() -> None:
    node = make(TREE)
    depth = 0
    while node is not None:
        assert {"name", "parent"} <= node.keys()
        node, depth = node["parent"], depth + 1
    assert 1 < depth < 20


def test_reference_with_escaped_names_is_followed() -> None:
    schema = {"$defs": {"a/b": {"const": 1}}, "properties": {"x": {"$ref": "#/$defs/a~1b"}}}
    assert make(schema) == {"x": 1}
