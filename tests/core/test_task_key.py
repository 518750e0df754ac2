"""The task key, pinned: a change here means that every picture is paid for again."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from chargen_batch.core.task_key import content_hash, normalized
from chargen_batch.model.task import BatchTask, TaskEstimate, TaskSource
from tests.samples import PLACE, PORTRAIT, task

# The first vector's canonical JSON, typed by hand; each hash below was made of such a text with
# `printf '%s' "$json" | sha256sum | cut -c1-16`.
CANONICAL = (
    b'{"aspectRatio":"3:4","imageSize":"1K","inputs":[],"kind":"generate",'
    b'"model":"gemini-3-pro-image","negativePrompt":"","prompt":"Ada by the sea","references":[],'
    b'"responseSchemaVersion":null,"safety":{},"temperature":null,"variant":1}'
)
GOLDEN: list[tuple[str, dict[str, Any]]] = [
    ("2866e6e3c31df437", {}),
    ("615ad815e9aa007c", {"prompt": "Zo\u00e9\nby the sea"}),
    ("615ad815e9aa007c", {"prompt": "Zoe\u0301\r\nby the sea"}),
    ("615ad815e9aa007c", {"prompt": "Zoe\u0301\rby the sea"}),
    ("74048e2dcad38bc3", {"temperature": 0.7}),
    ("15ccd4b2e3651031", {"temperature": 1.0}),
    ("15ccd4b2e3651031", {"temperature": 1}),
    ("002c476b76ed9eca", {"aspect_ratio": None, "image_size": None}),
    ("93acf26979f61b9b", {"reference_images": (PORTRAIT, PLACE)}),
    ("271656fabfc7fc92", {"reference_images": (PLACE, PORTRAIT)}),
    ("4a1f8ded0dc5f7c5", {"input_images": (PORTRAIT,)}),
    ("90ab816c378d4308", {"variant": 2}),
    ("c7e139125d8a3c7c", {"negative_prompt": "text, blur"}),
    ("82784036219a6377", {"safety": {"B": "NONE", "A": "HIGH"}}),
    ("e2d81800bcd7b054", {"response_schema_version": "1"}),
    ("dab43e2e2d488618", {"kind": "analyze"}),
]


def test_first_golden_hash_is_the_hash_of_the_canonical_json() -> None:
    assert hashlib.sha256(CANONICAL).hexdigest()[:16] == "2866e6e3c31df437"


@pytest.mark.parametrize(("expected", "changes"), GOLDEN)
def test_hash_of_a_request_never_changes(expected: str, changes: dict[str, Any]) -> None:
    assert content_hash(task(**changes)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another"},
        {"description": "Another"},
        {"tags": ("another",)},
        {"output_dir": "elsewhere"},
        {"output_file_name_hint": "other"},
        {"source": TaskSource(file="other.yaml", yaml_path=("images", 3))},
        {"estimate": TaskEstimate(input_tokens=5, images=1, cost_usd=1.0)},
    ],
    ids=str,
)
def test_what_does_not_decide_the_result_is_not_in_the_key(changes: dict[str, Any]) -> None:
    assert task(**changes).key == task().key


def test_path_of_a_reference_is_not_in_the_key() -> None:
    moved = msgspec.structs.replace(PORTRAIT, path="moved.png", mime="image/webp")
    assert task(reference_images=(moved,)).key == task(reference_images=(PORTRAIT,)).key


def test_key_reads_as_entity_slug_target_and_hash() -> None:
    found = task(entity_type="chapter", entity_slug="01-storm", target_id="m2")
    assert found.key == "chapter/01-storm/m2@2866e6e3c31df437"
    assert found.key_hash == "2866e6e3c31df437"


def test_key_is_the_same_after_a_task_was_written_and_read() -> None:
    made = task(temperature=1, prompt="Zoe\u0301")
    read = msgspec.json.decode(msgspec.json.encode(made), type=BatchTask)
    assert content_hash(read) == made.key_hash


def test_normalized_text_is_nfc_with_plain_line_ends() -> None:
    assert normalized("Zoe\u0301\r\na\rb\n") == "Zo\u00e9\na\nb\n"


def test_temperature_that_is_no_number_has_no_key() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        task(temperature=float("nan"))
