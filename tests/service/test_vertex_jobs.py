from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.core.polling import came_to_nothing
from chargen_batch.emulator.faults import faults_of
from chargen_batch.emulator.jobs import Pace
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.model.state import JobCounts
from chargen_batch.service.vertex_jobs import job_of
from chargen_batch.service.vertex_names import Place
from tests.service.conformance import MODEL, NAME, create, ended, fetch, request_file, upload
from tests.service.vertexes import RUN, upload_picture

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage

PLACE = Place("a-project", "us-central1", "stories", "chargen-batch")
RAW: dict[str, Any] = {
    "name": "projects/123/locations/us-central1/batchPredictionJobs/456",
    "displayName": NAME,
    "model": "publishers/google/models/gemini-3-pro-image",
    "inputConfig": {"gcsSource": {"uris": [f"gs://stories/{RUN}/0001-ab-0123456789abcdef.jsonl"]}},
    "outputConfig": {"gcsDestination": {"outputUriPrefix": f"gs://stories/{RUN}/out/0001-ab"}},
    "state": "JOB_STATE_PARTIALLY_SUCCEEDED",
    "createTime": "2026-11-22T08:00:00.123456Z",
    "endTime": "2026-11-22T09:00:00Z",
    "completionStats": {"successfulCount": "2", "failedCount": "1", "incompleteCount": "4"},
    "outputInfo": {"gcsOutputDirectory": f"gs://stories/{RUN}/out/0001-ab/prediction-model-x"},
    "error": {"code": 8, "message": "the quota is used up"},
}


def test_a_job_is_read_as_the_service_tells_it() -> None:
    job = job_of(RAW, PLACE)

    assert (job.name, job.display_name, job.model) == (RAW["name"], NAME, MODEL)
    assert job.state == "JOB_STATE_PARTIALLY_SUCCEEDED"
    assert job.input_file_name == f"{RUN}/0001-ab-0123456789abcdef.jsonl"
    assert job.result_file_name == RAW["outputInfo"]["gcsOutputDirectory"]
    assert job.counts == JobCounts(total=7, succeeded=2, failed=1, pending=4)
    assert job.error == "8: the quota is used up"
    assert job.created_at is not None
    assert job.ended_at is not None


def test_the_destination_that_was_asked_for_is_not_where_results_are() -> None:
    assert job_of({**RAW, "outputInfo": {}}, PLACE).result_file_name is None


@pytest.mark.parametrize(
    "stats", [{}, {"incompleteCount": "-1"}, {"successfulCount": -1, "failedCount": "-1"}]
)
def test_counts_that_the_service_does_not_know_are_none(stats: dict[str, object]) -> None:
    assert job_of({**RAW, "completionStats": stats}, PLACE).counts == JobCounts()


def test_an_input_in_another_bucket_keeps_its_whole_uri() -> None:
    source = {"gcsSource": {"uris": ["gs://other/in.jsonl"]}}

    assert job_of({**RAW, "inputConfig": source}, PLACE).input_file_name == "gs://other/in.jsonl"


def test_a_job_is_asked_for_once_whatever_happens(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    file = upload(on_vertex, request_file("a"))
    for fault in ("status:503", "drop_after", "html:502"):
        emulator.faults.add("batches.create", *faults_of(fault))

    for _ in range(3):
        with pytest.raises((ServiceError, NetworkError)):
            on_vertex.create_job(model=MODEL, request_file=file.name, display_name=NAME)
    assert len(list(on_vertex.list_jobs())) == 1  # of the answer that was lost
    assert emulator.faults.pending() == {}


def test_results_go_below_the_run_and_are_told_by_the_job(
    on_vertex: VertexService, bucket: Storage
) -> None:
    job = ended(on_vertex, create(on_vertex, "a").name)

    assert job.result_file_name is not None
    assert job.result_file_name.startswith(f"gs://stories/{RUN}/out/0001-0123abcd/prediction-")
    assert bucket.names(job.result_file_name.removeprefix("gs://stories/"))


FAILED = ("FAILED", "CANCELLED", "EXPIRED")


@pytest.mark.parametrize("state", FAILED)
def test_a_job_that_failed_and_wrote_nothing_has_no_results(
    on_vertex: VertexService, emulator: Emulator, state: str
) -> None:
    emulator.world.pace = Pace(endings={"*": f"{state} with lost output"})

    job = ended(on_vertex, create(on_vertex, "a").name)

    assert (job.state, job.result_file_name) == (f"JOB_STATE_{state}", None)
    assert came_to_nothing(job)


@pytest.mark.parametrize("state", [*FAILED, "PARTIALLY_SUCCEEDED"])
def test_a_job_that_failed_and_wrote_something_keeps_it(
    on_vertex: VertexService, emulator: Emulator, state: str
) -> None:
    emulator.world.pace = Pace(endings={"*": f"{state} with output"})

    job = ended(on_vertex, create(on_vertex, "a", "b", "c").name)

    assert job.state == f"JOB_STATE_{state}"
    assert b'"key"' in fetch(on_vertex, str(job.result_file_name))


def test_a_job_that_did_not_fail_keeps_where_its_results_are_to_be(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"*": "PARTIALLY_SUCCEEDED with lost output"})

    job = ended(on_vertex, create(on_vertex, "a").name)

    assert str(job.result_file_name).startswith(f"gs://stories/{RUN}/out/")


