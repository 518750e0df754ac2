"""An upload on the wire: its steps, its checks, and what the service makes of its type."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service.uploads import MeasuredStream, iter_exactly
from tests.service.calls import BASE_URL, FILE, KEY, all_told, upload

if TYPE_CHECKING:
    import httpx
    from pytest_httpx import HTTPXMock

    from chargen_batch.service.gemini import GeminiService

UPLOAD_URL = f"{BASE_URL}/upload/v1beta/files?upload_id=SECRET&upload_protocol=resumable"
FINAL = {"x-goog-upload-status": "final"}
ACTIVE = {"x-goog-upload-status": "active"}
CHUNK = 8 << 20
UNSUPPORTED = {
    "error": {"code": 400, "message": "Unsupported MIME type: x", "status": "INVALID_ARGUMENT"}
}


def started(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(headers={"x-goog-upload-url": UPLOAD_URL}, json={})


def taken(httpx_mock: HTTPXMock, **told: object) -> None:
    httpx_mock.add_response(headers=FINAL, json={"file": {"name": FILE, **told}})


def mimes(httpx_mock: HTTPXMock) -> list[str]:
    starts = [request for request in httpx_mock.get_requests() if command(request) == "start"]
    return [json.loads(request.content)["file"]["mime_type"] for request in starts]


def command(request: httpx.Request) -> str:
    return str(request.headers["X-Goog-Upload-Command"])


def test_the_start_announces_size_type_and_name(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    started(httpx_mock)
    taken(httpx_mock)
    upload(gemini, b"{}\n")

    start, chunk = httpx_mock.get_requests()

    assert start.url.path == "/upload/v1beta/files"
    assert json.loads(start.content) == {
        "file": {"display_name": "in.jsonl", "mime_type": "application/jsonl", "size_bytes": 3}
    }
    assert start.headers["X-Goog-Upload-Header-Content-Length"] == "3"
    assert "X-Goog-Upload-File-Name" not in start.headers
    assert (str(chunk.url), chunk.content) == (UPLOAD_URL, b"{}\n")
    assert "x-goog-api-key" not in chunk.headers


def test_a_big_file_goes_in_chunks(gemini: GeminiService, httpx_mock: HTTPXMock) -> None:
    content = b"x" * (CHUNK + 5)
    started(httpx_mock)
    httpx_mock.add_response(headers=ACTIVE)
    taken(httpx_mock, sizeBytes=str(len(content)))
    upload(gemini, content)

    _, *chunks = httpx_mock.get_requests()

    assert [command(chunk) for chunk in chunks] == ["upload", "upload, finalize"]
    assert [chunk.headers["X-Goog-Upload-Offset"] for chunk in chunks] == ["0", str(CHUNK)]
    assert [len(chunk.content) for chunk in chunks] == [CHUNK, 5]


def test_an_empty_file_and_a_name_in_any_script_are_uploaded(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    started(httpx_mock)
    taken(httpx_mock, displayName="Лира.png", sizeBytes="0")

    file = gemini.upload(io.BytesIO(), size=0, mime="image/png", display_name="Лира.png")

    assert (file.display_name, file.size) == ("Лира.png", 0)
    assert mimes(httpx_mock) == ["image/png"]


def test_only_size_bytes_from_where_the_stream_stands_are_sent(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    started(httpx_mock)
    taken(httpx_mock)
    stream = io.BytesIO(b"before{}\nafter")
    stream.seek(6)
    gemini.upload(stream, size=3, mime="application/jsonl", display_name="in.jsonl")

    assert httpx_mock.get_requests()[1].content == b"{}\n"


def test_json_lines_that_are_refused_are_offered_as_json_and_text(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(400, json=UNSUPPORTED)
    started(httpx_mock)
    httpx_mock.add_response(400, headers=FINAL, json=UNSUPPORTED)
    started(httpx_mock)
    taken(httpx_mock)

    assert upload(gemini, b"{}\n").name == FILE
    assert mimes(httpx_mock) == ["application/jsonl", "application/json", "text/plain"]
    assert [request.content for request in httpx_mock.get_requests()[2::2]] == [b"{}\n"] * 2


def test_a_type_refused_three_times_is_refused(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(400, json=UNSUPPORTED, is_reusable=True)

    with pytest.raises(ServiceError, match="Unsupported MIME type"):
        upload(gemini)
    assert len(httpx_mock.get_requests()) == 3


def test_a_picture_that_is_refused_is_offered_once(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(400, json=UNSUPPORTED)

    with pytest.raises(ServiceError):
        gemini.upload(io.BytesIO(b"x"), size=1, mime="image/tiff", display_name="a.tiff")


def test_what_arrived_is_compared_with_what_was_sent(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    digest = hashlib.sha256(b"{}\n").hexdigest()
    started(httpx_mock)
    taken(httpx_mock, sizeBytes="3", sha256Hash=base64.b64encode(digest.encode()).decode())

    assert upload(gemini, b"{}\n").sha256 == digest


@pytest.mark.parametrize(
    "told",
    [{}, {"sizeBytes": "3"}, {"sizeBytes": "3", "sha256Hash": ""}, {"sha256Hash": "not base64!"}],
    ids=str,
)
def test_what_the_service_does_not_tell_is_not_compared(
    gemini: GeminiService, httpx_mock: HTTPXMock, told: dict[str, object]
) -> None:
    started(httpx_mock)
    taken(httpx_mock, **told)

    assert upload(gemini, b"{}\n").sha256 == ""


@pytest.mark.parametrize(
    "told", [{"sizeBytes": "2"}, {"sha256Hash": base64.b64encode(b"0" * 64).decode()}]
)
def test_what_arrived_damaged_did_not_arrive(
    gemini: GeminiService, httpx_mock: HTTPXMock, told: dict[str, object]
) -> None:
    started(httpx_mock)
    taken(httpx_mock, **told)

    with pytest.raises(NetworkError, match=r"the upload of in\.jsonl: .* arrived"):
        upload(gemini)


def test_a_file_that_failed_on_the_service_is_refused(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    started(httpx_mock)
    taken(httpx_mock, state="FAILED")

    with pytest.raises(ServiceError, match="could not process"):
        upload(gemini)


@pytest.mark.parametrize("headers", [{}, {"x-goog-upload-status": "active"}, FINAL])
def test_an_upload_whose_last_answer_is_no_end_is_no_upload(
    gemini: GeminiService, httpx_mock: HTTPXMock, headers: dict[str, str]
) -> None:
    started(httpx_mock)
    httpx_mock.add_response(headers=headers, json={})

    with pytest.raises(ServiceError) as caught:
        upload(gemini)

    assert (caught.value.http_status, caught.value.google) == (200, False)
    assert len(httpx_mock.get_requests()) == 2


def test_an_upload_url_that_is_none_is_not_followed(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(headers={"x-goog-upload-url": "https://host:port/"})

    with pytest.raises(ServiceError) as caught:
        upload(gemini)

    assert caught.value.http_status == 200


@pytest.mark.parametrize("headers", [{}, {"x-goog-upload-status": "active"}])
def test_a_chunk_that_is_refused_is_not_sent_again(
    gemini: GeminiService, httpx_mock: HTTPXMock, headers: dict[str, str]
) -> None:
    started(httpx_mock)
    httpx_mock.add_response(503, headers=headers, text=f"<a href='{UPLOAD_URL}'>{KEY}</a>")

    with pytest.raises(ServiceError) as caught:
        upload(gemini)

    assert (caught.value.http_status, caught.value.google) == (503, False)
    assert "SECRET" not in all_told(caught.value)
    assert KEY not in all_told(caught.value)
    assert len(httpx_mock.get_requests()) == 2


def test_a_file_that_became_shorter_is_not_waited_for(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    started(httpx_mock)

    with pytest.raises(ServiceError, match="became shorter"):
        gemini.upload(io.BytesIO(b"ab"), size=3, mime="image/png", display_name="a.png")


class Trickle(io.BytesIO):
    """A file that gives one byte at a time, as a raw one may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, 1 if size is None else size))


def test_a_file_that_gives_little_at_a_time_is_read_in_whole_chunks() -> None:
    measured = MeasuredStream(Trickle(b"abcde"), 4, "a")

    assert measured.readable()
    assert measured.seekable()
    assert (measured.read(3), measured.read(), measured.read(3)) == (b"abc", b"d", b"")
    assert measured.sha256 == hashlib.sha256(b"abcd").hexdigest()
    assert iter_exactly(io.BytesIO(b"a"), 2) == [b"a"]
