"""What result lines hold."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from chargen_batch.emulator.answers import prompt_of, result_lines, write_output
from chargen_batch.emulator.catalog import MODELS
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.rows import Row, parse_row
from tests.emulator.conversation import MODEL, jsonl, reference, request_of, row

ANALYST = "gemini-3.5-flash"


def lines(row_: dict[str, Any], kind: str = "success", model: str = MODEL) -> list[dict[str, Any]]:
    read = parse_row(json.dumps(row_).encode())
    return result_lines(read, MODELS[model], Behaviour(outcomes={"*": kind}))


def response(row_: dict[str, Any], kind: str = "success", model: str = MODEL) -> dict[str, Any]:
    (line,) = lines(row_, kind, model)
    found: dict[str, Any] = line["response"]
    return found


def parts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["candidates"][0]["content"]["parts"]
    return found


def written(*rows: dict[str, Any], behaviour: Behaviour | None = None) -> bytes:
    output = io.BytesIO()
    write_output(io.BytesIO(jsonl(*rows)), output, MODEL, behaviour or Behaviour())
    return output.getvalue()


def test_success_has_a_thought_then_text_then_the_picture() -> None:
    thought, text, image = parts(response(row()))
    assert thought["thought"] is True
    assert text["thoughtSignature"]
    assert image["thoughtSignature"]
    assert image["inlineData"]["mimeType"] == "image/png"
    assert base64.b64decode(image["inlineData"]["data"], validate=True).startswith(b"\x89PNG")


def test_picture_alone_comes_without_text() -> None:
    asked = request_of()
    asked["generationConfig"]["responseModalities"] = ["IMAGE"]
    assert [part.get("thought", False) for part in parts(response(row("k", asked)))] == [
        True,
        False,
    ]


def test_picture_has_the_ratio_and_size_asked_for() -> None:
    asked = request_of("a", aspectRatio="16:9", imageSize="2K")
    data = parts(response(row("k", asked)))[-1]["inlineData"]["data"]
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (2752, 1536)


def test_usage_adds_up_and_is_told_by_modality() -> None:
    usage = response(row("k", request_of("eight ch", reference("x"))))["usageMetadata"]
    assert usage["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2},
        {"modality": "IMAGE", "tokenCount": 258},
    ]
    assert usage["promptTokenCount"] == 260
    assert usage["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": 1120}]
    spent = usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
    assert usage["totalTokenCount"] == spent


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        (MODEL, "4K", 2000),
        ("gemini-nano-banana-2.1", "2K", 1680),
        ("gemini-nano-banana-2.1", "4K", 3780),
        ("gemini-3.1-flash-lite-image", "1K", 1120),
    ],
)
def test_picture_costs_its_tokens(model: str, size: str, tokens: int) -> None:
    asked = request_of("a", aspectRatio="1:1", imageSize=size)
    usage = response(row("k", asked), model=model)["usageMetadata"]
    assert usage["candidatesTokenCount"] == tokens


def test_equal_rows_have_equal_answers_and_others_other_ones() -> None:
    assert lines(row()) == lines(row())
    assert response(row("a"))["responseId"] != response(row("b"))["responseId"]
    assert response(row())["modelVersion"] == MODEL


def test_line_has_the_response_first_and_the_key_last() -> None:
    assert written(row("a")).startswith(b'{"response":{"candidates":')
    assert written(row("a")).endswith(b',"key":"a"}\n')


def test_fields_beside_key_and_request_are_echoed_with_arrays_emptied() -> None:
    (line,) = lines({**row("k"), "product": "p", "tags": ["a", "b"]})
    assert (line["product"], line["tags"]) == ("p", [])


def test_row_error_has_a_grpc_code_and_no_response() -> None:
    assert [line["error"]["code"] for line in lines(row("k"), "row_error")] == [13]
    (line,) = lines(row("k"), "row_error:8")
    assert line == {"key": "k", "error": {"code": 8, "message": line["error"]["message"]}}
    assert "7" in lines(row("k"), "row_error:7")[0]["error"]["message"]


def test_blocked_prompt_has_feedback_and_no_candidates() -> None:
    answer = response(row(), "blocked")
    assert answer["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert "candidates" not in answer
    assert "candidatesTokenCount" not in answer["usageMetadata"]
    assert response(row(), "blocked:SAFETY")["promptFeedback"]["blockReason"] == "SAFETY"


def test_refused_picture_is_a_candidate_without_content() -> None:
    (candidate,) = response(row(), "safety")["candidates"]
    assert candidate["finishReason"] == "IMAGE_SAFETY"
    assert candidate["content"] == {}
    assert candidate["finishMessage"]
    assert response(row(), "safety:NO_IMAGE")["candidates"][0]["finishReason"] == "NO_IMAGE"


def test_text_only_stops_well_without_a_picture() -> None:
    answer = response(row(), "text_only")
    assert answer["candidates"][0]["finishReason"] == "STOP"
    assert [sorted(part) for part in parts(answer)] == [["text"]]


def test_signature_part_holds_nothing_else() -> None:
    *_, picture, signature = parts(response(row(), "signature"))
    assert "inlineData" in picture
    assert list(signature) == ["thoughtSignature"]


def test_missing_and_duplicate_rows_have_no_line_and_two() -> None:
    assert lines(row("k"), "missing") == []
    assert lines(row("k"), "duplicate") == lines(row("k")) * 2


def test_keyless_line_has_lost_its_key() -> None:
    assert list(lines(row("k"), "keyless")[0]) == ["response"]


def test_first_matching_glob_decides() -> None:
    behaviour = Behaviour(outcomes={"a/*": "missing", "*": "row_error:4"})
    assert [behaviour.outcome(key) for key in ("a/1", "b/1")] == [
        ("missing", ""),
        ("row_error", "4"),
    ]


def test_unknown_outcome_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="text_only"):
        Behaviour(outcomes={"*": "explode"})


def test_counts_tell_responses_and_errors() -> None:
    behaviour = Behaviour(outcomes={"e": "row_error", "m": "missing", "b": "blocked"})
    assert behaviour.count(["e", "m", "b", "s"]) == (2, 1)
    assert Behaviour.load(behaviour.dump()) == behaviour


def test_shuffled_output_has_every_row_once_in_another_order() -> None:
    keys = [f"k{number}" for number in range(8)]
    tiny = [row(key, request_of(aspectRatio="1:1", imageSize="1K")) for key in keys]
    output = written(*tiny, behaviour=Behaviour(outcomes={"*": "text_only"}, shuffle=True))
    found = [json.loads(line)["key"] for line in output.split(b"\n") if line]
    assert found != keys
    assert sorted(found) == keys


def test_final_newline_may_be_left_out() -> None:
    behaviour = Behaviour(outcomes={"*": "row_error"}, no_final_newline=True)
    assert written(row("a"), row("b"), behaviour=behaviour).count(b"\n") == 1


def test_line_separators_and_lone_surrogates_survive() -> None:
    key = "a\u2028b"
    output = written(row(key), behaviour=Behaviour(outcomes={"*": "text_only"}))
    assert output.count(b"\n") == 1
    assert json.loads(output)["key"] == key
    assert written(row("k", request_of("\ud800"))).endswith(b"}\n")


def test_analysis_answers_with_json_of_the_schema() -> None:
    schema = {"type": "object", "properties": {"mood": {"enum": ["calm"]}}, "required": ["mood"]}
    asked = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    request = {"contents": [{"parts": [{"text": "a"}]}], "generationConfig": asked}
    (part,) = parts(response(row("k", request), model=ANALYST))
    assert json.loads(part["text"]) == {"mood": "calm"}


def test_text_model_answers_in_text() -> None:
    answer = response(row("k", {"contents": [{"parts": [{"text": "a"}]}]}), model=ANALYST)
    assert [sorted(part) for part in parts(answer)] == [["text"]]
    assert answer["usageMetadata"]["candidatesTokensDetails"][0]["modality"] == "TEXT"


def test_prompt_is_what_the_user_wrote() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "one"}, reference("x"), {"text": "two"}]},
        {"role": "model", "parts": [{"text": "no"}]},
    ]
    assert prompt_of(Row("k", {"contents": contents}).request) == "one\ntwo"
