"""Row errors as text: Vertex writes the refusal of a request into its line's ``status``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chargen_batch.core.generation import Generation
from chargen_batch.core.results import ReadLine, parse_line
from chargen_batch.model.outcome import TaskError
from tests.core.painted import image_part, line

ECHO = {"contents": [{"role": "user", "parts": [{"text": "draw her"}, image_part()]}]}


def refused(code: object, words: str = "Bad Request", **more: object) -> str:
    return f"{words}: {json.dumps({'error': {'code': code, 'message': 'Why.', **more}})}"


def read_row(status: str, **fields: Any) -> ReadLine:  # noqa: ANN401 - any JSON value
    raw = line(status=status, processed_time="2026-11-22T08:00:00+00:00", request=ECHO, **fields)
    return Generation().outcome(parse_line(raw))


def error_of(status: str) -> TaskError:
    read = read_row(status)
    assert (read.key, read.error is None) == ("k", False)
    assert read.error is not None
    return read.error


@pytest.mark.parametrize(
    ("code", "retryable"),
    [(400, False), (403, False), (404, False), (429, True), (500, True), (503, True), (13, True)],
)
def test_the_object_in_a_status_says_code_and_message(code: int, *, retryable: bool) -> None:
    expected = TaskError(code=f"ROW_ERROR_{code}", message="Why.", retryable=retryable)
    assert error_of(refused(code)) == expected


def test_a_code_that_is_text_is_read_as_well() -> None:
    assert error_of(refused("503", "Service Unavailable")).retryable
    assert error_of('x: {"error": {"status": "UNAVAILABLE", "message": "m"}}').retryable


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        ("Too Many Requests", "ROW_ERROR_429", True),
        ("Service Unavailable: try later", "ROW_ERROR_503", True),
        ("Not Found: no such model", "ROW_ERROR_404", False),
        ("RESOURCE_EXHAUSTED: quota", "ROW_ERROR_RESOURCE_EXHAUSTED", True),
        ("INVALID_ARGUMENT", "ROW_ERROR_INVALID_ARGUMENT", False),
        ("Bad Request: {1", "ROW_ERROR_400", False),
        ('Internal Server Error: {"error": {}}', "ROW_ERROR_500", True),
        ("the model was tired", "ROW_ERROR", False),
    ],
)
def test_words_alone_are_those_of_http_or_grpc(status: str, code: str, *, retryable: bool) -> None:
    error = error_of(status)
    assert (error.code, error.message, error.retryable) == (code, status, retryable)


def test_an_object_that_was_cut_off_says_what_it_has() -> None:
    error = error_of(refused(429, "Too Many Requests", details=["x"])[:-12])
    assert error == TaskError(code="ROW_ERROR_429", message="Why.", retryable=True)
    assert error_of('Bad Request: {"error": {"code": 503, "mess').retryable


def test_a_status_nested_beyond_reason_is_only_words() -> None:
    assert error_of("Bad Request: " + '{"error":' * 5000).code == "ROW_ERROR_400"


def test_a_long_status_is_quoted_in_part() -> None:
    assert len(error_of("x" * 5000).message) == 500


def test_the_request_that_is_echoed_is_neither_the_answer_nor_kept() -> None:
    parts = {"content": {"parts": [image_part()], "role": "model"}, "finishReason": "STOP"}
    raw = line(status="", request=ECHO, response={"candidates": [parts]})
    parsed = parse_line(raw)
    assert not hasattr(parsed.result, "request")
    assert len(Generation().outcome(parsed).pictures) == 1
    assert read_row("").error is not None
