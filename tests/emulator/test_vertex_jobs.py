"""Vertex AI jobs: how they are asked for, go on, end, are listed, cancelled and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.emulator import vertex_delivery
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.trouble import Lists
from tests.emulator.conversation import row
from tests.emulator.vertex import INPUT, JOBS, OUTPUT, Vertex, rows_of

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator
    from tests.emulator.conftest import Clock


def names(vertex: Vertex, query: str = "") -> list[str]:
    listed = vertex.get(f"{JOBS}?{query}").get("batchPredictionJobs", [])
    return [job["displayName"] for job in listed]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"displayName": ""}, "display_name"),
        ({"displayName": "n" * 129}, "128 characters"),
        ({"inputConfig": {"instancesFormat": "bigquery"}}, "jsonl"),
        ({"inputConfig": {"instancesFormat": "jsonl"}}, "uris is required"),
        (
            {"inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": ["https://a/b"]}}},
            "Invalid Cloud Storage URI",
        ),
        ({"outputConfig": {"predictionsFormat": "jsonl"}}, "output_uri_prefix is required"),
        ({"outputConfig": {"predictionsFormat": "csv"}}, "jsonl"),
        ({"priority": 1}, "Unknown name"),
    ],
)
def test_job_that_is_asked_for_wrongly_is_refused(
    vertex: Vertex, changes: dict[str, Any], word: str
) -> None:
    answer = vertex.post(**changes)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]
    assert names(vertex) == []


def test_unknown_model_is_refused(vertex: Vertex) -> None:
    answer = vertex.post(model="publishers/google/models/gemini-1.0")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_every_creation_is_a_job_of_its_own(vertex: Vertex) -> None:
    assert vertex.create(row()) != vertex.create(row())


def test_job_is_as_google_writes_it(vertex: Vertex, emulator: Emulator) -> None:
    emulator.world.pace = Pace(looks_to_start=2, looks_to_finish=3)
    path = vertex.create(row(), name="mine")
    states = [vertex.get(path) for _ in range(3)]
    assert [job["state"] for job in states] == [
        "JOB_STATE_QUEUED",
        "JOB_STATE_RUNNING",
        "JOB_STATE_SUCCEEDED",
    ]
    assert "startTime" not in states[0]
    assert states[1]["completionStats"] == {"incompleteCount": "-1"}
    assert states[2]["completionStats"] == {"successfulCount": "1"}
    assert states[2]["inputConfig"]["gcsSource"]["uris"] == [INPUT]
    assert states[2]["outputConfig"]["gcsDestination"] == {"outputUriPrefix": OUTPUT}
    assert states[2]["displayName"] == "mine"
    assert {"createTime", "startTime", "endTime", "updateTime"} <= states[2].keys()


def test_job_of_several_objects_has_the_rows_of_all(vertex: Vertex) -> None:
    vertex.write(*rows_of("a", "b"))
    uris = [INPUT, INPUT.replace("rows", "more")]
    vertex.storage.put("in/more.jsonl", vertex.storage.read("in/rows.jsonl").rstrip())
    config = {"instancesFormat": "jsonl", "gcsSource": {"uris": uris}}
    path = f"/v1beta1/{vertex.post(inputConfig=config).json()['name']}"
    vertex.get(path)
    assert len(vertex.lines(vertex.get(path))) == 4


def test_job_that_ends_partially_has_half_of_its_rows(vertex: Vertex, emulator: Emulator) -> None:
    emulator.world.pace = Pace(endings={"*": "PARTIALLY_SUCCEEDED"})
    job = vertex.finished(*rows_of("a", "b", "c"))
    assert job["state"] == "JOB_STATE_PARTIALLY_SUCCEEDED"
    assert job["completionStats"] == {"successfulCount": "2", "incompleteCount": "1"}
    assert len(vertex.lines(job)) == 2


@pytest.mark.parametrize(
    ("ending", "code", "named"),
    [("FAILED", 13, False), ("FAILED with output", 13, True), ("EXPIRED", 4, False)],
)
def test_job_that_ends_badly_has_an_error(
    vertex: Vertex, emulator: Emulator, ending: str, code: int, *, named: bool
) -> None:
    emulator.world.pace = Pace(endings={"*": ending})
    job = vertex.finished(*rows_of("a", "b"))
    assert job["error"]["code"] == code
    assert ("outputInfo" in job) == named


def test_lost_output_is_named_and_not_there(vertex: Vertex, emulator: Emulator) -> None:
    emulator.world.pace = Pace(endings={"*": "SUCCEEDED with lost output"})
    assert vertex.shards(vertex.finished(row())) == []


def test_paused_job_stays_so_until_it_is_cancelled(vertex: Vertex, emulator: Emulator) -> None:
    emulator.world.pace = Pace(endings={"*": "BATCH_STATE_PAUSED"})
    path = vertex.create(row())
    assert [vertex.get(path)["state"] for _ in range(4)][1:] == ["JOB_STATE_PAUSED"] * 3
    assert vertex.http.post(f"{path}:cancel").status_code == 200
    assert vertex.get(path)["state"] == "JOB_STATE_CANCELLED"


def test_job_waits_no_longer_than_three_days(
    vertex: Vertex, emulator: Emulator, clock: Clock
) -> None:
    emulator.world.pace = Pace(looks_to_start=99, looks_to_finish=100)
    path = vertex.create(row())
    clock.pass_hours(71)
    assert vertex.get(path)["state"] == "JOB_STATE_QUEUED"
    clock.pass_hours(1)
    assert vertex.get(path)["state"] == "JOB_STATE_EXPIRED"


def test_job_that_runs_for_a_day_keeps_what_it_has(
    vertex: Vertex, emulator: Emulator, clock: Clock
) -> None:
    emulator.world.pace = Pace(looks_to_finish=99)
    path = vertex.create(*rows_of("a", "b"))
    clock.pass_hours(60)
    assert vertex.get(path)["state"] == "JOB_STATE_RUNNING"
    clock.pass_hours(24)
    job = vertex.get(path)
    assert job["state"] == "JOB_STATE_PARTIALLY_SUCCEEDED"
    assert len(vertex.lines(job)) == 1


def test_job_that_is_over_cannot_be_cancelled(vertex: Vertex) -> None:
    vertex.finished(row())
    (job,) = vertex.get(JOBS)["batchPredictionJobs"]
    answer = vertex.http.post(f"/v1beta1/{job['name']}:cancel")
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")


def test_job_that_lives_cannot_be_deleted(vertex: Vertex) -> None:
    answer = vertex.http.delete(vertex.create(row()))
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")


def test_output_outlives_its_job(vertex: Vertex) -> None:
    job = vertex.finished(row())
    answer = vertex.http.delete(f"/v1/{job['name']}")
    assert answer.json()["done"] is True
    assert vertex.http.get(f"/v1/{job['name']}").status_code == 404
    assert len(vertex.shards(job)) == 1


def test_jobs_of_other_places_are_not_seen(vertex: Vertex) -> None:
    path = vertex.create(row())
    for there in ("projects/b-project/locations/us-central1", "projects/a-project/locations/eu"):
        jobs = f"/v1beta1/{there}/batchPredictionJobs"
        assert vertex.get(jobs) == {}
        assert vertex.http.get(f"{jobs}/{path.rpartition('/')[2]}").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('display_name="a/1"', ["a/1"]),
        ('display_name:"a/*"', ["a/2", "a/1"]),
        ('NOT display_name:"a/*"', ["b/1"]),
        ('display_name!="a/1" AND display_name:"*/1"', ["b/1"]),
        ('display_name="a/1" OR state="JOB_STATE_PENDING"', ["b/1", "a/2", "a/1"]),
        ('state="JOB_STATE_FAILED"', []),
        ('create_time>"2026-11-21T00:00:00Z"', ["b/1", "a/2", "a/1"]),
        ('create_time<="2026-11-21T00:00:00Z"', []),
        ("", ["b/1", "a/2", "a/1"]),
    ],
)
def test_lists_are_filtered(vertex: Vertex, query: str, found: list[str]) -> None:
    for name in ("a/1", "a/2", "b/1"):
        vertex.create(row(), name=name)
    assert names(vertex, f"filter={query}") == found


@pytest.mark.parametrize("query", ["display_name", "name='a'", 'display_name<"a"', '(state="a")'])
def test_filter_that_is_none_is_refused(vertex: Vertex, query: str) -> None:
    answer = vertex.http.get(JOBS, params={"filter": query})
    assert answer.status_code == 400
    assert "Invalid filter" in answer.json()["error"]["message"]


def test_filtered_pages_are_full(vertex: Vertex) -> None:
    for name in ("a/1", "b/1", "a/2", "b/2", "a/3"):
        vertex.create(row(), name=name)
    query = 'pageSize=2&filter=display_name:"a/*"'
    first = vertex.get(f"{JOBS}?{query}")
    assert [job["displayName"] for job in first["batchPredictionJobs"]] == ["a/3", "a/2"]
    assert names(vertex, f"{query}&pageToken={first['nextPageToken']}") == ["a/1"]


def test_new_job_is_missing_in_lists_as_long_as_it_was_told(
    vertex: Vertex, emulator: Emulator
) -> None:
    emulator.world.trouble = replace(emulator.world.trouble, lists=Lists(late_listings=1))
    vertex.create(row())
    assert [names(vertex), names(vertex)] == [[], ["job"]]


def test_job_that_a_list_tells_to_be_over_has_its_output(
    vertex: Vertex, emulator: Emulator, clock: Clock
) -> None:
    emulator.world.pace = Pace(seconds_to_finish=60)
    vertex.create(row())
    clock.pass_hours(1)
    (job,) = vertex.get(JOBS)["batchPredictionJobs"]
    assert job["state"] == "JOB_STATE_SUCCEEDED"
    assert len(vertex.lines(job)) == 1


def test_job_runs_on_while_a_large_output_is_written(
    vertex: Vertex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vertex_delivery, "PATIENCE_S", 0.001)
    path = vertex.create(*rows_of(*(f"k{number}" for number in range(20))))
    vertex.get(path)
    job = vertex.get(path)
    assert (job["state"], "endTime" in job, "outputInfo" in job) == (
        "JOB_STATE_RUNNING",
        False,
        False,
    )
    monkeypatch.setattr(vertex_delivery, "PATIENCE_S", 60.0)
    assert len(vertex.lines(vertex.get(path))) == 20


def test_gemini_lists_none_of_these_jobs(vertex: Vertex) -> None:
    vertex.create(row())
    assert vertex.http.get("/v1beta/batches", headers={"x-goog-api-key": "test"}).json() == {}
