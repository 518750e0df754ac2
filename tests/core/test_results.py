"""The table of run.md, "Result lines", row by row."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from chargen_batch.core.generation import Generation
from chargen_batch.core.results import ReadLine, UnreadableLineError, parse_line
from chargen_batch.model.outcome import ProviderMeta, TaskError, Usage
from tests.core.painted import JPEG, PNG, WEBP, answer, image_part, line, painted

if TYPE_CHECKING:
    from collections.abc import Callable


def read_line(raw: bytes) -> ReadLine:
    return Generation().outcome(parse_line(raw))


def _error(raw: bytes) -> TaskError:
    read = read_line(raw)
    assert read.key == "k"
    assert read.pictures == ()
    assert read.error is not None
    return read.error


def test_answer_with_a_picture_is_a_success() -> None:
    read = read_line(answer(image_part()))
    (picture,) = read.pictures
    assert (read.key, read.error, read.warnings) == ("k", None, ())
    assert (picture.data, picture.sha256) == (PNG, hashlib.sha256(PNG).hexdigest())
    assert (picture.facts.mime, picture.facts.width, picture.facts.height) == ("image/png", 30, 40)


@pytest.mark.parametrize(
    ("data", "mime"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_type_is_read_off_the_bytes(data: bytes, mime: str) -> None:
    read = read_line(answer(image_part(data, mime)))
    assert ([picture.facts.mime for picture in read.pictures], read.warnings) == ([mime], ())


def test_picture_with_another_type_than_it_is_called_gives_a_warning() -> None:
    read = read_line(answer(image_part(JPEG, "image/png")))
    assert read.pictures[0].facts.mime == "image/jpeg"
    assert read.warnings == ("the service called it image/png, its bytes are image/jpeg",)


def test_picture_that_is_called_nothing_gives_no_warning() -> None:
    assert read_line(answer(image_part(JPEG, ""))).warnings == ()


def test_text_may_come_before_the_picture() -> None:
    read = read_line(answer({"text": "Here it is"}, image_part()))
    assert [picture.data for picture in read.pictures] == [PNG]


def test_pictures_in_thoughts_are_skipped() -> None:
    draft = image_part(painted(size=(5, 5))) | {"thought": True}
    read = read_line(answer({"text": "hm", "thought": True}, draft, image_part()))
    assert [picture.data for picture in read.pictures] == [PNG]


def test_picture_in_thoughts_alone_is_no_picture() -> None:
    error = _error(answer(image_part() | {"thought": True}))
    assert (error.code, error.retryable) == ("NO_IMAGE_DATA", True)


def test_several_pictures_are_all_kept_in_order() -> None:
    read = read_line(answer(image_part(), {"text": "and"}, image_part(WEBP, "image/webp")))
    assert [picture.data for picture in read.pictures] == [PNG, WEBP]


def test_one_broken_picture_of_several_spoils_the_answer() -> None:
    assert _error(answer(image_part(), image_part(PNG[:-20]))).code == "BAD_RESULT"


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "SAFETY", "OTHER"])
def test_picture_counts_whatever_the_finish_reason(reason: str) -> None:
    read = read_line(answer(image_part(), reason=reason))
    assert (len(read.pictures), read.error) == (1, None)


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT"])
def test_blocked_prompt_is_refused_for_good(reason: str) -> None:
    error = _error(line(response={"promptFeedback": {"blockReason": reason}}))
    assert (error.code, error.retryable) == (f"BLOCKED_{reason}", False)


@pytest.mark.parametrize("candidates", [{}, {"candidates": []}, {"candidates": None}])
def test_answer_without_a_candidate_is_refused_for_good(candidates: dict[str, Any]) -> None:
    error = _error(line(response=candidates))
    assert (error.code, error.retryable) == ("BLOCKED_NO_CANDIDATE", False)


REFUSALS: Final = (
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
)


@pytest.mark.parametrize("reason", REFUSALS)
def test_refused_picture_is_not_retryable(reason: str) -> None:
    error = _error(answer(reason=reason))
    assert (error.code, error.retryable) == (reason, False)


@pytest.mark.parametrize(
    "reason", ["STOP", "NO_IMAGE", "IMAGE_OTHER", "MAX_TOKENS", "OTHER", "A_NEW_ONE", None]
)
def test_answer_without_a_picture_is_retryable(reason: str | None) -> None:
    error = _error(answer({"text": "I cannot"}, {"text": " draw."}, reason=reason))
    expected = f"{reason or 'OTHER'}: I cannot draw."
    assert error == TaskError(code="NO_IMAGE_DATA", message=expected, retryable=True)


@pytest.mark.parametrize("content", [None, {}, {"parts": None}, {"parts": []}, {"parts": [{}]}])
def test_answer_without_parts_has_no_picture(content: dict[str, Any] | None) -> None:
    error = _error(line(response={"candidates": [{"content": content, "finishReason": "STOP"}]}))
    assert error.message == "STOP: the answer has no picture"


def test_finish_message_says_more_than_the_text() -> None:
    candidate = {"finishReason": "IMAGE_SAFETY", "finishMessage": "Unable to show it."}
    assert _error(line(response={"candidates": [candidate]})).message == "Unable to show it."


def test_long_text_is_cut() -> None:
    assert len(_error(answer({"text": "x" * 9000})).message) == len("STOP: ") + 500


def test_line_without_answer_or_error_is_retryable() -> None:
    error = _error(line())
    assert (error.code, error.retryable) == ("NO_IMAGE_DATA", True)


RETRYABLE: Final = [4, 8, 10, 13, 14, 429, 500, 502, 503, 504]
RETRYABLE_WORDS: Final = ["RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL", "ABORTED"]
FINAL: Final = [0, 1, 2, 3, 5, 6, 7, 9, 11, 12, 15, 16, 400, 401, 403, 404, 408]


@pytest.mark.parametrize("code", [*RETRYABLE, *RETRYABLE_WORDS, "DEADLINE_EXCEEDED", "13", "503"])
@pytest.mark.parametrize("name", ["error", "status"])
def test_row_error_is_retryable(name: str, code: object) -> None:
    row: dict[str, Any] = {name: {"code": code, "message": "again"}}
    error = _error(line(**row))
    assert error == TaskError(code=f"ROW_ERROR_{code}", message="again", retryable=True)


@pytest.mark.parametrize("code", [*FINAL, "INVALID_ARGUMENT", "3", "400"])
@pytest.mark.parametrize("name", ["error", "status"])
def test_row_error_is_final(name: str, code: object) -> None:
    row: dict[str, Any] = {name: {"code": code, "message": "never"}}
    error = _error(line(**row))
    assert error == TaskError(code=f"ROW_ERROR_{code}", message="never", retryable=False)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": "UNAVAILABLE"}, ("ROW_ERROR_UNAVAILABLE", True)),
        ({"message": "what"}, ("ROW_ERROR", False)),
        ({}, ("ROW_ERROR", False)),
        ("something went wrong", ("ROW_ERROR", False)),
        ("Bad Request: {}", ("ROW_ERROR_400", False)),
    ],
    ids=str,
)
def test_row_error_without_a_code_is_read_as_far_as_it_goes(
    row: object, expected: tuple[str, bool]
) -> None:
    error = _error(line(status=row))
    assert (error.code, error.retryable) == expected


def test_row_error_without_words_says_so() -> None:
    assert _error(line(error={"code": 3})).message == "the service gave no reason"


def test_empty_status_beside_an_answer_is_no_error() -> None:
    raw = json.loads(answer(image_part())) | {"status": ""}
    assert read_line(json.dumps(raw).encode()).error is None


def _part(data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": data}}


PLAIN: Final = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "data",
    [PLAIN[:-1] + "!", PLAIN[:9] + "\n" + PLAIN[9:], "é" + PLAIN[1:], PLAIN[:-7], "-" + PLAIN],
    ids=["sign", "line end", "letter", "cut", "mixed"],
)
def test_base64_that_does_not_hold_is_retryable(data: str) -> None:
    error = _error(answer(_part(data)))
    assert (error.code, error.retryable) == ("BAD_RESULT", True)


DAMAGES: Final[dict[str, Callable[[], bytes]]] = {
    "truncated png": lambda: PNG[:-20],
    "png with a bad crc": lambda: PNG[:40] + bytes([PNG[40] ^ 1]) + PNG[41:],
    "truncated jpeg": lambda: painted("JPEG", (300, 400))[:-200],
    "truncated webp": lambda: WEBP[:-1],
    "gif": lambda: painted("GIF"),
    "no picture": lambda: b"hello",
}


@pytest.mark.parametrize("name", DAMAGES)
def test_picture_that_does_not_hold_is_retryable(name: str) -> None:
    error = _error(answer(image_part(DAMAGES[name]())))
    assert (error.code, error.retryable) == ("BAD_RESULT", True)


def test_url_safe_base64_is_read() -> None:
    data = painted(size=(90, 90))
    encoded = base64.urlsafe_b64encode(data).decode()
    assert set("-_") & set(encoded)
    assert read_line(answer(_part(encoded))).pictures[0].data == data


def test_base64_with_escaped_characters_is_read() -> None:
    raw = answer(_part(PLAIN.replace("/", "\x00"))).replace(b"\\u0000", b"\\/")
    assert b"\\/" in raw
    assert read_line(raw).pictures[0].data == PNG


USAGE: Final = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 1290,
    "thoughtsTokenCount": "7",
    "totalTokenCount": 1307,
    "candidatesTokensDetails": [
        {"modality": "IMAGE", "tokenCount": 1120},
        {"modality": "TEXT", "tokenCount": 170},
    ],
}


def _full() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(answer(image_part()))
    whole["response"] |= {"usageMetadata": USAGE, "modelVersion": "m-1", "responseId": "r1"}
    return whole


def _check_full(read: ReadLine) -> None:
    assert read.usage == Usage(
        prompt_tokens=10,
        candidates_tokens=1290,
        thoughts_tokens=7,
        image_tokens=1120,
        total_tokens=1307,
    )
    assert read.provider_meta == ProviderMeta(
        model_version="m-1", response_id="r1", finish_reason="STOP"
    )


def test_tokens_and_version_are_kept() -> None:
    _check_full(read_line(json.dumps(_full()).encode()))


def test_failure_keeps_its_tokens_too() -> None:
    raw = line(response={"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": USAGE})
    usage = read_line(raw).usage
    assert usage is not None
    assert usage.prompt_tokens == 10


def _snaked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in name): _snaked(item)
            for name, item in value.items()
        }
    return [_snaked(item) for item in value] if isinstance(value, list) else value


def test_snake_case_line_says_the_same() -> None:
    whole = _full()
    camel, snake = json.dumps(whole).encode(), json.dumps(_snaked(whole)).encode()
    assert b"inline_data" in snake
    assert read_line(snake) == read_line(camel)
    _check_full(read_line(snake))


@pytest.mark.parametrize(
    "response",
    [
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"candidates": [{"finishReason": "IMAGE_SAFETY"}]},
        {"candidates": [{"finishReason": "STOP", "content": {"parts": [{"text": "a_b"}]}}]},
    ],
    ids=str,
)
def test_snake_case_refusal_says_the_same(response: dict[str, Any]) -> None:
    assert read_line(line(response=_snaked(response))) == read_line(line(response=response))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b'{"key": "k", "response": {"candi',
        b"[]",
        b"\xff\xfe",
        b'{"key": 5}',
        b'{"key":"k","response":{"candidates":[{"content":{"parts":[{"inline_data":[]}]}}]}}',
        b'{"key":"k","x":' + b"[" * 200_000,
    ],
    ids=["empty", "text", "torn", "list", "bytes", "key", "snake", "deep"],
)
def test_line_that_does_not_parse_is_an_error_of_its_own(raw: bytes) -> None:
    with pytest.raises(UnreadableLineError):
        read_line(raw)


def test_line_without_a_key_is_nobodys() -> None:
    assert read_line(line(None, error={"code": 13})).key is None


def test_fields_that_google_adds_are_ignored() -> None:
    whole = _full() | {"processedTime": "now"}
    whole["response"]["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = "x"
    assert read_line(json.dumps(whole).encode()).error is None


@pytest.mark.parametrize("status", [{}, {"code": 0}, {"code": "OK"}])
def test_status_that_is_ok_does_not_spoil_a_picture(status: dict[str, object]) -> None:
    whole = json.loads(answer(image_part()))
    read = read_line(json.dumps({**whole, "status": status}).encode())
    assert (read.error, len(read.pictures)) == (None, 1)
