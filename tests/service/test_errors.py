"""The SDK's error table (gemini.md §1.8) at every call, as our errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.errors import NetworkError, ServiceError
from tests.service.calls import ABOUT, CALLS, JOB, KEY, KEY_INVALID, all_told, google

if TYPE_CHECKING:
    from pytest_httpx import HTTPXMock

    from chargen_batch.service.gemini import GeminiService

NO_BODY = ("delete_file", "cancel_job", "delete_job")
HTML = "<html>upload_id=SECRET <b>nobody is here</b></html>"
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37.5s"}


@dataclass(frozen=True)
class Row:
    """What the service answers, and what our error says."""

    code: int
    json: object = None
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: str = ""
    is_google: bool = False
    retry_after_s: float | None = None


ROWS = {
    "forbidden": Row(
        403, google(403, "PERMISSION_DENIED"), status="PERMISSION_DENIED", is_google=True
    ),
    "overload": Row(503, google(503, "UNAVAILABLE"), status="UNAVAILABLE", is_google=True),
    "wrapped": Row(
        429, [google(429, "RESOURCE_EXHAUSTED")], status="RESOURCE_EXHAUSTED", is_google=True
    ),
    "retry info": Row(
        429,
        google(429, "RESOURCE_EXHAUSTED", "slow", {"@type": "Help"}, RETRY_INFO),
        status="RESOURCE_EXHAUSTED",
        is_google=True,
        retry_after_s=37.5,
    ),
    "retry after": Row(
        503,
        google(503, "UNAVAILABLE", "slow", RETRY_INFO),
        headers={"Retry-After": "7"},
        status="UNAVAILABLE",
        is_google=True,
        retry_after_s=7.0,
    ),
    "retry date": Row(
        503,
        text="",
        headers={
            "Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT",
            "Date": "Sun, 22 Nov 2026 10:00:00 GMT",
        },
        retry_after_s=30.0,
    ),
    "retry nonsense": Row(503, text="", headers={"Retry-After": "soon"}),
    "html": Row(502, text=HTML),
    "empty": Row(500, text=""),
    "proxy": Row(403, text=HTML),
    "foreign json": Row(404, {"error": "not found"}),
    "list": Row(500, [1, 2]),
    "moved": Row(307, text="", headers={"Location": "https://service.test/elsewhere"}),
    "no content": Row(204, text=""),
    "created": Row(201, {"name": JOB}),
    "bad key": Row(
        400,
        google(400, "INVALID_ARGUMENT", f"no key {KEY}", KEY_INVALID),
        status="API_KEY_INVALID",
        is_google=True,
    ),
}


def answer(httpx_mock: HTTPXMock, row: Row) -> None:
    if row.text is None:
        httpx_mock.add_response(row.code, json=row.json, headers=row.headers)
    else:
        httpx_mock.add_response(row.code, text=row.text, headers=row.headers)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("method", CALLS)
def test_an_answer_that_is_no_200_is_a_service_error(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str, row: Row
) -> None:
    answer(httpx_mock, row)

    with pytest.raises(ServiceError) as caught:
        CALLS[method](gemini)

    error = caught.value
    assert (error.http_status, error.status, error.google) == (row.code, row.status, row.is_google)
    assert error.retry_after_s == row.retry_after_s
    assert ABOUT[method] in error.message
    assert KEY not in all_told(error)
    assert "SECRET" not in all_told(error)
    assert "<html>" not in error.message
    assert len(httpx_mock.get_requests()) == 1


FAILURES = {
    "timeout": httpx.ReadTimeout("slow"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "drop": httpx.RemoteProtocolError("Server disconnected without sending a response."),
    "no route": httpx.ConnectError("[Errno 111] Connection refused"),
    "reset": httpx.ReadError(""),
    "write": httpx.WriteError(""),
    "proxy": httpx.ProxyError("407 Proxy Authentication Required"),
    "garbage": httpx.DecodingError("not gzip"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("method", CALLS)
def test_an_answer_that_does_not_come_is_a_network_error(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str, failure: Exception
) -> None:
    httpx_mock.add_exception(failure)

    with pytest.raises(NetworkError) as caught:
        CALLS[method](gemini)

    assert ABOUT[method] in caught.value.message
    assert "service.test" in caught.value.message
    assert caught.value.__cause__ is failure
    assert KEY not in all_told(caught.value)
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize(
    "body", [HTML, "[]", '"a"', '{"name": 7, "files": [7], "operations": [7]}']
)
@pytest.mark.parametrize("method", [name for name in CALLS if name not in NO_BODY])
def test_a_200_that_says_nothing_is_a_service_error_of_a_stranger(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str, body: str
) -> None:
    httpx_mock.add_response(200, text=body, headers={"Content-Type": "text/html; charset=utf-8"})

    with pytest.raises(ServiceError) as caught:
        CALLS[method](gemini)

    error = caught.value
    assert (error.http_status, error.google, error.retry_after_s) == (200, False, None)
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize(
    "method",
    ["upload", "get_file", "list_files", "create_job", "get_job", "list_jobs", "get_model"],
)
def test_an_empty_200_is_no_answer(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str
) -> None:
    httpx_mock.add_response(200, text="")

    with pytest.raises(ServiceError) as caught:
        CALLS[method](gemini)

    assert (caught.value.http_status, caught.value.google) == (200, False)


@pytest.mark.parametrize("body", ["", "{}"])
@pytest.mark.parametrize("method", NO_BODY)
def test_deleting_and_cancelling_need_no_body(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str, body: str
) -> None:
    httpx_mock.add_response(200, text=body)

    assert CALLS[method](gemini) is None


@pytest.mark.parametrize("method", NO_BODY)
def test_a_web_page_is_no_answer_to_deleting(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str
) -> None:
    httpx_mock.add_response(200, text=HTML)

    with pytest.raises(ServiceError) as caught:
        CALLS[method](gemini)

    assert (caught.value.http_status, caught.value.google) == (200, False)
