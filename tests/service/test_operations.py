"""Raw operations, files and models, read without loss and without a fuss."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chargen_batch.model.state import JobCounts
from chargen_batch.service.api import RemoteFile, RemoteJob
from chargen_batch.service.operations import error_text, file_of, job_of, model_of

if TYPE_CHECKING:
    from chargen_batch.service.operations import Raw

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URI = "https://generativelanguage.googleapis.com/v1beta/files/t5snrshrqff1"
DIGEST = "597b96" + "0" * 58
CREATED = {
    "name": "batches/leg9wy9p5df66syjxke2eq4xfjqcwp47ejv3",
    "metadata": {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": "models/gemini-2.5-flash",
        "displayName": "my batch name",
        "inputConfig": {"fileName": "files/frh6ua11nk3o"},
        "createTime": "2026-01-06T11:09:11.943530657Z",
        "updateTime": "2026-01-06T11:09:11.943530657Z",
        "batchStats": {"requestCount": "2", "pendingRequestCount": "2"},
        "state": "BATCH_STATE_PENDING",
        "name": "batches/leg9wy9p5df66syjxke2eq4xfjqcwp47ejv3",
    },
}


def job_with(**metadata: object) -> RemoteJob:
    return job_of({"name": "batches/a", "metadata": metadata})


def test_a_capture_of_a_new_job_is_read_whole() -> None:
    assert job_of(CREATED) == RemoteJob(
        name="batches/leg9wy9p5df66syjxke2eq4xfjqcwp47ejv3",
        display_name="my batch name",
        state="JOB_STATE_PENDING",
        model="gemini-2.5-flash",
        input_file_name="files/frh6ua11nk3o",
        created_at=datetime(2026, 1, 6, 11, 9, 11, 943530, tzinfo=UTC),
        counts=JobCounts(total=2, pending=2),
    )


def test_a_capture_of_an_ended_job_has_its_output_and_counts() -> None:
    counts = {"requestCount": "9", "successfulRequestCount": "7", "failedRequestCount": 2}

    job = job_with(
        output={"responsesFile": "files/batch-3a96"},
        endTime="2026-08-20T20:10:25.852081585Z",
        batchStats=counts,
        state="BATCH_STATE_SUCCEEDED",
    )

    assert job.result_file_name == "files/batch-3a96"
    assert job.counts == JobCounts(total=9, succeeded=7, failed=2)
    assert job.ended_at == datetime(2026, 8, 20, 20, 10, 25, 852081, tzinfo=UTC)


def test_the_output_is_found_in_the_response_as_well() -> None:
    job = job_of({"name": "batches/a", "response": {"responsesFile": "files/batch-a"}})

    assert job.result_file_name == "files/batch-a"


def test_snake_case_is_read_as_camel_case() -> None:
    job = job_with(
        display_name="job-1",
        input_config={"file_name": "files/in"},
        output={"responses_file": "files/batch-a"},
        batch_stats={"request_count": 3},
        create_time="2026-01-06T11:09:11Z",
    )

    assert (job.display_name, job.input_file_name) == ("job-1", "files/in")
    assert (job.result_file_name, job.counts.total) == ("files/batch-a", 3)
    assert job.created_at == datetime(2026, 1, 6, 11, 9, 11, tzinfo=UTC)


def test_a_job_without_an_envelope_is_read_too() -> None:
    job = job_of({"name": "batches/a", "displayName": "job-1", "state": "JOB_STATE_RUNNING"})

    assert (job.display_name, job.state) == ("job-1", "JOB_STATE_RUNNING")


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("BATCH_STATE_PENDING", "JOB_STATE_PENDING"),
        ("BATCH_STATE_RUNNING", "JOB_STATE_RUNNING"),
        ("BATCH_STATE_SUCCEEDED", "JOB_STATE_SUCCEEDED"),
        ("BATCH_STATE_FAILED", "JOB_STATE_FAILED"),
        ("BATCH_STATE_CANCELLED", "JOB_STATE_CANCELLED"),
        ("BATCH_STATE_EXPIRED", "JOB_STATE_EXPIRED"),
        ("JOB_STATE_PARTIALLY_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"),
        ("BATCH_STATE_DREAMING", "BATCH_STATE_DREAMING"),
    ],
)
def test_states_are_read_by_our_own_table(told: str, state: str) -> None:
    assert job_with(state=told).state == state


@pytest.mark.parametrize(
    ("rest", "state"),
    [
        ({}, "JOB_STATE_UNSPECIFIED"),
        ({"done": True}, "JOB_STATE_SUCCEEDED"),
        ({"done": True, "error": {"code": 13}}, "JOB_STATE_FAILED"),
    ],
)
def test_a_state_left_out_is_read_off_the_operation(rest: Raw, state: str) -> None:
    assert job_of({"name": "batches/a", **rest}).state == state


def test_the_error_that_the_sdk_drops_is_read() -> None:
    job = job_of({"name": "batches/a", "error": {"code": 13, "message": "cancelled"}})

    assert job.error == "13: cancelled"
    assert job_with(error={"code": 4}).error == "4"


def test_an_error_says_what_it_has() -> None:
    assert error_text({"message": "only words"}) == "only words"
    assert error_text({}) is None


def test_what_has_the_wrong_shape_counts_as_absent() -> None:
    job = job_of({"name": ["a"], "metadata": {"batchStats": 3, "createTime": "soon", "output": []}})

    assert job == RemoteJob(name="", display_name="", state="JOB_STATE_UNSPECIFIED")


@pytest.mark.parametrize(
    "told",
    [
        base64.b64encode(DIGEST.encode()).decode(),
        base64.b64encode(DIGEST.upper().encode()).decode(),
        base64.b64encode(bytes.fromhex(DIGEST)).decode(),
        base64.urlsafe_b64encode(bytes.fromhex(DIGEST)).decode(),
    ],
)
def test_a_digest_is_read_from_base64_of_its_hex_digits(told: str) -> None:
    assert file_of({"sha256Hash": told}, service_now=None, now=NOW).sha256 == DIGEST


@pytest.mark.parametrize("told", ["", "a", "äöü", "bm8gZGlnZXN0"])
def test_a_digest_that_is_none_is_left_out(told: str) -> None:
    assert file_of({"sha256Hash": told}, service_now=None, now=NOW).sha256 == ""


def test_a_file_is_read_whole() -> None:
    raw = {
        "name": "files/t5snrshrqff1",
        "displayName": "d",
        "mimeType": "application/jsonl",
        "sizeBytes": "202",
        "expirationTime": "2026-11-24T00:00:00.053649Z",
        "uri": URI,
        "state": "PROCESSING",
    }

    assert file_of(raw, service_now=None, now=NOW) == RemoteFile(
        name="files/t5snrshrqff1",
        uri=URI,
        mime="application/jsonl",
        size=202,
        state="PROCESSING",
        display_name="d",
        expires_at=datetime(2026, 11, 24, 0, 0, 0, 53649, tzinfo=UTC),
    )


@pytest.mark.parametrize(("skew_s", "moved_s"), [(0, 0), (2, 0), (-2, 0), (600, 600), (-90, -90)])
def test_an_expiry_is_moved_into_our_clock(skew_s: int, moved_s: int) -> None:
    raw = {"expirationTime": "2026-11-24T12:00:00Z"}

    file = file_of(raw, service_now=NOW - timedelta(seconds=skew_s), now=NOW)

    assert file.expires_at == NOW + timedelta(hours=48, seconds=moved_s)


def test_a_time_without_a_zone_is_utc() -> None:
    file = file_of({"expirationTime": "2026-11-24T12:00:00"}, service_now=None, now=NOW)

    assert file.expires_at == NOW + timedelta(hours=48)


@pytest.mark.parametrize(
    ("raw", "can_batch"),
    [
        ({"supportedGenerationMethods": ["generateContent", "batchGenerateContent"]}, True),
        ({"supported_actions": ["batchGenerateContent", 7]}, True),
        ({"supportedGenerationMethods": ["generateContent"]}, False),
        ({}, False),
    ],
)
def test_a_model_says_whether_it_can_batch(raw: Raw, can_batch: bool) -> None:  # noqa: FBT001 - a table
    model = model_of({"name": "models/gemini-3-pro-image", **raw})

    assert (model.name, model.can_batch) == ("gemini-3-pro-image", can_batch)
