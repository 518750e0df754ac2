"""Files and their lists, by raw HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.conversation import DENIED, INVALID, error, upload

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator
    from tests.emulator.conftest import Clock


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_file_is_told_under_both_versions(http: httpx.Client, version: str) -> None:
    file_id = upload(http, b"x")
    assert http.get(f"/{version}/files/{file_id}").json()["name"] == f"files/{file_id}"


def test_missing_file_is_denied_rather_than_not_found(http: httpx.Client) -> None:
    answer = http.get("/v1beta/files/nothere")
    assert error(answer) == DENIED
    assert answer.json()["error"]["message"] == (
        "You do not have permission to access the File nothere or it may not exist."
    )


def test_file_of_another_project_is_denied(http: httpx.Client) -> None:
    path = f"/v1beta/files/{upload(http, b'x')}"
    assert error(http.get(path, headers={"x-goog-api-key": "foreign-key"})) == DENIED
    assert http.get("/v1beta/files?key=foreign", headers={"x-goog-api-key": ""}).json() == {}


def test_file_expires_after_48_hours(http: httpx.Client, clock: Clock) -> None:
    path = f"/v1beta/files/{upload(http, b'x')}"
    clock.pass_hours(47.9)
    assert http.get(path).status_code == 200
    clock.pass_hours(0.1)
    assert error(http.get(path)) == DENIED
    assert http.get("/v1beta/files").json() == {}


def test_bytes_of_expired_files_go_with_the_next_upload(
    http: httpx.Client, clock: Clock, emulator: Emulator
) -> None:
    old = emulator.world.shelf.blob(upload(http, b"x"))
    clock.pass_hours(48)
    upload(http, b"y")
    assert not old.exists()


def test_deleted_file_is_denied_and_deleted_once(http: httpx.Client, emulator: Emulator) -> None:
    file_id = upload(http, b"x")
    path = f"/v1beta/files/{file_id}"
    assert http.delete(path).json() == {}
    assert error(http.get(path)) == DENIED
    assert error(http.delete(path)) == DENIED
    assert not emulator.world.shelf.blob(file_id).exists()


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_output_id_is_too_long_for_everything_but_download(http: httpx.Client, verb: str) -> None:
    answer = http.request(verb, "/v1beta/files/batch-" + "a" * 36)
    assert error(answer) == INVALID
    assert answer.json()["error"]["message"] == (
        f"* {verb.capitalize()}FileRequest.name: File ID (name excluding 'files/') "
        "cannot be more than 40 characters.\n"
    )


def test_empty_list_is_an_empty_object(http: httpx.Client) -> None:
    assert http.get("/v1beta/files").json() == {}


def test_list_is_paged_from_the_newest(http: httpx.Client) -> None:
    ids = [upload(http, b"x") for _ in range(3)]
    first = http.get("/v1beta/files?pageSize=2").json()
    last = http.get(f"/v1beta/files?pageSize=2&pageToken={first['nextPageToken']}").json()
    names = [file["name"] for file in first["files"] + last["files"]]
    assert names == [f"files/{file_id}" for file_id in reversed(ids)]
    assert "nextPageToken" not in last


def test_page_has_ten_files_unless_asked(http: httpx.Client) -> None:
    for _ in range(11):
        upload(http, b"x")
    assert len(http.get("/v1beta/files").json()["files"]) == 10


@pytest.mark.parametrize("query", ["pageSize=many", "pageToken=nonsense"])
def test_bad_page_is_refused(http: httpx.Client, query: str) -> None:
    assert error(http.get(f"/v1beta/files?{query}")) == INVALID


def test_uploaded_file_cannot_be_downloaded(http: httpx.Client) -> None:
    file_id = upload(http, b"x")
    answer = http.get(f"/v1beta/files/{file_id}:download?alt=media")
    assert error(answer) == INVALID
    assert answer.json()["error"]["message"] == "Only generated files can be downloaded."
    assert error(http.get("/v1beta/files/nothere:download?alt=media")) == DENIED
