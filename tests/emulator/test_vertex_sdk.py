"""Google's own SDKs against the emulator of Vertex AI, and against Cloud Storage on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from google.genai import errors, types

from tests.emulator.conversation import MODEL, jsonl
from tests.emulator.vertex import INPUT, OUTPUT, rows_of
from tests.storage import BUCKET

if TYPE_CHECKING:
    from google import genai

    from tests.storage import Storage


def create(sdk: genai.Client, storage: Storage, *keys: str, name: str = "job") -> str:
    storage.put("in/rows.jsonl", jsonl(*rows_of(*keys)))
    config = types.CreateBatchJobConfig(display_name=name, dest=OUTPUT)
    return str(sdk.batches.create(model=MODEL, src=INPUT, config=config).name)


def test_job_runs_from_pending_to_succeeded(vertex_sdk: genai.Client, storage: Storage) -> None:
    name = create(vertex_sdk, storage, "a", "b")
    states = [vertex_sdk.batches.get(name=name).state for _ in range(2)]
    assert states == [types.JobState.JOB_STATE_RUNNING, types.JobState.JOB_STATE_SUCCEEDED]


def test_output_is_below_the_folder_that_the_sdk_is_told(
    vertex_sdk: genai.Client, storage: Storage
) -> None:
    name = create(vertex_sdk, storage, "a", "b", "c")
    vertex_sdk.batches.get(name=name)
    job = vertex_sdk.batches.get(name=name)
    assert job.output_info is not None
    folder = str(job.output_info.gcs_output_directory)
    assert folder.startswith(f"{OUTPUT}/prediction-model-2026-11-22T00:00:00.123456Z")
    (shard,) = storage.names(folder.removeprefix(f"gs://{BUCKET}/"))
    lines = [json.loads(line) for line in storage.read(shard).splitlines()]
    assert {line["key"] for line in lines} == {"a", "b", "c"}
    assert job.completion_stats is not None
    assert job.completion_stats.successful_count == 3


def test_names_have_the_project_by_its_number_and_are_found_by_it(
    vertex_sdk: genai.Client, storage: Storage
) -> None:
    name = create(vertex_sdk, storage, "a")
    _, project, _, location, _, number = name.split("/")
    assert project.isdecimal()
    assert location == "us-central1"
    assert vertex_sdk.batches.get(name=number).name == name


def test_jobs_are_listed_over_pages_and_by_their_names(
    vertex_sdk: genai.Client, storage: Storage
) -> None:
    names = [create(vertex_sdk, storage, "a", name=f"mine/{number}") for number in range(3)]
    create(vertex_sdk, storage, "a", name="yours/1")
    config = types.ListBatchJobsConfig(page_size=2, filter='display_name:"mine/*"')
    assert [job.name for job in vertex_sdk.batches.list(config=config)] == names[::-1]


def test_job_is_cancelled_and_deleted(vertex_sdk: genai.Client, storage: Storage) -> None:
    name = create(vertex_sdk, storage, "a")
    vertex_sdk.batches.cancel(name=name)
    job = vertex_sdk.batches.get(name=name)
    assert job.state == types.JobState.JOB_STATE_CANCELLED
    assert job.error is not None
    assert job.error.code == 1
    assert vertex_sdk.batches.delete(name=name).done
    with pytest.raises(errors.ClientError, match="NOT_FOUND"):
        vertex_sdk.batches.get(name=name)


def test_missing_bucket_is_told_by_the_job(vertex_sdk: genai.Client) -> None:
    config = types.CreateBatchJobConfig(display_name="job", dest="gs://nowhere/out")
    name = str(vertex_sdk.batches.create(model=MODEL, src=INPUT, config=config).name)
    vertex_sdk.batches.get(name=name)
    job = vertex_sdk.batches.get(name=name)
    assert job.state == types.JobState.JOB_STATE_FAILED
    assert job.error is not None
    assert job.error.code == 9
    assert job.error.message is not None
    assert "nowhere" in job.error.message


def test_model_is_found(vertex_sdk: genai.Client) -> None:
    assert vertex_sdk.models.get(model=MODEL).name == f"publishers/google/models/{MODEL}"
    with pytest.raises(errors.ClientError, match="was not found"):
        vertex_sdk.models.get(model="gemini-1.0-pro")
