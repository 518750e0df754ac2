"""A paid picture is not lost over a field that nobody needs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from chargen_batch.core.generation import Generation
from chargen_batch.core.results import ReadLine, UnreadableLineError, parse_line
from tests.core.painted import PNG, answer, image_part, line, painted

if TYPE_CHECKING:
    from collections.abc import Callable

USAGE: Final = {"totalTokenCount": 7, "candidatesTokensDetails": [{"modality": "IMAGE"}]}

Response = dict[str, Any]
ODD: Final[dict[str, Callable[[Response], object]]] = {
    "mime": lambda r: r["candidates"][0]["content"]["parts"][1]["inlineData"].update(mimeType=None),
    "mime number": lambda r: r["candidates"][0]["content"]["parts"][1]["inlineData"].update(
        mimeType=3
    ),
    "text": lambda r: r["candidates"][0]["content"]["parts"][0].update(text=3),
    "tokens": lambda r: r["usageMetadata"]["candidatesTokensDetails"][0].update(tokenCount=None),
    "modality": lambda r: r["usageMetadata"]["candidatesTokensDetails"][0].update(modality=1),
    "total": lambda r: r["usageMetadata"].update(totalTokenCount=1.5),
    "huge": lambda r: r["usageMetadata"].update(totalTokenCount=1 << 70),
    "negative": lambda r: r["usageMetadata"].update(totalTokenCount=-1),
    "usage": lambda r: r.update(usageMetadata="much"),
    "version": lambda r: r.update(modelVersion=3),
    "reason": lambda r: r["candidates"][0].update(finishReason=3),
    "feedback": lambda r: r.update(promptFeedback=[]),
}


def read_line(raw: bytes) -> ReadLine:
    return Generation().outcome(parse_line(raw))


def whole() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer({"text": "here"}, image_part()))
    found["response"] |= json.loads(json.dumps({"usageMetadata": USAGE, "modelVersion": "m-1"}))
    return found


@pytest.mark.parametrize("name", ODD)
def test_a_picture_beside_an_odd_field_is_kept(name: str) -> None:
    odd = whole()
    ODD[name](odd["response"])
    read = read_line(json.dumps(odd).encode())
    assert ([picture.data for picture in read.pictures], read.error) == ([PNG], None)


def test_what_is_right_beside_an_odd_field_is_kept() -> None:
    odd = whole()
    ODD["reason"](odd["response"])
    read = read_line(json.dumps(odd).encode())
    assert read.usage
    assert read.provider_meta
    assert (read.usage.total_tokens, read.provider_meta.model_version) == (7, "m-1")


def test_a_refusal_beside_an_odd_field_is_still_one() -> None:
    feedback = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": 3}
    error = read_line(line(response=feedback)).error
    assert error
    assert (error.code, error.retryable) == ("BLOCKED_SAFETY", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"response": {"modelVersion": 3, "candidates": {}}},
        {"response": {"modelVersion": 3, "candidates": [3]}},
        {"response": []},
        {"error": 5},
    ],
    ids=str,
)
def test_a_line_whose_answer_is_odd_does_not_parse(fields: dict[str, Any]) -> None:
    with pytest.raises(UnreadableLineError):
        read_line(line(**fields))


def test_an_error_that_is_a_text_is_a_row_error() -> None:
    error = read_line(line(error="text")).error
    assert error
    assert (error.code, error.message, error.retryable) == ("ROW_ERROR", "text", False)


@pytest.mark.parametrize("code", ["²", "9" * 5000, "-4"])
def test_an_odd_code_of_a_row_error_is_final_and_not_kept_whole(code: str) -> None:
    error = read_line(line(error={"code": code, "message": "x"})).error
    assert error
    assert (error.code, error.retryable) == (f"ROW_ERROR_{code}"[:500], False)


@pytest.mark.parametrize("side", range(30, 36))
def test_base64_without_padding_is_read(side: int) -> None:
    data = painted(size=(side, 40))
    encoded = base64.b64encode(data).decode().rstrip("=")
    part = {"inlineData": {"mimeType": "image/png", "data": encoded}}
    assert [picture.data for picture in read_line(answer(part)).pictures] == [data]