def test_what_else_a_failed_job_wrote_goes_with_it(
    on_vertex: VertexService, bucket: Storage, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"*": "FAILED with lost output"})
    job = ended(on_vertex, create(on_vertex, "a").name)
    (told,) = on_vertex.list_jobs()
    where = str(told.result_file_name).removeprefix("gs://stories/")
    bucket.put(f"{where}/errors.txt", b"no")

    assert on_vertex.get_job(job.name).result_file_name is None
    on_vertex.delete_job(job.name)

    assert bucket.names() == [job.input_file_name]


def test_the_jobs_of_others_are_not_listed(on_vertex: VertexService, bucket: Storage) -> None:
    job = create(on_vertex, "a")
    bucket.put("in.jsonl", request_file("a"))
    on_vertex._client.batches.create(  # noqa: SLF001 - as another program of the project does
        model=MODEL,
        src="gs://stories/in.jsonl",
        config={"display_name": "mine", "dest": "gs://b/o"},
    )

    assert [listed.name for listed in on_vertex.list_jobs()] == [job.name]


def test_a_job_takes_its_results_along_and_leaves_all_else(
    on_vertex: VertexService, bucket: Storage
) -> None:
    reference = upload_picture(on_vertex)
    job = ended(on_vertex, create(on_vertex, "a").name)
    beside = f"{RUN}/out/0001-0123abcd/prediction-model-other/predictions.jsonl"
    bucket.put(beside, b"{}\n")

    on_vertex.delete_job(job.name)

    assert set(bucket.names()) == {reference.name, job.input_file_name, beside}


def test_a_deletion_that_broke_off_is_repeated(
    on_vertex: VertexService, bucket: Storage, emulator: Emulator
) -> None:
    job = ended(on_vertex, create(on_vertex, "a").name)
    emulator.faults.add("batches.delete", *faults_of("drop_before"))
    with pytest.raises(NetworkError):
        on_vertex.delete_job(job.name)

    on_vertex.delete_job(job.name)

    assert bucket.names() == [job.input_file_name]
    assert list(on_vertex.list_jobs()) == []


def test_a_live_job_is_not_deleted(on_vertex: VertexService) -> None:
    job = create(on_vertex, "a")

    with pytest.raises(ServiceError) as error:
        on_vertex.delete_job(job.name)
    assert (error.value.http_status, error.value.status) == (400, "FAILED_PRECONDITION")
    assert [listed.name for listed in on_vertex.list_jobs()] == [job.name]


@pytest.mark.parametrize(
    "name", ["batches/x", "", "projects/a/locations/b/batchPredictionJobs/../c"]
)
def test_only_names_of_jobs_are_asked_for(on_vertex: VertexService, name: str) -> None:
    for act in (on_vertex.get_job, on_vertex.cancel_job, on_vertex.delete_job):
        with pytest.raises(ServiceError, match="no name of a job"):
            act(name)


def test_the_sdk_says_nothing_of_its_own(
    on_vertex: VertexService, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ended(on_vertex, create(on_vertex, "a").name)

    ours = [each for each in caplog.records if not each.name.startswith("gcp_storage_emulator")]
    assert ours == []
