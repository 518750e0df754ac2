"""What every ``BatchService`` does alike with what has ended, was deleted, or never was."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from chargen_batch.errors import ServiceError
from tests.service.conformance import (
    Nature,
    create,
    ended,
    fetch,
    refusal,
    request_file,
    upload,
)

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService


class EndsConformance:
    """The tests; a class under it gives the fixture ``service``, and its nature."""

    nature: ClassVar[Nature] = Nature()

    def test_cancelling_an_ended_job_changes_nothing(self, service: BatchService) -> None:
        job = ended(service, create(service, "a").name)
        service.cancel_job(job.name)

        assert service.get_job(job.name) == job

    def test_cancelling_twice_is_cancelling_once(self, service: BatchService) -> None:
        job = create(service, "a")
        for _ in range(2):
            service.cancel_job(job.name)

        assert ended(service, job.name).state == "JOB_STATE_CANCELLED"

    def test_a_deleted_job_is_404_a_second_time_and_to_every_question(
        self, service: BatchService
    ) -> None:
        job = create(service, "a")
        if not self.nature.deletes_live_jobs:
            ended(service, job.name)
        service.delete_job(job.name)

        for act in (service.delete_job, service.get_job, service.cancel_job):
            with pytest.raises(ServiceError) as error:
                act(job.name)
            assert refusal(error) == (404, "NOT_FOUND", True)

    def test_the_files_are_listed_with_their_sizes_and_hashes(self, service: BatchService) -> None:
        files = [upload(service, request_file(key)) for key in ("a", "bb", "ccc")]

        listed = {file.name: (file.size, file.sha256) for file in service.list_files()}

        assert listed == {file.name: (file.size, file.sha256) for file in files}

    def test_a_file_that_never_was_is_refused_as_one_that_is_gone(
        self, service: BatchService
    ) -> None:
        for look in (service.get_file, service.delete_file):
            with pytest.raises(ServiceError) as error:
                look(self.nature.unknown_file)
            assert refusal(error) == self.nature.gone

    def test_the_results_of_a_job_that_never_was_are_404(self, service: BatchService) -> None:
        with pytest.raises(ServiceError) as error:
            fetch(service, self.nature.unknown_results)
        assert refusal(error) == (404, "NOT_FOUND", True)

    def test_an_uploaded_file_cannot_be_downloaded(self, service: BatchService) -> None:
        file = upload(service, request_file("a"))

        with pytest.raises(ServiceError) as error:
            fetch(service, file.name)
        assert refusal(error) == self.nature.not_for_download

    def test_a_job_outlives_its_request_file(self, service: BatchService) -> None:
        job = create(service, "a")
        service.delete_file(job.input_file_name)

        assert ended(service, job.name).state == "JOB_STATE_SUCCEEDED"
