"""A download: from an offset on, begun anew, at its end, cut short."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service.gemini import connect
from chargen_batch.service.retry import Retrying
from tests.service.calls import BASE_URL, KEY, OUTPUT, all_told, download
from tests.service.conformance import create, ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpx import HTTPXMock

    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.gemini import GeminiService

CONTENT = b"0123456789"


def until_cut(chunks: Iterator[bytes]) -> bytes:
    part = b""
    try:
        for chunk in chunks:
            part += chunk
    except NetworkError:
        return part
    pytest.fail("nobody noticed the cut")


class SilentServer:
    """A service on loopback that says no more after the first bytes of a file."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._answer)

    def _answer(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + CONTENT)
            connection.recv(1)  # until the other side hangs up

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._socket.close()


def test_whoever_waits_for_a_silent_service_can_be_stopped() -> None:
    came, first = [], threading.Event()

    def read(chunks: Iterator[bytes]) -> bytes:
        came.append(next(chunks))
        first.set()
        return until_cut(chunks)

    with (
        ThreadPoolExecutor(1) as pool,
        SilentServer() as server,
        connect(api_key=KEY, base_url=server.url) as service,
        Retrying(service).download(OUTPUT) as opened,
    ):
        reading = pool.submit(read, opened.chunks)
        first.wait(timeout=20)
        opened.stop()
        assert (reading.result(timeout=20), came) == (b"", [CONTENT])


def test_stopping_what_has_ended_is_nothing(gemini: GeminiService, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(content=CONTENT)
    with gemini.download(OUTPUT) as opened:
        assert b"".join(opened.chunks) == CONTENT
        opened.stop()


class Breaking(httpx.SyncByteStream):
    """A body that breaks after its first bytes."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def __iter__(self) -> Iterator[bytes]:
        yield CONTENT
        raise self._failure


def test_a_download_asks_for_the_bytes_as_they_are(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(content=CONTENT)

    assert download(gemini) == (0, 10, CONTENT)

    (request,) = httpx_mock.get_requests()
    assert str(request.url) == f"{BASE_URL}/v1beta/{OUTPUT}:download?alt=media"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["x-goog-api-key"] == KEY
    assert "Range" not in request.headers


@pytest.mark.parametrize(("told", "total"), [("bytes 4-9/10", 10), ("bytes 4-9/*", None)])
def test_a_range_goes_on_where_it_was_asked_to(
    gemini: GeminiService, httpx_mock: HTTPXMock, told: str, total: int | None
) -> None:
    httpx_mock.add_response(206, content=CONTENT[4:], headers={"Content-Range": told})

    assert download(gemini, 4) == (4, total, CONTENT[4:])
    assert httpx_mock.get_requests()[0].headers["Range"] == "bytes=4-"


def test_a_200_to_a_range_begins_the_file_anew(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(200, content=CONTENT)

    assert download(gemini, 4) == (0, 10, CONTENT)


def test_a_range_behind_the_last_byte_is_the_end(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(416, headers={"Content-Range": "bytes */10"})

    assert download(gemini, 10) == (10, 10, b"")


@pytest.mark.parametrize("headers", [{}, {"Content-Range": "bytes */7"}])
def test_a_range_beyond_the_file_is_refused(
    gemini: GeminiService, httpx_mock: HTTPXMock, headers: dict[str, str]
) -> None:
    httpx_mock.add_response(416, headers=headers)

    with pytest.raises(ServiceError) as caught:
        download(gemini, 10)

    assert caught.value.http_status == 416


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Range": "bytes 3-9/10"},
        {"Content-Range": "4-9"},
        {"Content-Range": "bytes 4-9/10", "Content-Encoding": "identity"},
        {"Content-Range": "bytes 4-9/10", "Content-Type": "text/html"},
    ],
)
def test_another_part_than_was_asked_for_is_not_taken(
    gemini: GeminiService, httpx_mock: HTTPXMock, headers: dict[str, str]
) -> None:
    httpx_mock.add_response(206, content=CONTENT[4:], headers=headers)

    with pytest.raises(ServiceError) as caught:
        download(gemini, 4)

    assert (caught.value.http_status, caught.value.google) == (200, False)


def test_a_body_of_no_told_length_has_no_total(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(stream=httpx.ByteStream(CONTENT))

    assert download(gemini) == (0, None, CONTENT)


@pytest.mark.parametrize(
    "failure", [httpx.RemoteProtocolError("cut"), httpx.ReadTimeout("slow"), httpx.ReadError("")]
)
def test_a_body_that_breaks_is_a_network_error_behind_its_first_bytes(
    gemini: GeminiService, httpx_mock: HTTPXMock, failure: Exception
) -> None:
    httpx_mock.add_response(stream=Breaking(failure))

    with gemini.download(OUTPUT) as opened:
        assert next(opened.chunks) == CONTENT
        with pytest.raises(NetworkError) as caught:
            next(opened.chunks)

    assert OUTPUT in caught.value.message
    assert caught.value.__cause__ is failure


def test_a_refusal_that_breaks_is_a_network_error(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(503, stream=Breaking(httpx.ReadError("")))

    with pytest.raises(NetworkError):
        download(gemini)


def test_a_refusal_that_quotes_the_key_does_not_show_it(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    error = {"code": 403, "message": f"no: {KEY}", "status": "PERMISSION_DENIED"}
    httpx_mock.add_response(403, json={"error": error})

    with pytest.raises(ServiceError, match=r"no: \*\*\*") as caught:
        download(gemini)

    assert KEY not in all_told(caught.value)


def test_an_error_of_the_reader_is_not_taken_for_the_services(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(content=CONTENT)

    with pytest.raises(OSError, match="disk full"), gemini.download(OUTPUT):
        raise OSError("disk full")


@pytest.mark.parametrize("kind", ["truncate", "truncate_chunked"])
def test_a_truncated_download_is_noticed_and_gone_on_with(
    emulator: Emulator, emulated: GeminiService, kind: str
) -> None:
    name = ended(emulated, create(emulated, "a", "b").name).result_file_name or ""
    with emulated.download(name) as opened:
        whole = b"".join(opened.chunks)
    emulator.faults.add("files.download", Fault(kind))

    with emulated.download(name) as opened:
        part = until_cut(opened.chunks)
    with emulated.download(name, offset=len(part)) as opened:
        assert 0 < len(part) < len(whole)
        assert opened.offset == len(part)
        assert part + b"".join(opened.chunks) == whole


def test_opening_is_tried_again_and_reading_is_not(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(503)
    httpx_mock.add_exception(httpx.ConnectError("refused"))
    httpx_mock.add_response(stream=Breaking(httpx.ReadError("")))

    with pytest.raises(NetworkError), Retrying(gemini).download(OUTPUT) as opened:
        list(opened.chunks)

    assert len(httpx_mock.get_requests()) == 3
