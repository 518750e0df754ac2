"""Result lines in analysis mode: the table of run.md, row by row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from chargen_batch.core.analysis import analysis_of
from chargen_batch.core.results import UnreadableLineError, parse_line
from chargen_batch.errors import DocumentError
from chargen_batch.model.analysis import (
    APPEARANCE_SCHEMA,
    IMAGE_SCHEMA,
    AppearanceAnalysis,
    ImageAnalysis,
)
from tests.analyses import APPEARANCE, IMAGE, without
from tests.core.painted import answer, image_part, line

if TYPE_CHECKING:
    from chargen_batch.core.results import ReadLine

TEXT: Final = json.dumps(IMAGE)


def read(raw: bytes, version: str = IMAGE_SCHEMA) -> ReadLine:
    found = analysis_of(version).outcome(parse_line(raw))
    assert found.key == "k"
    assert found.pictures == ()
    return found


def error(raw: bytes) -> tuple[str, bool, str]:
    found = read(raw)
    assert found.analysis_json is None
    assert found.error is not None
    return found.error.code, found.error.retryable, found.error.message


def test_answer_by_the_schema_is_a_success() -> None:
    found = read(answer({"text": TEXT}))
    assert found.error is None
    assert json.loads(found.analysis_json or "") == IMAGE


def test_answer_about_an_appearance_is_checked_by_its_own_schema() -> None:
    found = read(answer({"text": json.dumps(APPEARANCE)}), APPEARANCE_SCHEMA)
    assert json.loads(found.analysis_json or "") == APPEARANCE


def test_answer_is_kept_without_spaces_and_unknown_fields_in_the_order_of_the_schema() -> None:
    shuffled = {"score": 0.9, **dict(reversed(IMAGE.items()))}
    found = read(answer({"text": json.dumps(shuffled, indent=4)}))
    assert found.analysis_json == json.dumps(IMAGE, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("at", [1, 7, len(TEXT) - 1])
def test_text_may_be_split_over_parts(at: int) -> None:
    found = read(answer({"text": TEXT[:at]}, {"text": TEXT[at:]}))
    assert found.error is None


def test_thoughts_are_skipped() -> None:
    thought = {"text": "Let me look at it.", "thought": True}
    assert read(answer(thought, {"text": TEXT}, thought)).error is None


def test_parts_without_text_say_nothing() -> None:
    assert read(answer(image_part(), {"thoughtSignature": "eA=="}, {"text": TEXT})).error is None


def test_names_in_snake_case_are_read() -> None:
    candidate = {"content": {"parts": [{"text": TEXT}]}, "finish_reason": "STOP"}
    usage = {"prompt_token_count": 7, "total_token_count": 9}
    found = read(line(response={"candidates": [candidate], "usage_metadata": usage}))
    assert found.error is None
    blocked = line(response={"prompt_feedback": {"block_reason": "OTHER"}})
    assert error(blocked)[0] == "BLOCKED_OTHER"


@pytest.mark.parametrize("reason", ["STOP", "MAX_TOKENS", "SAFETY", None])
def test_whole_answer_counts_whatever_the_finish_reason(reason: str | None) -> None:
    assert read(answer({"text": TEXT}, reason=reason)).error is None


def test_answer_that_was_cut_off_is_told_apart_from_wrong_json() -> None:
    cut, wrong = answer({"text": TEXT[:99]}, reason="MAX_TOKENS"), answer({"text": TEXT[:99]})
    message = "MAX_TOKENS: the answer was cut off after 99 characters"
    assert error(cut) == ("BAD_ANALYSIS", True, message)
    code, retryable, said = error(wrong)
    assert (code, retryable) == ("BAD_ANALYSIS", True)
    assert said.startswith("STOP: not JSON: Input data was truncated; it begins: {")


# What is wrong in an answer, and where the error says that it is.
WRONG: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a field is missing": (without("altText"), "missing required field `altText`"),
    "an empty title": (IMAGE | {"title": ""}, "length >= 1 - at `$.title`"),
    "a blank mood": (IMAGE | {"mood": " \n"}, "at `$.mood`"),
    "no tags": (IMAGE | {"tags": []}, "at `$.tags`"),
    "a tag that is a number": (IMAGE | {"tags": ["sea", 3]}, "got `int` - at `$.tags[1]`"),
    "an unknown kind": (IMAGE | {"imageType": "selfie"}, "'selfie' - at `$.imageType`"),
    "a field deep inside": (
        IMAGE | {"canon": IMAGE["canon"] | {"featuresSeen": None}},
        "got `null` - at `$.canon.featuresSeen`",
    ),
}


@pytest.mark.parametrize(("said", "where"), WRONG.values(), ids=list(WRONG))
def test_answer_that_is_not_by_the_schema_says_where(said: dict[str, Any], where: str) -> None:
    code, retryable, message = error(answer({"text": json.dumps(said)}))
    assert (code, retryable) == ("BAD_ANALYSIS", True)
    assert message.startswith("not by the schema: ")
    assert where in message


@pytest.mark.parametrize("text", ["I see a lighthouse.", "[]", "null", f"```json\n{TEXT}\n```"])
def test_text_that_is_no_json_object_is_a_bad_analysis(text: str) -> None:
    assert error(answer({"text": text}))[:2] == ("BAD_ANALYSIS", True)


def test_text_that_is_nested_too_deep_is_a_bad_analysis() -> None:
    deep = '{"title":' * 5_000
    assert error(answer({"text": deep}))[:2] == ("BAD_ANALYSIS", True)


@pytest.mark.parametrize("parts", [(), ({"text": ""},), ({"text": " "},), (image_part(),)])
def test_answer_without_text_is_a_bad_analysis(parts: tuple[dict[str, Any], ...]) -> None:
    assert error(answer(*parts)) == ("BAD_ANALYSIS", True, "STOP: the answer has no text")


def test_line_without_response_is_a_bad_analysis() -> None:
    assert error(line())[:2] == ("BAD_ANALYSIS", True)


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII"])
def test_refusal_is_final(reason: str) -> None:
    assert error(answer(reason=reason)) == (reason, False, "the answer was refused")
    assert error(answer({"text": "No."}, reason=reason)) == (reason, False, "No.")


def test_blocked_prompt_is_final() -> None:
    raw = line(response={"promptFeedback": {"blockReason": "SAFETY"}})
    assert error(raw)[:2] == ("BLOCKED_SAFETY", False)
    assert error(line(response={"candidates": []}))[:2] == ("BLOCKED_NO_CANDIDATE", False)


@pytest.mark.parametrize(("code", "retryable"), [(13, True), (3, False), (429, True)])
def test_row_error_is_read_as_for_pictures(code: int, *, retryable: bool) -> None:
    raw = line(error={"code": code, "message": "no"})
    assert error(raw) == (f"ROW_ERROR_{code}", retryable, "no")


def test_failure_keeps_what_was_spent() -> None:
    usage = {"promptTokenCount": 900, "thoughtsTokenCount": 80, "totalTokenCount": 980}
    candidate = {"content": {"parts": [{"text": "?"}]}, "finishReason": "STOP"}
    found = read(line(response={"candidates": [candidate], "usageMetadata": usage}))
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.thoughts_tokens) == (900, 80)


def test_line_that_is_no_result_once_its_names_are_read_is_unreadable() -> None:
    parsed = parse_line(
        line(response={"candidates": [{"content": {"parts": [{"inline_data": 3}]}}]})
    )
    with pytest.raises(UnreadableLineError):
        analysis_of(IMAGE_SCHEMA).outcome(parsed)


@pytest.mark.parametrize("version", [None, "", "image/99"])
def test_schema_that_is_not_known_is_an_error_that_names_those_that_are(
    version: str | None,
) -> None:
    with pytest.raises(DocumentError, match="not known here") as caught:
        analysis_of(version)
    assert "image/1, appearance/1" in caught.value.hint


def test_sample_answers_are_by_their_schemas() -> None:
    assert msgspec.convert(IMAGE, ImageAnalysis).canon.matches_description
    assert msgspec.convert(APPEARANCE, AppearanceAnalysis).appearance
