"""Files that are over before their time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.emulator.conversation import DENIED, begin, create, error, jsonl, row, send, upload

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator


def named(http: httpx.Client, name: str) -> str:
    content = jsonl(row())
    start = begin(http, len(content), displayName=name)
    answer = send(http, start.headers["x-goog-upload-url"], content)
    return str(answer.json()["file"]["name"])


def test_files_of_a_name_expire_now(http: httpx.Client, emulator: Emulator) -> None:
    there, over = named(http, "portrait"), [named(http, f"requests-{n}") for n in range(2)]
    assert [emulator.world.shelf.expire("requests-*") for _ in range(2)] == [2, 0]
    assert [file["name"] for file in http.get("/v1beta/files").json()["files"]] == [there]
    for name in over:
        assert error(http.get(f"/v1beta/{name}")) == DENIED
        assert error(create(http, name.removeprefix("files/"))) == DENIED


def test_the_first_files_of_a_name_are_gone_as_soon_as_they_are_there(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.trouble = replace(emulator.world.trouble, gone={"req*": 2})
    names = [named(http, "requests") for _ in range(3)]
    found = [http.get(f"/v1beta/{name}").status_code for name in names]
    assert found == [403, 403, 200]
    emulator.world.shelf.rewind()
    assert error(http.get(f"/v1beta/{named(http, 'requests')}")) == DENIED


def test_a_file_of_another_key_is_as_if_it_were_not_there(http: httpx.Client) -> None:
    file_id = upload(http, jsonl(row()))
    http.headers["x-goog-api-key"] = "foreign"
    assert error(http.get(f"/v1beta/files/{file_id}")) == DENIED
    assert error(create(http, file_id)) == DENIED
