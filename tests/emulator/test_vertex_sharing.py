"""Vertex AI jobs that several servers tell of, and calls of theirs that go wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.server import serve
from tests.emulator.conversation import row
from tests.emulator.vertex import JOBS, Vertex, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator
    from tests.emulator.conftest import Clock
    from tests.storage import Storage


def client(running: Emulator, storage: str) -> httpx.Client:
    running.world.storage = storage
    token = {"Authorization": "Bearer test"}
    return httpx.Client(base_url=running.base_url, headers=token, trust_env=False)


def test_output_is_written_once_whoever_asks_for_it(
    vertex: Vertex, emulator: Emulator, clock: Clock, storage: Storage
) -> None:
    path = vertex.create(*rows_of(*"abcdef"))
    vertex.get(path)
    emulator.world.storage = storage.base_url
    with (
        serve(emulator.world.root, now=clock) as other,
        client(other, storage.base_url) as http,
        ThreadPoolExecutor(6) as asking,
    ):
        answers = list(asking.map(lambda ask: ask.get(path), [vertex.http, http] * 3))
    assert {answer.json()["state"] for answer in answers} == {"JOB_STATE_SUCCEEDED"}
    assert len(storage.asked("objects.insert")) == 1


def test_jobs_outlive_their_server(tmp_path: Path, storage: Storage) -> None:
    with serve(tmp_path) as first, client(first, storage.direct_url) as http:
        path = Vertex(http, storage).create(row())
        http.get(path)
    with serve(tmp_path) as second, client(second, storage.direct_url) as http:
        assert len(Vertex(http, storage).lines(http.get(path).json())) == 1


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "status:503"])
def test_output_that_could_not_be_written_is_written_by_the_next_who_asks(
    vertex: Vertex, emulator: Emulator, storage: Storage, fault: str
) -> None:
    path = vertex.create(*rows_of("a", "b"))
    vertex.get(path)
    emulator.world.storage = storage.base_url
    storage.fail("objects.insert", fault)
    assert vertex.http.get(path).status_code == 503
    job = vertex.get(path)
    assert len(vertex.lines(job)) == 2
    assert len(vertex.shards(job)) == 1


def test_job_whose_answer_was_lost_is_there(vertex: Vertex, emulator: Emulator) -> None:
    vertex.write(row())
    emulator.faults.add("batches.create", Fault("drop_after"))
    with pytest.raises(httpx.RemoteProtocolError):
        vertex.post(displayName="lost")
    (job,) = vertex.get(f'{JOBS}?filter=display_name="lost"')["batchPredictionJobs"]
    assert job["state"] == "JOB_STATE_PENDING"


@pytest.mark.parametrize(
    ("kind", "names", "more"),
    [("lost_page", [], True), ("last_page", ["b"], False), ("empty_list", [], False)],
)
def test_list_may_go_wrong_as_everywhere(
    vertex: Vertex, emulator: Emulator, kind: str, names: list[str], *, more: bool
) -> None:
    vertex.create(row(), name="a")
    vertex.create(row(), name="b")
    emulator.faults.add("batches.list", Fault(kind))
    page = vertex.get(f"{JOBS}?pageSize=1")
    assert [job["displayName"] for job in page.get("batchPredictionJobs", [])] == names
    assert ("nextPageToken" in page) == more
