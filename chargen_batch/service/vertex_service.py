"""A ``BatchService`` of Vertex AI's jobs and a bucket's objects (gemini.md §7)."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final, Self

from chargen_batch.core import limits
from chargen_batch.core.jobs import JSONL, NAME_PREFIX
from chargen_batch.core.polling import has_ended, may_have_results
from chargen_batch.errors import ServiceError
from chargen_batch.service import vertex_downloads
from chargen_batch.service.api import RemoteFile
from chargen_batch.service.refusals import MODEL_HINT, not_understood
from chargen_batch.service.sdk import objects
from chargen_batch.service.vertex_checks import checks
from chargen_batch.service.vertex_jobs import MODEL_PREFIX, job_of, model_of
from chargen_batch.service.vertex_measure import measure
from chargen_batch.service.vertex_names import check_job
from chargen_batch.service.vertex_objects import DISPLAY_NAME, SHA256
from chargen_batch.service.vertex_refusals import is_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType

    from chargen_batch.core.checkup import Check
    from chargen_batch.core.limits import ServiceLimits
    from chargen_batch.service.api import Download, RemoteJob, RemoteModel, ServiceAddress
    from chargen_batch.service.operations import Raw
    from chargen_batch.service.sdk import Sdk
    from chargen_batch.service.vertex_account import Account
    from chargen_batch.service.vertex_names import Place
    from chargen_batch.service.vertex_objects import StoredObject
    from chargen_batch.service.vertex_storage import Bucket

PAGE_SIZE: Final = 100
# Of the project's jobs those that are ours: it may have many others. The reference of
# batchPredictionJobs.list has such a wildcard: display_name:"my_job_*".
OURS: Final = f'display_name:"{NAME_PREFIX}*"'


class VertexService:
    """A ``BatchService`` on Vertex AI; may be used from several threads at once.

    Uploads are objects of the bucket: each is there once, whatever is uploaded how often, and is
    counted on for as long as the lifecycle rule that doctor suggests lets it live.
    """

    def __init__(
        self, address: ServiceAddress, place: Place, sdk: Sdk, bucket: Bucket, account: Account
    ) -> None:
        self._address = address
        self._place = place
        self._sdk = sdk
        self._client = sdk.client
        self._bucket = bucket
        self._account = account

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sdk.close()
        self._bucket.close()

    @property
    def address(self) -> ServiceAddress:
        """Return which service this is."""
        return self._address

    @property
    def limits(self) -> ServiceLimits:
        """Return what this service takes."""
        return limits.VERTEX

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        """Upload ``size`` bytes of an open file, unless the bucket has the very same already.

        A reference is called by its SHA-256, so that all runs share it.
        """
        told = measure(stream, size, display_name)
        if mime == JSONL:
            name = self._place.requests(display_name, told.sha256)
        else:
            name = self._place.reference(told.sha256, mime)
        stored = self._bucket.put(name, stream, told, mime=mime, display_name=display_name)
        return self._file(stored)

    def _file(self, stored: StoredObject) -> RemoteFile:
        return RemoteFile(
            name=stored.name,
            uri=self._place.uri(stored.name),
            mime=stored.mime,
            size=stored.size,
            sha256=stored.metadata.get(SHA256, ""),
            display_name=stored.metadata.get(DISPLAY_NAME, ""),
            expires_at=stored.expires_at,
        )

    def get_file(self, name: str) -> RemoteFile:
        """Look at one uploaded file (404 where it is gone)."""
        call = f"the look at {name}"
        self._place.check_upload(name, call)
        return self._file(self._bucket.look(name, call))

    def list_files(self) -> Iterator[RemoteFile]:
        """Go through every uploaded file, all pages; results are none."""
        for stored in self._bucket.list(f"{self._place.prefix}/", "the listing of files"):
            if self._place.is_upload(stored.name):
                yield self._file(stored)

    def delete_file(self, name: str) -> None:
        """Delete one request file (404 where it is gone).

        A reference is left: other runs, also on other machines, may be about to ask for it, and
        nobody here could tell. A lifecycle rule of the bucket is what removes those in time.
        """
        call = f"the deletion of {name}"
        self._place.check_upload(name, call)
        if not self._place.is_reference(name):
            self._bucket.delete(name, call)

    def _ask(
        self,
        call: str,
        send: Callable[[], object],
        *,
        may_be_empty: bool = False,
        hint: str = "",
    ) -> tuple[Raw, datetime | None]:
        self._account.renew()
        return self._sdk.ask(call, send, may_be_empty=may_be_empty, hint=hint)

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        """Ask for a job: one HTTP request, whatever happens."""
        call = f"the creation of job {display_name}"
        self._place.check_upload(request_file, call)
        results = self._place.output(display_name)
        raw, _ = self._ask(
            call,
            lambda: self._client.batches.create(
                model=model,
                src=self._place.uri(request_file),
                config={"display_name": display_name, "dest": results},
            ),
            hint=MODEL_HINT,
        )
        return self._job(raw, call)

    def _job(self, raw: Raw, call: str) -> RemoteJob:
        job = job_of(raw, self._place)
        if not job.name:
            raise not_understood(call, "with a job that has no name")
        return job

    def get_job(self, name: str) -> RemoteJob:
        """Look at one job, and whether there is anything where one that failed has its results."""
        job = self._told_job(name)
        results = job.result_file_name
        has_failed = has_ended(job.state) and not may_have_results(job.state)
        if results is None or not has_failed or not self._place.is_output(results):
            return job
        call = f"the look at the results of {name}"
        below = self._place.output_prefix(results, call)
        has_some = vertex_downloads.has_shards(self._bucket, below, call)
        return job if has_some else replace(job, result_file_name=None)

    def _told_job(self, name: str) -> RemoteJob:
        call = f"the look at {name}"
        check_job(name, call)
        raw, _ = self._ask(call, lambda: self._client.batches.get(name=name))
        return self._job(raw, call)

    def list_jobs(self) -> Iterator[RemoteJob]:
        """Go through every job of ours, by its display name, all pages."""
        call = "the listing of jobs"
        for raw, _ in self._sdk.pages(call, self._page_of_jobs):
            for item in objects(raw, "batchPredictionJobs", call):
                yield self._job(item, call)

    def _page_of_jobs(self, token: str | None) -> object:
        self._account.renew()
        return self._client.batches.list(
            config={"page_size": PAGE_SIZE, "page_token": token, "filter": OURS}
        )

    def cancel_job(self, name: str) -> None:
        """Ask the service to stop a job; that one has ended, which it refuses, is no failure."""
        call = f"the cancelling of {name}"
        check_job(name, call)
        try:
            self._ask(call, lambda: self._client.batches.cancel(name=name), may_be_empty=True)
        except ServiceError as err:
            if err.status != "FAILED_PRECONDITION" or self._told_job(name).ended_at is None:
                raise

    def delete_job(self, name: str) -> None:
        """Delete a job that has ended, after its results: it is found until all is gone."""
        call = f"the deletion of {name}"
        job = self._told_job(name)
        if job.result_file_name is not None:
            self._delete_below(self._place.output_prefix(job.result_file_name, call), call)
        self._ask(call, lambda: self._client.batches.delete(name=name), may_be_empty=True)

    def _delete_below(self, prefix: str, call: str) -> None:
        for stored in list(self._bucket.list(prefix, call)):
            try:
                self._bucket.delete(stored.name, call)
            except ServiceError as err:
                if not is_gone(err):
                    raise

    def download(self, name: str, *, offset: int = 0) -> AbstractContextManager[Download]:
        """Open a job's results from a byte offset on: all of its shards, as one file."""
        call = f"the download of {name}"
        prefix = self._place.output_prefix(name, call)
        return vertex_downloads.opened(self._bucket, prefix, offset=offset, call=call)

    def get_model(self, name: str) -> RemoteModel:
        """Look at one model (404 where there is none)."""
        call = f"the look at model {name}"
        asked = f"{MODEL_PREFIX}{name.removeprefix('models/')}"
        raw, told_at = self._ask(
            call, lambda: self._client.models.get(model=asked), hint=MODEL_HINT
        )
        model = model_of(raw)
        if not model.name:
            raise not_understood(call, "with a model that has no name")
        return replace(model, told_at=told_at)

    def checks(self) -> Iterator[Check]:
        """Go through what doctor is to know of the bucket."""
        return checks(self._bucket, self._place)
