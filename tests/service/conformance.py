"""What every ``BatchService`` does alike, so that the one in memory may stand for Google's."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pytest

from chargen_batch.errors import ServiceError

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService, RemoteFile, RemoteJob

MODEL = "gemini-3-pro-image"
LOOKS = 20
NAME = "chargen-batch/20261122-080000-a1b2/0001/0123abcd"


@dataclass(frozen=True)
class Nature:
    """In what services differ by what they are made of, as the phases allow for it.

    ``files`` is what a file's name begins with, ``gone`` how one that is gone is refused, and
    ``not_for_download`` how an upload is refused that is asked for as if it were results. The
    ``unknown`` ones never were.
    """

    files: str = "files/"
    gone: tuple[int, str, bool] = (403, "PERMISSION_DENIED", True)
    not_for_download: tuple[int, str, bool] = (400, "INVALID_ARGUMENT", True)
    equal_uploads_are_one: bool = False
    deletes_live_jobs: bool = True
    unknown_file: str = "files/neverwas1234"
    unknown_job: str = "batches/" + "x" * 36
    unknown_results: str = "files/batch-" + "x" * 36


def request_file(*keys: str) -> bytes:
    """Return a request file that asks for one picture a key."""
    config = {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "1:1"}}
    lines = [
        {
            "key": key,
            "request": {
                "contents": [{"role": "user", "parts": [{"text": f"a lighthouse, {key}"}]}],
                "generationConfig": config,
            },
        }
        for key in keys
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def upload(service: BatchService, content: bytes, name: str = f"{NAME}/requests") -> RemoteFile:
    """Upload bytes as a request file."""
    return service.upload(
        io.BytesIO(content), size=len(content), mime="application/jsonl", display_name=name
    )


def create(service: BatchService, *keys: str, name: str = NAME) -> RemoteJob:
    """Upload requests and create a job for them."""
    file = upload(service, request_file(*keys))
    return service.create_job(model=MODEL, request_file=file.name, display_name=name)


def ended(service: BatchService, name: str) -> RemoteJob:
    """Look at a job until it has ended."""
    for _ in range(LOOKS):
        job = service.get_job(name)
        if job.ended_at is not None:
            return job
    pytest.fail(f"{name} has not ended")


def fetch(service: BatchService, name: str, offset: int = 0) -> bytes:
    """Download a result file from an offset on."""
    with service.download(name, offset=offset) as download:
        assert download.offset == offset
        return b"".join(download.chunks)


def refusal(error: pytest.ExceptionInfo[ServiceError]) -> tuple[int, str, bool]:
    """Return what a refusal says to the phases."""
    return error.value.http_status, error.value.status, error.value.google


class ServiceConformance:
    """The tests; a class under it gives the fixture ``service``, and its nature."""

    nature: ClassVar[Nature] = Nature()

    def test_an_upload_comes_back_with_what_was_sent(self, service: BatchService) -> None:
        content = request_file("a", "b")

        file = upload(service, content)

        assert file.name.startswith(self.nature.files)
        assert file.uri.endswith(file.name)
        assert (file.size, file.display_name) == (len(content), f"{NAME}/requests")
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.state == "ACTIVE"
        assert file.expires_at is not None

    def test_an_uploaded_file_is_looked_at_and_listed(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))

        assert service.get_file(file.name).sha256 == file.sha256
        assert [listed.name for listed in service.list_files()] == [file.name]

    def test_equal_uploads_are_two_files_or_one(self, service: BatchService) -> None:
        one, two = (upload(service, request_file("a")) for _ in range(2))

        assert (one.name == two.name) == self.nature.equal_uploads_are_one
        assert {file.name for file in service.list_files()} == {one.name, two.name}

    def test_a_deleted_file_is_gone(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))
        service.delete_file(file.name)

        for look in (service.get_file, service.delete_file):
            with pytest.raises(ServiceError) as error:
                look(file.name)
            assert refusal(error) == self.nature.gone
        assert list(service.list_files()) == []

    def test_a_new_job_is_listed_and_knows_its_origin(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))
        job = service.create_job(model=MODEL, request_file=file.name, display_name=NAME)

        (listed,) = service.list_jobs()

        assert listed.name == job.name
        assert (listed.display_name, listed.model) == (NAME, MODEL)
        assert listed.input_file_name == file.name
        assert listed.result_file_name is None
        assert listed.created_at is not None

    def test_asking_twice_makes_two_jobs(self, service: BatchService) -> None:
        one, two = create(service, "a"), create(service, "a")

        assert one.name != two.name
        assert len(list(service.list_jobs())) == 2

    def test_an_ended_job_has_counts_and_one_line_a_key(self, service: BatchService) -> None:
        job = ended(service, create(service, "a", "b").name)

        lines = fetch(service, job.result_file_name or "").splitlines()

        assert job.state == "JOB_STATE_SUCCEEDED"
        assert (job.counts.total, job.counts.succeeded, job.counts.pending) == (2, 2, 0)
        assert {json.loads(line)["key"] for line in lines} == {"a", "b"}

    def test_a_download_goes_on_from_any_byte(self, service: BatchService) -> None:
        name = ended(service, create(service, "a", "b").name).result_file_name or ""
        whole = fetch(service, name)

        for offset in (1, len(whole) // 2, len(whole) - 1, len(whole)):
            assert fetch(service, name, offset) == whole[offset:]

    def test_the_output_is_no_file_to_look_at_or_delete(self, service: BatchService) -> None:
        name = ended(service, create(service, "a").name).result_file_name or ""

        for look in (service.get_file, service.delete_file):
            with pytest.raises(ServiceError) as error:
                look(name)
            assert error.value.http_status == 400
        assert name not in {file.name for file in service.list_files()}

    def test_a_deleted_job_takes_its_results_along(self, service: BatchService) -> None:
        job = ended(service, create(service, "a").name)
        service.delete_job(job.name)

        assert list(service.list_jobs()) == []
        with pytest.raises(ServiceError) as error:
            fetch(service, job.result_file_name or "")
        assert refusal(error) == (404, "NOT_FOUND", True)

    def test_a_cancelled_job_ends_with_an_error(self, service: BatchService) -> None:
        job = create(service, "a")
        service.cancel_job(job.name)

        job = ended(service, job.name)

        assert job.state == "JOB_STATE_CANCELLED"
        assert job.error
        assert job.result_file_name is None

    def test_an_unknown_job_is_404(self, service: BatchService) -> None:
        for act in (service.get_job, service.cancel_job, service.delete_job):
            with pytest.raises(ServiceError) as error:
                act(self.nature.unknown_job)
            assert refusal(error) == (404, "NOT_FOUND", True)

    def test_a_known_model_says_that_it_can_batch(self, service: BatchService) -> None:
        model = service.get_model(MODEL)

        assert (model.name, model.can_batch) == (MODEL, True)
        assert model.told_at is not None  # the service's own clock, which doctor looks at

    def test_an_unknown_model_is_404_and_no_job(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))

        with pytest.raises(ServiceError) as looked:
            service.get_model("gemini-0-none")
        with pytest.raises(ServiceError) as created:
            service.create_job(model="gemini-0-none", request_file=file.name, display_name=NAME)
        assert refusal(looked) == refusal(created) == (404, "NOT_FOUND", True)
        assert list(service.list_jobs()) == []


class ReadsAtOnce:
    """The tests of a service that reads a request file when it is asked for the job."""

    @pytest.mark.parametrize("content", [b'{"key": "a"', b'{"key": "a", "prompt": {}}\n', b"[]\n"])
    def test_a_malformed_request_file_is_400_and_no_job(
        self, service: BatchService, content: bytes
    ) -> None:
        file = upload(service, content)

        with pytest.raises(ServiceError) as error:
            service.create_job(model=MODEL, request_file=file.name, display_name=NAME)
        assert refusal(error) == (400, "INVALID_ARGUMENT", True)
        assert list(service.list_jobs()) == []

    def test_a_request_file_that_is_gone_is_403_and_no_job(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))
        service.delete_file(file.name)

        with pytest.raises(ServiceError) as error:
            service.create_job(model=MODEL, request_file=file.name, display_name=NAME)
        assert refusal(error) == (403, "PERMISSION_DENIED", True)
        assert list(service.list_jobs()) == []


class ReadsLater:
    """The tests of a service that makes the job first, and fails it for its request file."""

    @pytest.mark.parametrize("content", [b'{"key": "a"', b'{"key": "a", "prompt": {}}\n', b"[]\n"])
    def test_a_malformed_request_file_is_a_job_that_fails(
        self, service: BatchService, content: bytes
    ) -> None:
        file = upload(service, content)
        job = service.create_job(model=MODEL, request_file=file.name, display_name=NAME)

        job = ended(service, job.name)

        assert (job.state, job.result_file_name) == ("JOB_STATE_FAILED", None)
        assert (job.error or "").startswith("3: ")

    def test_a_request_file_that_is_gone_is_a_job_that_fails(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))
        service.delete_file(file.name)
        job = service.create_job(model=MODEL, request_file=file.name, display_name=NAME)

        job = ended(service, job.name)

        assert (job.state, job.result_file_name) == ("JOB_STATE_FAILED", None)
        assert job.error
