"""The server itself: keys, unknown places, the ledger of requests, starting and stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.emulator.server import Emulator, run_forever, serve
from tests.emulator.conversation import DENIED, INVALID, MISSING, error, upload

if TYPE_CHECKING:
    from pathlib import Path

ROUTES = [
    ("POST", "/upload/v1beta/files"),
    ("GET", "/v1beta/files"),
    ("GET", "/v1beta/files/a"),
    ("DELETE", "/v1beta/files/a"),
    ("GET", "/v1beta/files/batch-a:download?alt=media"),
    ("GET", "/download/v1beta/files/batch-a:download?alt=media"),
    ("POST", "/v1beta/models/gemini-3-pro-image:batchGenerateContent"),
    ("POST", "/v1beta/models/gemini-3-pro-image:generateContent"),
    ("POST", "/v1beta/models/gemini-3-pro-image:countTokens"),
    ("GET", "/v1beta/models"),
    ("GET", "/v1beta/models/gemini-3-pro-image"),
    ("GET", "/v1beta/batches"),
    ("GET", "/v1beta/batches/a"),
    ("POST", "/v1beta/batches/a:cancel"),
    ("DELETE", "/v1beta/batches/a"),
]
# A background job of a shell is started with SIGINT ignored, and so may the tests be.
FOREVER = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from chargen_batch.emulator.server import run_forever
run_forever(Path(sys.argv[1]), "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


@pytest.mark.parametrize(("verb", "path"), ROUTES)
def test_every_route_needs_a_key(http: httpx.Client, verb: str, path: str) -> None:
    for place in (path, path.replace("v1beta", "v1")):
        answer = http.request(verb, place, headers={"x-goog-api-key": ""})
        assert error(answer) == DENIED
        assert "unregistered callers" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("verb", "path"), ROUTES)
def test_every_route_refuses_a_wrong_key(http: httpx.Client, verb: str, path: str) -> None:
    answer = http.request(verb, path, headers={"x-goog-api-key": "wrong-key"})
    assert error(answer) == INVALID
    assert answer.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_key_may_come_in_the_query(emulator: Emulator) -> None:
    url = f"{emulator.base_url}/v1beta/batches"
    assert httpx.get(f"{url}?key=k", trust_env=False).json() == {}
    assert error(httpx.get(f"{url}?key=invalid", trust_env=False)) == INVALID


def test_success_is_always_200_and_json(http: httpx.Client) -> None:
    answer = http.get("/v1beta/batches")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize(("verb", "path"), [("GET", "/"), ("PATCH", "/v1beta/batches/a")])
def test_unknown_place_is_not_found(http: httpx.Client, verb: str, path: str) -> None:
    assert error(http.request(verb, path)) == MISSING


def test_every_request_is_recorded_without_keys_or_upload_ids(
    http: httpx.Client, emulator: Emulator
) -> None:
    upload(http, b"x")
    http.get("/v1beta/files/nothere?key=secret")
    ledger = (emulator.world.root / "requests.ndjson").read_text()
    lines = [json.loads(line) for line in ledger.splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("files.upload.start", "/upload/v1beta/files", 200),
        ("files.upload.chunk", "/upload/v1beta/files", 200),
        ("files.get", "/v1beta/files/nothere", 403),
    ]
    assert lines[0]["at"] == "2026-11-22T00:00:00.123456+00:00"
    assert "secret" not in ledger


def test_nothing_is_written_before_the_first_call(tmp_path: Path) -> None:
    with serve(tmp_path / "emulator"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_starting_and_stopping_take_no_time(tmp_path: Path) -> None:
    start = time.perf_counter()
    with serve(tmp_path) as emulator, httpx.Client(trust_env=False) as http:
        http.get(f"{emulator.base_url}/v1beta/batches?key=k")
    assert time.perf_counter() - start < 1


def test_port_in_use_is_an_error_at_once(emulator: Emulator, tmp_path: Path) -> None:
    port = int(emulator.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        run_forever(tmp_path, "127.0.0.1", port, print)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_foreground_server_announces_itself_and_ends_by_a_signal(
    tmp_path: Path, stop: signal.Signals
) -> None:
    command = [sys.executable, "-c", FOREVER, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/v1beta/batches?key=k", trust_env=False).json() == {}
        process.send_signal(stop)
        assert process.wait(10) != 0
