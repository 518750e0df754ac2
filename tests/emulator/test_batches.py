"""Jobs, from their creation to their end, by raw HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.emulator.jobs import Pace
from tests.emulator.conversation import (
    DENIED,
    INVALID,
    MISSING,
    MODEL,
    create,
    ended,
    error,
    job,
    jsonl,
    output_path,
    request_of,
    row,
    upload,
)

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator
    from tests.emulator.conftest import Clock

TYPES = "type.googleapis.com/google.ai.generativelanguage.v1main."


def state(http: httpx.Client, path: str) -> str:
    return str(http.get(path).json()["metadata"]["state"])


def test_created_job_has_the_shape_of_the_capture(http: httpx.Client) -> None:
    file_id = upload(http, jsonl(row("a"), row("b")))
    operation = create(http, file_id, name="my batch name").json()
    assert operation == {
        "name": operation["name"],
        "metadata": {
            "@type": f"{TYPES}GenerateContentBatch",
            "model": f"models/{MODEL}",
            "displayName": "my batch name",
            "inputConfig": {"fileName": f"files/{file_id}"},
            "createTime": "2026-11-22T00:00:00.123456000Z",
            "updateTime": "2026-11-22T00:00:00.123456000Z",
            "batchStats": {"requestCount": "2", "pendingRequestCount": "2"},
            "state": "BATCH_STATE_PENDING",
            "name": operation["name"],
        },
    }
    assert len(operation["name"].removeprefix("batches/")) == 36


def test_succeeded_job_has_the_shape_of_the_capture(http: httpx.Client) -> None:
    operation = ended(http, job(http, row("a"), row("b")))
    output = {"responsesFile": f"files/batch-{operation['name'].removeprefix('batches/')}"}
    metadata = operation["metadata"]
    assert operation["done"] is True
    assert operation["response"] == {"@type": f"{TYPES}GenerateContentBatchOutput", **output}
    assert metadata["output"] == output
    assert metadata["endTime"] == "2026-11-22T00:00:00.123456000Z"
    assert metadata["batchStats"] == {"requestCount": "2", "successfulRequestCount": "2"}
    assert metadata["state"] == "BATCH_STATE_SUCCEEDED"
    assert "updateTime" not in metadata


def test_job_runs_at_the_first_look_and_ends_at_the_second(http: httpx.Client) -> None:
    path = job(http)
    first = http.get(path).json()
    assert first["metadata"]["state"] == "BATCH_STATE_RUNNING"
    assert "done" not in first
    assert state(http, path) == "BATCH_STATE_SUCCEEDED"


def test_listing_is_not_looking(http: httpx.Client) -> None:
    job(http)
    for _ in range(3):
        listed = http.get("/v1beta/batches").json()["operations"]
        assert listed[0]["metadata"]["state"] == "BATCH_STATE_PENDING"


def test_slower_pace_stays_pending_and_running_longer(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(looks_to_start=2, looks_to_finish=4)
    path = job(http)
    states = [state(http, path).removeprefix("BATCH_STATE_") for _ in range(4)]
    assert states == ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]


def test_timed_job_ends_by_the_clock_however_often_it_is_looked_at(
    http: httpx.Client, emulator: Emulator, clock: Clock
) -> None:
    emulator.world.pace = Pace(seconds_to_finish=3600)
    path = job(http)
    assert {state(http, path) for _ in range(4)} == {"BATCH_STATE_PENDING"}
    clock.pass_hours(0.5)
    assert state(http, path) == "BATCH_STATE_RUNNING"
    clock.pass_hours(2)
    listed = http.get("/v1beta/batches").json()["operations"][0]
    assert listed["metadata"]["endTime"] == "2026-11-22T01:00:00.123456000Z"
    assert state(http, path) == "BATCH_STATE_SUCCEEDED"


def test_job_expires_after_48_hours_without_output(http: httpx.Client, clock: Clock) -> None:
    path = job(http)
    http.get(path)
    clock.pass_hours(48)
    operation = http.get(path).json()
    assert operation["metadata"]["state"] == "BATCH_STATE_EXPIRED"
    assert operation["done"] is True
    assert operation["error"]["code"] == 4
    assert "response" not in operation
    assert "output" not in operation["metadata"]


def test_cancelled_job_is_done_with_code_13(http: httpx.Client) -> None:
    path = job(http)
    assert http.post(f"{path}:cancel").json() == {}
    operation = http.get(path).json()
    assert operation["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    assert operation["done"] is True
    assert operation["error"]["code"] == 13


def test_cancelling_an_ended_job_changes_nothing(http: httpx.Client) -> None:
    path = job(http)
    before = ended(http, path)
    assert http.post(f"{path}:cancel").status_code == 200
    assert http.get(path).json() == before


def test_job_told_to_fail_is_done_with_an_error(http: httpx.Client, emulator: Emulator) -> None:
    emulator.world.pace = Pace(failing=("doomed-*",))
    operation = ended(http, job(http, name="doomed-1"))
    assert operation["metadata"]["state"] == "BATCH_STATE_FAILED"
    assert operation["error"]["code"] == 13


def test_deleted_job_and_its_output_are_not_found(http: httpx.Client) -> None:
    path = job(http)
    output = output_path(ended(http, path))
    assert http.get(output).status_code == 200
    assert http.delete(path).json() == {}
    assert error(http.get(path)) == MISSING
    assert error(http.delete(path)) == MISSING
    assert error(http.post(f"{path}:cancel")) == MISSING
    assert error(http.get(output)) == MISSING
    assert http.get("/v1beta/batches").json() == {}


def test_list_is_paged_from_the_newest(http: httpx.Client) -> None:
    paths = [job(http) for _ in range(3)]
    names: list[str] = []
    token = ""
    while not names or token:
        query = {"pageSize": "2", "pageToken": token}
        page = http.get("/v1beta/batches", params=query).json()
        names += [f"/v1beta/{operation['name']}" for operation in page["operations"]]
        token = page.get("nextPageToken", "")
    assert names == paths[::-1]


def test_job_of_another_project_is_not_found(http: httpx.Client) -> None:
    foreign = {"x-goog-api-key": "foreign"}
    path = job(http)
    output = output_path(ended(http, path))
    assert error(http.get(path, headers=foreign)) == MISSING
    assert error(http.get(output, headers=foreign)) == MISSING
    assert http.get("/v1beta/batches", headers=foreign).json() == {}


def test_creating_twice_makes_two_jobs(http: httpx.Client) -> None:
    file_id = upload(http, jsonl(row()))
    assert create(http, file_id).json()["name"] != create(http, file_id).json()["name"]


def test_create_without_a_display_name_is_tolerated(http: httpx.Client) -> None:
    source = {"input_config": {"file_name": f"files/{upload(http, jsonl(row()))}"}}
    answer = http.post(f"/v1/models/{MODEL}:batchGenerateContent", json={"batch": source})
    assert answer.status_code == 200
    assert "displayName" not in answer.json()["metadata"]


def test_job_outlives_its_input_file(http: httpx.Client) -> None:
    file_id = upload(http, jsonl(row("a")))
    path = f"/v1beta/{create(http, file_id).json()['name']}"
    http.delete(f"/v1beta/files/{file_id}")
    assert http.get(output_path(ended(http, path))).json()["key"] == "a"


@pytest.mark.parametrize("model", ["gemini-2.5-flash-image", "gemini-3.1-flash-image", "no-such"])
def test_retired_and_unknown_models_are_not_found(http: httpx.Client, model: str) -> None:
    answer = create(http, upload(http, jsonl(row())), model)
    assert error(answer) == MISSING
    assert http.get("/v1beta/batches").json() == {}


def test_missing_input_file_is_denied(http: httpx.Client) -> None:
    assert error(create(http, "nothere")) == DENIED


def test_expired_input_file_is_denied(http: httpx.Client, clock: Clock) -> None:
    file_id = upload(http, jsonl(row()))
    clock.pass_hours(48)
    assert error(create(http, file_id)) == DENIED


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"batch": {"inputConfig": {}}},
        {"batch": {"inputConfig": {"fileName": "abc"}}},
        {"batch": {"inputConfig": {"requests": {"requests": []}}}},
        {"batch": {"display_name": 7}},
        {"batch": {"displayName": "a", "display_name": "b"}},
        {"batch": {"colour": "red"}},
        {"batch": []},
    ],
)
def test_bad_create_body_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    answer = http.post(f"/v1beta/models/{MODEL}:batchGenerateContent", json=body)
    assert error(answer) == INVALID


def test_body_that_is_no_json_is_refused(http: httpx.Client) -> None:
    answer = http.post(f"/v1beta/models/{MODEL}:batchGenerateContent", content=b"{")
    assert error(answer) == INVALID


@pytest.mark.parametrize("content", [b"", b"\n\n", b"{\n", b"[]\n", b'{"key":"a"}\n'])
def test_input_file_without_good_rows_makes_no_job(http: httpx.Client, content: bytes) -> None:
    assert error(create(http, upload(http, content))) == INVALID
    assert http.get("/v1beta/batches").json() == {}


def test_one_bad_row_is_named_by_its_line(http: httpx.Client) -> None:
    bad = row("b", {**request_of(), "thinking_config": {}})
    answer = create(http, upload(http, jsonl(row("a"), bad)))
    assert error(answer) == INVALID
    assert "line 2" in answer.json()["error"]["message"]
    assert 'Unknown name "thinking_config"' in answer.json()["error"]["message"]
    assert http.get("/v1beta/batches").json() == {}
