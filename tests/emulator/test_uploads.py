"""The resumable upload protocol, by raw HTTP."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.emulator.conversation import DENIED, INVALID, MISSING, begin, error, send, upload

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator

CHUNK = 8 * 1024 * 1024


def url_of(http: httpx.Client, size: int | None) -> str:
    return str(begin(http, size).headers["x-goog-upload-url"])


def whole_file(name: str) -> dict[str, str]:
    digest = hashlib.sha256(b"four").hexdigest().encode()
    return {
        "name": name,
        "mimeType": "application/jsonl",
        "sizeBytes": "4",
        "createTime": "2026-11-22T00:00:00.123456Z",
        "updateTime": "2026-11-22T00:00:00.123456Z",
        "expirationTime": "2026-11-24T00:00:00.123456Z",
        "sha256Hash": base64.b64encode(digest).decode(),
        "uri": f"https://generativelanguage.googleapis.com/v1beta/{name}",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


def test_start_answers_with_an_upload_url_on_our_own_host(
    http: httpx.Client, emulator: Emulator
) -> None:
    headers = begin(http, 4).headers
    assert headers["x-goog-upload-url"].startswith(f"{emulator.base_url}/upload/v1beta/files?")
    assert headers["x-goog-upload-status"] == "active"
    assert headers["x-goog-upload-chunk-granularity"] == str(CHUNK)


def test_final_chunk_needs_no_key_and_answers_with_the_file(http: httpx.Client) -> None:
    answer = httpx.post(
        url_of(http, 4),
        headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"},
        content=b"four",
        trust_env=False,
    )
    file = answer.json()["file"]
    assert answer.headers["x-goog-upload-status"] == "final"
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert file == whole_file(file["name"])


def test_file_arrives_in_chunks_byte_for_byte(http: httpx.Client, emulator: Emulator) -> None:
    content = bytes(range(256)) * (CHUNK // 256) + b"rest"
    url = url_of(http, len(content))
    first = send(http, url, content[:CHUNK], command="upload")
    last = send(http, url, content[CHUNK:], CHUNK)
    assert first.headers["x-goog-upload-status"] == "active"
    file_id = last.json()["file"]["name"].removeprefix("files/")
    assert emulator.world.shelf.blob(file_id).read_bytes() == content


def test_query_tells_how_much_has_arrived(http: httpx.Client) -> None:
    url = url_of(http, CHUNK + 1)
    send(http, url, bytes(CHUNK), command="upload")
    answer = send(http, url, b"", command="query")
    assert answer.headers["x-goog-upload-size-received"] == str(CHUNK)
    assert answer.headers["x-goog-upload-status"] == "active"


def test_query_of_a_finished_upload_gives_the_file_again(http: httpx.Client) -> None:
    url = url_of(http, 4)
    made = send(http, url, b"four").json()
    answer = send(http, url, b"", command="query")
    assert answer.headers["x-goog-upload-status"] == "final"
    assert answer.json() == made


def test_empty_file_is_one_final_chunk(http: httpx.Client) -> None:
    assert "sizeBytes" in send(http, url_of(http, 0), b"").json()["file"]


def test_finalize_alone_ends_an_upload(http: httpx.Client) -> None:
    url = url_of(http, CHUNK)
    send(http, url, bytes(CHUNK), command="upload")
    answer = http.post(url, headers={"X-Goog-Upload-Command": "finalize"})
    assert answer.json()["file"]["sizeBytes"] == str(CHUNK)


@pytest.mark.parametrize(
    ("content", "offset", "command"),
    [
        (b"four", 1, "upload, finalize"),  # not where the upload stands
        (b"fou", 0, "upload, finalize"),  # less than declared
        (b"fours", 0, "upload, finalize"),  # more than declared
        (b"fo", 0, "upload"),  # not the last, and not of the granularity
        (b"four", 0, "shout"),
        (b"four", 0, ""),
    ],
)
def test_chunk_that_does_not_fit_is_refused(
    http: httpx.Client, content: bytes, offset: int, command: str
) -> None:
    assert error(send(http, url_of(http, 4), content, offset, command)) == INVALID


def test_finished_upload_takes_no_more(http: httpx.Client) -> None:
    url = url_of(http, 4)
    send(http, url, b"four")
    again = send(http, url, b"four")
    assert error(again) == INVALID
    assert again.headers["x-goog-upload-status"] == "final"


def test_cancelled_upload_is_gone(http: httpx.Client) -> None:
    url = url_of(http, 4)
    assert send(http, url, b"", command="cancel").status_code == 200
    assert error(send(http, url, b"four")) == MISSING


def test_start_without_a_key_is_refused(emulator: Emulator) -> None:
    with httpx.Client(base_url=emulator.base_url, trust_env=False) as nobody:
        assert error(begin(nobody, 4)) == DENIED


@pytest.mark.parametrize(
    "file",
    [
        {"mime_type": "jsonl"},
        {"name": "files/Upper"},
        {"name": "files/-dash"},
        {"name": "files/" + "a" * 41},
        {"display_name": "x" * 513},
        {"colour": "red"},
    ],
)
def test_start_with_a_bad_file_is_refused(http: httpx.Client, file: dict[str, str]) -> None:
    assert error(begin(http, 4, **{"mime_type": "text/plain", **file})) == INVALID


@pytest.mark.parametrize("size", [2**31 + 1, "many"])
def test_start_with_a_bad_size_is_refused(http: httpx.Client, size: int) -> None:
    assert error(begin(http, size)) == INVALID


@pytest.mark.parametrize("protocol", [("multipart", "start"), ("resumable", "upload")])
def test_other_protocols_are_refused(http: httpx.Client, protocol: tuple[str, str]) -> None:
    names = ("X-Goog-Upload-Protocol", "X-Goog-Upload-Command")
    headers = dict(zip(names, protocol, strict=True))
    assert error(http.post("/upload/v1beta/files", headers=headers)) == INVALID


def test_chosen_name_is_taken_once(http: httpx.Client) -> None:
    url = begin(http, 4, name="files/my-name").headers["x-goog-upload-url"]
    assert send(http, url, b"four").json()["file"]["name"] == "files/my-name"
    assert error(begin(http, 4, name="files/my-name")) == (409, "ALREADY_EXISTS")


def test_undeclared_size_is_whatever_arrives(http: httpx.Client) -> None:
    assert send(http, url_of(http, None), b"fours").json()["file"]["sizeBytes"] == "5"


def test_generated_ids_have_twelve_letters_and_digits(http: httpx.Client) -> None:
    file_id = upload(http, b"x")
    assert len(file_id) == 12
    assert file_id.isalnum()
    assert file_id == file_id.lower()
