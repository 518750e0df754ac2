"""The output of jobs, by raw HTTP."""

from __future__ import annotations

import concurrent.futures
import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.emulator.outcomes import Behaviour
from tests.emulator.conversation import (
    INVALID,
    MISSING,
    ended,
    error,
    job,
    output_path,
    results,
    row,
)

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator


@pytest.fixture
def path(http: httpx.Client) -> str:
    return output_path(ended(http, job(http, row("a"), row("b"))))


@pytest.mark.parametrize("prefix", ["", "/download"])
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_output_is_downloaded_by_every_path(
    http: httpx.Client, path: str, prefix: str, version: str
) -> None:
    answer = http.get(prefix + path.replace("v1beta", version))
    lines = answer.content.splitlines()
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert [json.loads(line)["key"] for line in lines] == ["a", "b"]


def test_output_is_painted_at_the_first_download_and_served_from_disk_after(
    http: httpx.Client, path: str, emulator: Emulator
) -> None:
    outputs = emulator.world.root / "outputs"
    assert not outputs.exists()
    first = http.get(path).content
    (painted,) = outputs.iterdir()
    assert painted.read_bytes() == first
    painted.write_bytes(b"from disk\n")
    assert http.get(path).content == b"from disk\n"


def test_simultaneous_downloads_are_equal_and_painted_once(
    http: httpx.Client, path: str, emulator: Emulator
) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        contents = list(pool.map(lambda _: http.get(path).content, range(4)))
    assert len(set(contents)) == 1
    assert len(list((emulator.world.root / "outputs").iterdir())) == 1


def test_range_is_a_partial_answer(http: httpx.Client, path: str) -> None:
    whole = http.get(path).content
    part = http.get(path, headers={"Range": "bytes=100-"})
    assert part.status_code == 206
    assert part.content == whole[100:]
    assert part.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"


def test_download_needs_alt_media(http: httpx.Client, path: str) -> None:
    assert error(http.get(path.removesuffix("?alt=media"))) == INVALID


def test_output_of_an_unfinished_job_is_not_found(http: httpx.Client) -> None:
    job_id = job(http).rpartition("/")[2]
    assert error(http.get(f"/v1beta/files/batch-{job_id}:download?alt=media")) == MISSING


def test_output_is_not_among_the_files(http: httpx.Client, path: str) -> None:
    http.get(path)
    assert len(http.get("/v1beta/files").json()["files"]) == 1


def test_behaviour_of_a_job_is_that_of_its_creation(http: httpx.Client, emulator: Emulator) -> None:
    emulator.world.behaviour = Behaviour(outcomes={"b": "row_error", "c": "missing"})
    made = job(http, row("a"), row("b"), row("c"))
    emulator.world.behaviour = Behaviour()
    operation = ended(http, made)
    lines = http.get(output_path(operation)).content.splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["a", "b"]
    assert operation["metadata"]["batchStats"] == {
        "requestCount": "3",
        "successfulRequestCount": "1",
        "failedRequestCount": "1",
    }


def test_job_whose_rows_all_fail_has_succeeded(http: httpx.Client, emulator: Emulator) -> None:
    emulator.world.behaviour = Behaviour(outcomes={"*": "row_error:3"})
    (line,) = results(http, row("a"))
    assert line["error"]["code"] == 3
    listed = http.get("/v1beta/batches").json()["operations"][0]["metadata"]
    assert listed["state"] == "BATCH_STATE_SUCCEEDED"
    assert listed["batchStats"] == {"requestCount": "1", "failedRequestCount": "1"}
