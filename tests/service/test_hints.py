"""What an error of the service tells the user to do."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.errors import NetworkError, ServiceError
from tests.service.calls import CALLS, JOB, KEY_INVALID, google

if TYPE_CHECKING:
    from pytest_httpx import HTTPXMock

    from chargen_batch.service.gemini import GeminiService

HINTS = [
    ("get_model", 400, google(400, "INVALID_ARGUMENT", "", KEY_INVALID), "GEMINI_API_KEY"),
    ("get_model", 401, google(401, "UNAUTHENTICATED"), "GEMINI_API_KEY"),
    (
        "get_model",
        403,
        google(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers"),
        "GEMINI_API_KEY",
    ),
    ("get_file", 403, google(403, "PERMISSION_DENIED"), "another project"),
    ("get_job", 404, google(404, "NOT_FOUND"), "another project"),
    ("get_model", 404, google(404, "NOT_FOUND"), "models: in chargen.yaml"),
    ("create_job", 404, google(404, "NOT_FOUND"), "models: in chargen.yaml"),
    ("create_job", 429, google(429, "RESOURCE_EXHAUSTED"), "quota"),
    ("get_job", 503, google(503, "UNAVAILABLE"), "in trouble"),
    ("get_job", 403, {"blocked": True}, "proxy"),
]


@pytest.mark.parametrize(("method", "code", "body", "hint"), HINTS)
def test_a_refusal_says_what_to_do(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str, code: int, body: object, hint: str
) -> None:
    httpx_mock.add_response(code, json=body)

    with pytest.raises(ServiceError) as caught:
        CALLS[method](gemini)

    assert hint in caught.value.hint


def test_a_long_refusal_is_cut_to_a_line(gemini: GeminiService, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(400, json=google(400, "INVALID_ARGUMENT", "many\nwords " * 200))

    with pytest.raises(ServiceError) as caught:
        gemini.get_job(JOB)

    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 600


def test_a_certificate_that_is_not_trusted_has_its_own_hint(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    failure = httpx.ConnectError("certificate verify failed")
    failure.__cause__ = ssl.SSLCertVerificationError("self-signed certificate in chain")
    httpx_mock.add_exception(failure)

    with pytest.raises(NetworkError) as caught:
        gemini.get_job(JOB)

    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["", "abc", "batches/../files", "files/a?b=c", "files/a\n", "https://x/files/a"]
)
@pytest.mark.parametrize(
    "method", ["get_file", "get_job", "delete_file", "cancel_job", "delete_job"]
)
def test_a_name_that_is_none_is_not_sent(gemini: GeminiService, method: str, name: str) -> None:
    with pytest.raises(ServiceError) as caught:
        getattr(gemini, method)(name)

    assert (caught.value.http_status, caught.value.google) == (400, False)
