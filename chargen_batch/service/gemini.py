"""Gemini's Developer API behind ``BatchService``."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Self

from chargen_batch.core import limits
from chargen_batch.errors import ServiceError
from chargen_batch.service import operations
from chargen_batch.service.api import ServiceAddress
from chargen_batch.service.downloads import opened
from chargen_batch.service.keys import checked_base_url, checked_key
from chargen_batch.service.refusals import MODEL_HINT, check_name, not_understood
from chargen_batch.service.sdk import API_VERSION, gemini_sdk, objects
from chargen_batch.service.uploads import (
    MeasuredStream,
    accepted_as,
    check_arrival,
    is_type_refused,
)
from chargen_batch.service.wire import open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from chargen_batch.core.checkup import Check
    from chargen_batch.core.limits import ServiceLimits
    from chargen_batch.service.api import Download, RemoteFile, RemoteJob, RemoteModel
    from chargen_batch.service.operations import Raw
    from chargen_batch.service.wire import WireClient

PAGE_SIZE = 100


def connect(
    *,
    api_key: str,
    base_url: str | None,
    timeout_s: float = 120.0,
    backend: str = "gemini",
    trust_env: bool = True,
    known_as: str | None = None,
) -> GeminiService:
    """Open the service; nothing is sent yet.

    Args:
        api_key: From ``keys.read_key``.
        base_url: From ``keys.read_base_url``; None is Google.
        timeout_s: For connecting, and for each wait for bytes to go or come.
        backend: What a run is pinned to beside the address: ``gemini`` or ``emulator``.
        trust_env: Whether the environment's proxies count; False for the embedded emulator.
        known_as: What a run is pinned to in place of the base URL, where that differs from one
            command to the next.

    Raises:
        ConfigError: The key cannot be one, or the address is not to be sent a key.

    """
    address = ServiceAddress(backend, checked_base_url(base_url), checked_key(api_key))
    http = open_client(
        base_url=address.base_url,
        secret=address.key,
        timeout_s=timeout_s,
        trust_env=trust_env,
        environ=os.environ,
    )
    return GeminiService(address, http, timeout_s=timeout_s, known_as=known_as)


class GeminiService:
    """A ``BatchService`` on the Developer API; may be used from several threads at once."""

    def __init__(
        self,
        address: ServiceAddress,
        http: WireClient,
        *,
        timeout_s: float = 120.0,
        known_as: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = address
        self._known_as = known_as
        self._http = http
        self._now = now
        self._sdk = gemini_sdk(address, http, timeout_s=timeout_s)
        self._client = self._sdk.client

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

    @property
    def address(self) -> ServiceAddress:
        """Return which service this is."""
        return replace(self._address, base_url=self._known_as or self._address.base_url)

    @property
    def limits(self) -> ServiceLimits:
        """Return what this service takes."""
        return limits.GEMINI

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        """Upload ``size`` bytes of an open file, checked against what the service says it has.

        JSON lines that are refused for their type are offered again as JSON, then as plain text.
        """
        start, (*first, last) = stream.tell(), accepted_as(mime)
        for kind in first:
            try:
                return self._upload(stream, size, kind, display_name)
            except ServiceError as err:
                if not is_type_refused(err):
                    raise
            stream.seek(start)
        return self._upload(stream, size, last, display_name)

    def _upload(self, stream: IO[bytes], size: int, mime: str, display_name: str) -> RemoteFile:
        # A stream and never a path: the SDK puts a path's name in a header, where only ASCII goes.
        measured = MeasuredStream(stream, size, display_name)
        call = f"the upload of {display_name}"
        raw, told_at = self._sdk.ask(
            call,
            lambda: self._client.files.upload(
                file=measured, config={"mime_type": mime, "display_name": display_name}
            ),
        )
        file = self._file(operations.part(raw, "file"), told_at, call)
        check_arrival(file, size=size, sha256=measured.sha256, label=display_name)
        return file

    def get_file(self, name: str) -> RemoteFile:
        """Look at one uploaded file (403 where it is gone)."""
        call = f"the look at {name}"
        check_name(name, call)
        raw, told_at = self._sdk.ask(call, lambda: self._client.files.get(name=name))
        return self._file(raw, told_at, call)

    def _file(self, raw: Raw, told_at: datetime | None, call: str) -> RemoteFile:
        file = operations.file_of(raw, service_now=told_at, now=self._now())
        if not file.name:
            raise not_understood(call, "with a file that has no name")
        return file

    def list_files(self) -> Iterator[RemoteFile]:
        """Go through every uploaded file, all pages."""
        call = "the listing of files"
        for raw, told_at in self._sdk.pages(
            call,
            lambda token: self._client.files.list(
                config={"page_size": PAGE_SIZE, "page_token": token}
            ),
        ):
            for item in objects(raw, "files", call):
                yield self._file(item, told_at, call)

    def delete_file(self, name: str) -> None:
        """Delete one uploaded file."""
        call = f"the deletion of {name}"
        check_name(name, call)
        self._sdk.ask(call, lambda: self._client.files.delete(name=name), may_be_empty=True)

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        """Ask for a job: one HTTP request, whatever happens."""
        call = f"the creation of job {display_name}"
        check_name(request_file, call)
        raw, _ = self._sdk.ask(
            call,
            lambda: self._client.batches.create(
                model=model, src=request_file, config={"display_name": display_name}
            ),
            hint=MODEL_HINT,
        )
        return _job(raw, call)

    def get_job(self, name: str) -> RemoteJob:
        """Look at one job."""
        call = f"the look at {name}"
        check_name(name, call)
        raw, _ = self._sdk.ask(call, lambda: self._client.batches.get(name=name))
        return _job(raw, call)

    def list_jobs(self) -> Iterator[RemoteJob]:
        """Go through every job, all pages."""
        call = "the listing of jobs"
        for raw, _ in self._sdk.pages(
            call,
            lambda token: self._client.batches.list(
                config={"page_size": PAGE_SIZE, "page_token": token}
            ),
        ):
            for item in objects(raw, "operations", call):
                yield _job(item, call)

    def cancel_job(self, name: str) -> None:
        """Ask the service to stop a job."""
        call = f"the cancelling of {name}"
        check_name(name, call)
        self._sdk.ask(call, lambda: self._client.batches.cancel(name=name), may_be_empty=True)

    def delete_job(self, name: str) -> None:
        """Delete a job; its results go with it."""
        call = f"the deletion of {name}"
        check_name(name, call)
        self._sdk.ask(call, lambda: self._client.batches.delete(name=name), may_be_empty=True)

    def download(self, name: str, *, offset: int = 0) -> AbstractContextManager[Download]:
        """Open a result file from a byte offset on."""
        call = f"the download of {name}"
        check_name(name, call)
        url = f"{self._address.base_url}/{API_VERSION}/{name}:download?alt=media"
        return opened(self._http, url, self._address.key, offset=offset, call=call)

    def checks(self) -> Iterator[Check]:
        """Go through nothing: what all services have is all that there is."""
        return iter(())

    def get_model(self, name: str) -> RemoteModel:
        """Look at one model (404 where there is none)."""
        call = f"the look at model {name}"
        raw, told_at = self._sdk.ask(
            call, lambda: self._client.models.get(model=name), hint=MODEL_HINT
        )
        model = operations.model_of(raw)
        if not model.name:
            raise not_understood(call, "with a model that has no name")
        return replace(model, told_at=told_at)


def _job(raw: Raw, call: str) -> RemoteJob:
    job = operations.job_of(raw)
    if not job.name:
        raise not_understood(call, "with a job that has no name")
    return job
