from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chargen_batch.core.analysis import analysis_of, schema_text
from chargen_batch.core.response_schema import response_schema
from chargen_batch.core.results import parse_line
from chargen_batch.emulator.schema import instance
from chargen_batch.model.analysis import APPEARANCE_SCHEMA, SCHEMAS, ImageAnalysis
from tests.core.painted import answer

# A schema that changes gets a new version, and a new line here: the version is part of each key.
DIGESTS = {
    "image/1": "10099d64db39b113da960db63566c48544fc4a18594d387537c4e39f62849c27",
    "appearance/1": "268c8415136b5619a0f5663924b580a60de119b17b08b46f6593e76a4e1b2200",
}
WORDS = {"type", "description", "enum", "minItems", "items", "properties", "required"}


@pytest.mark.parametrize("version", SCHEMAS)
def test_schema_of_a_version_never_changes(version: str) -> None:
    digest = hashlib.sha256(schema_text(version).encode()).hexdigest()
    assert digest == DIGESTS[version], "give the schema a new version"


def test_schema_of_an_appearance_is_this_json() -> None:
    assert json.loads(schema_text(APPEARANCE_SCHEMA)) == {
        "type": "object",
        "properties": {
            "appearance": {
                "type": "string",
                "description": "one paragraph of 60 to 140 words: build, age, skin, face, hair, "
                "eyes, marks, clothes and things carried, so that the character can be drawn "
                "from it",
            }
        },
        "required": ["appearance"],
    }


def test_schema_of_an_image_asks_for_every_field_and_judges_last() -> None:
    schema = response_schema(ImageAnalysis)
    assert schema["required"] == list(schema["properties"]) == [
        *("title", "description", "altText", "tags", "imageType", "archetype", "traits", "mood"),
        *("style", "lighting", "palette", "composition", "canon"),
    ]  # fmt: skip
    canon = schema["properties"]["canon"]
    assert canon["required"] == [
        "featuresSeen", "featuresMissing", "notes", "matchesDescription",
    ]  # fmt: skip


def test_enumeration_says_that_its_values_are_strings() -> None:
    kind = response_schema(ImageAnalysis)["properties"]["imageType"]
    assert (kind["type"], kind["enum"][:2]) == ("string", ["action", "collaborative"])


def every_node(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else []),
    ]
    return [schema, *(node for one in inner for node in every_node(one))]


@pytest.mark.parametrize("version", SCHEMAS)
def test_schema_has_only_words_that_gemini_takes_and_refers_to_nothing(version: str) -> None:
    nodes = every_node(json.loads(schema_text(version)))
    assert set().union(*nodes) <= WORDS
    assert all("type" in node for node in nodes)


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize("seed", [b"1", b"2", b"3"])
def test_answer_made_up_by_the_schema_is_by_its_type(version: str, seed: bytes) -> None:
    made = json.dumps(instance(json.loads(schema_text(version)), seed))
    read = analysis_of(version).outcome(parse_line(answer({"text": made})))
    assert read.error is None
