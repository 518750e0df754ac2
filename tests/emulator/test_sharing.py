"""One state directory, several servers and processes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.emulator.records import Job
from chargen_batch.emulator.server import serve
from chargen_batch.emulator.store import Store
from chargen_batch.emulator.world import World
from tests.emulator.conversation import ended, job, output_path, row, upload

if TYPE_CHECKING:
    from pathlib import Path

UPLOADER = """
import sys, httpx
from pathlib import Path
from chargen_batch.emulator.server import serve
from tests.emulator.conversation import job, row, upload
with serve(Path(sys.argv[1])) as emulator:
    key = {"x-goog-api-key": "k"}
    with httpx.Client(base_url=emulator.base_url, headers=key, trust_env=False) as http:
        for number in range(10):
            upload(http, b"x")
        print(job(http, row(sys.argv[2])))
"""


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"x-goog-api-key": "k"}, trust_env=False)


def snapshot(root: Path) -> dict[str, bytes]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path): path.read_bytes() for path in files if path.name != "requests.ndjson"}


def test_state_outlives_the_server(tmp_path: Path) -> None:
    with serve(tmp_path) as first, client(first.base_url) as http:
        path = job(http, row("a"))
        http.get(path)
    with serve(tmp_path) as second, client(second.base_url) as http:
        operation = http.get(path).json()
        assert operation["metadata"]["state"] == "BATCH_STATE_SUCCEEDED"
        output = http.get(output_path(operation)).content
    with serve(tmp_path) as third, client(third.base_url) as http:
        assert http.get(output_path(operation)).content == output


def test_uri_of_a_file_does_not_change_with_the_port(tmp_path: Path) -> None:
    with serve(tmp_path) as first, client(first.base_url) as http:
        file = http.get(f"/v1beta/files/{upload(http, b'x')}").json()
    with serve(tmp_path) as second, client(second.base_url) as http:
        assert http.get(f"/v1beta/{file['name']}").json() == file


def test_two_servers_see_each_others_work(tmp_path: Path) -> None:
    with serve(tmp_path) as one, serve(tmp_path) as other:
        with client(one.base_url) as http:
            path = job(http)
        with client(other.base_url) as http:
            ended(http, path)
        with client(one.base_url) as http:
            assert http.get(path).json()["done"] is True


def test_processes_work_on_one_directory_at_the_same_time(tmp_path: Path) -> None:
    state = tmp_path / "emulator"
    command = [sys.executable, "-c", UPLOADER, str(state)]
    processes = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    paths = [process.communicate(timeout=60)[0].strip() for process in processes]
    with serve(state) as emulator, client(emulator.base_url) as http:
        files = http.get("/v1beta/files?pageSize=100").json()["files"]
        keys = [http.get(output_path(ended(http, path))).json()["key"] for path in paths]
    assert len(files) == 33
    assert keys == ["a", "b", "c"]
    ledger = (state / "requests.ndjson").read_text().splitlines()
    counted = Counter(json.loads(line)["method"] for line in ledger)
    assert counted["files.upload.start"] == 33
    assert counted["batches.create"] == 3


def test_reading_what_has_ended_changes_no_byte(tmp_path: Path) -> None:
    with serve(tmp_path) as emulator, client(emulator.base_url) as http:
        path = job(http)
        http.get(output_path(ended(http, path)))
        before = snapshot(tmp_path)
        for place in (path, "/v1beta/batches", "/v1beta/files"):
            assert http.get(place).status_code == 200
        assert snapshot(tmp_path) == before


def test_opening_a_world_changes_no_byte(tmp_path: Path) -> None:
    with serve(tmp_path) as emulator, client(emulator.base_url) as http:
        job(http)
    before = snapshot(tmp_path)
    with serve(tmp_path):
        World(tmp_path)
    assert snapshot(tmp_path) == before


def test_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "world.sqlite3")
    made = Job("j", "main", "m", "n", "f", 0, 0, 1, 1, 0, "{}")

    def put_and_fail() -> None:
        with store.transaction() as records:
            records.put(made)
            raise KeyError

    with pytest.raises(KeyError):
        put_and_fail()
    with store.transaction() as records:
        assert records.get(Job, "j") is None


def test_state_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RuntimeError, match="remove its directory"), Store(path).transaction():
        pass
