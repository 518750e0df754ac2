"""The HTTP client: certificates, proxies, and what it keeps to itself."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import certifi
import httpx
import pytest
import truststore

from chargen_batch.errors import ConfigError
from chargen_batch.service.gemini import connect
from chargen_batch.service.wire import certificates, open_client, rebuilt, without_key
from tests.service.calls import BASE_URL, FILE, KEY, upload

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpx import HTTPXMock

    from chargen_batch.service.gemini import GeminiService
    from chargen_batch.service.wire import WireClient

PROXY = "http://proxy.test:3128"


def opened(base_url: str, *, trust_env: bool = True) -> WireClient:
    return open_client(
        base_url=base_url, secret=KEY, timeout_s=5.0, trust_env=trust_env, environ={}
    )


def test_the_systems_certificates_are_trusted() -> None:
    assert isinstance(certificates({}), truststore.SSLContext)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_named_count_instead(name: str, tmp_path: Path) -> None:
    place = certifi.where() if name == "SSL_CERT_FILE" else str(tmp_path)

    context = certificates({name: place})

    assert not isinstance(context, truststore.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert bool(context.get_ca_certs()) is (name == "SSL_CERT_FILE")


def test_certificates_that_are_not_there_are_a_mistake_in_the_configuration(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        certificates({"SSL_CERT_FILE": str(tmp_path / "none.pem")})


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)

    assert proxies(opened(BASE_URL))
    assert not proxies(opened(BASE_URL, trust_env=False))


def test_loopback_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("ALL_PROXY", PROXY)

    assert not proxies(opened("http://127.0.0.1:8080"))


def proxies(client: WireClient) -> list[object]:
    with client:
        return [mount for mount in client._mounts.values() if mount]  # noqa: SLF001 - not told else


def test_the_sdk_gets_the_version_the_key_and_a_timeout(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(json={"name": FILE})
    gemini.get_file(FILE)

    (request,) = httpx_mock.get_requests()

    assert str(request.url) == f"{BASE_URL}/v1beta/{FILE}"
    assert request.headers["x-goog-api-key"] == KEY
    assert request.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 120)


def test_the_environment_turns_the_client_neither_to_vertex_nor_elsewhere(
    monkeypatch: pytest.MonkeyPatch, httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"):
        monkeypatch.setenv(name, "true")
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_API_VERSION"):
        monkeypatch.setenv(name, "another")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://elsewhere.test")
    httpx_mock.add_response(json={"name": FILE})

    with connect(api_key=KEY, base_url=None) as service:
        service.get_file(FILE)

    (request,) = httpx_mock.get_requests()
    assert str(request.url) == f"https://generativelanguage.googleapis.com/v1beta/{FILE}"
    assert request.headers["x-goog-api-key"] == KEY
    assert not caplog.records


def test_the_path_of_a_base_url_is_kept(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"name": FILE})

    with connect(api_key=KEY, base_url="https://relay.test/gemini/") as service:
        service.get_file(FILE)

    assert httpx_mock.get_requests()[0].url.path == f"/gemini/v1beta/{FILE}"


def test_no_key_and_no_upload_url_is_logged(
    gemini: GeminiService, httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{BASE_URL}/upload/v1beta/files?upload_id=SECRET"
    httpx_mock.add_response(headers={"x-goog-upload-url": url})
    httpx_mock.add_response(
        headers={"x-goog-upload-status": "final"}, json={"file": {"name": FILE}}
    )

    with caplog.at_level(logging.DEBUG):
        upload(gemini)

    assert "SECRET" not in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(gemini.address)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("key AIzaSyABCDEFGHIJ is suspended", "key *** is suspended"),
        ("it begins with AIzaSyAB", "it begins with ***"),
        ("…EFGHIJ is cut", "…EFGHIJ is cut"),  # six characters may be a word
        ("ABCDEFGHIJ, AIzaSyABCDEFGHIJ, AIzaSyABC", "***, ***, ***"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_the_key_is_struck_out_and_so_are_parts_of_it(said: str, left: str) -> None:
    assert without_key(said.encode(), b"AIzaSyABCDEFGHIJ").decode() == left


def test_a_key_that_is_shorter_than_a_part_is_struck_out_whole() -> None:
    assert without_key(b"abc, ab", b"abc") == b"***, ab"


def test_the_senders_own_words_for_a_status_code_are_not_kept() -> None:
    request = httpx.Request("GET", BASE_URL)
    answer = httpx.Response(403, request=request, extensions={"reason_phrase": KEY.encode()})

    assert rebuilt(answer, b"").reason_phrase == "Forbidden"


def test_each_thread_reads_its_own_answers(gemini: GeminiService, httpx_mock: HTTPXMock) -> None:
    meet = threading.Barrier(8, timeout=30)

    def answer(request: httpx.Request) -> httpx.Response:
        meet.wait()
        name = request.url.path.removeprefix("/v1beta/")
        return httpx.Response(200, json={"name": name})

    httpx_mock.add_callback(answer, is_reusable=True)
    names = [f"files/f{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        seen = [file.name for file in threads.map(gemini.get_file, names)]

    assert seen == names


def test_the_sdk_is_loaded_with_the_gemini_module_only() -> None:
    modules = "api, downloads, keys, operations, refusals, retry, uploads, wire"
    code = f"import sys; from chargen_batch.service import {modules}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    assert "google.genai" not in loaded
