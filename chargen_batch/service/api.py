"""The remote side in our words: what a phase may ask of a batch service, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

from chargen_batch.model.state import JobCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from chargen_batch.core.checkup import Check
    from chargen_batch.core.limits import ServiceLimits


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the service. ``sha256`` is in hex, empty where the service does not say.

    ``expires_at`` is in our clock: the service's own expiry, moved by its ``Date`` header.
    """

    name: str
    uri: str
    mime: str
    size: int
    sha256: str = ""
    state: str = "ACTIVE"
    display_name: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job on the service, read off the raw operation.

    ``state`` is ``JOB_STATE_*``, also where the wire says ``BATCH_STATE_*``; a word that we do not
    know passes through. ``model`` is the bare name, as chargen.yaml has it. ``error`` is
    ``code: message`` of the operation, which the SDK drops.
    """

    name: str
    display_name: str
    state: str
    model: str = ""
    input_file_name: str = ""
    result_file_name: str | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    counts: JobCounts = field(default_factory=JobCounts)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model on the service (its bare name) and what it can be asked for.

    ``told_at`` is when the service said so, by its own clock.
    """

    name: str
    actions: tuple[str, ...]
    told_at: datetime | None = None

    @property
    def can_batch(self) -> bool:
        """Say whether the model takes batch jobs."""
        return "batchGenerateContent" in self.actions


@dataclass(frozen=True, slots=True)
class Download:
    """The bytes of a result file from ``offset`` on; ``total`` is the whole size where it is told.

    ``offset`` is 0 where the service began the file anew, whatever was asked for. ``stop`` may be
    called from another thread: whoever waits for a chunk then waits no longer, and gets an error.
    ``is_intact`` reads the whole file, as it came, and says whether it is what the service has; it
    says yes where the service tells no checksums. It may be asked when the download is closed.
    """

    offset: int
    total: int | None
    chunks: Iterator[bytes]
    stop: Callable[[], None] = lambda: None
    is_intact: Callable[[IO[bytes]], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Which service this is: what a run is pinned to. ``key`` never leaves memory.

    ``key_is_place`` where the key says itself where everything is, so that with another one a run's
    jobs and files would be looked for elsewhere. Of API keys two may be of one project.
    """

    backend: str
    base_url: str
    key: str = field(repr=False)
    key_is_place: bool = False


class BatchService(Protocol):
    """What the phases ask for. Every method raises ``ServiceError`` or ``NetworkError``.

    ``create_job`` is asked exactly once a call, by everything below it; the others may be repeated.
    """

    @property
    def address(self) -> ServiceAddress:
        """Return which service this is."""
        ...

    @property
    def limits(self) -> ServiceLimits:
        """Return what this service takes."""
        ...

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        """Upload an open file and return it as the service has it."""
        ...

    def get_file(self, name: str) -> RemoteFile:
        """Look at one uploaded file (403 where it is gone)."""
        ...

    def list_files(self) -> Iterator[RemoteFile]:
        """Go through every uploaded file, all pages."""
        ...

    def delete_file(self, name: str) -> None:
        """Delete one uploaded file."""
        ...

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        """Ask for a job: once, whatever happens."""
        ...

    def get_job(self, name: str) -> RemoteJob:
        """Look at one job."""
        ...

    def list_jobs(self) -> Iterator[RemoteJob]:
        """Go through every job, all pages."""
        ...

    def cancel_job(self, name: str) -> None:
        """Ask the service to stop a job."""
        ...

    def delete_job(self, name: str) -> None:
        """Delete a job; its results go with it."""
        ...

    def download(self, name: str, *, offset: int = 0) -> AbstractContextManager[Download]:
        """Open a result file from a byte offset on."""
        ...

    def get_model(self, name: str) -> RemoteModel:
        """Look at one model (404 where there is none)."""
        ...

    def checks(self) -> Iterator[Check]:
        """Go through what doctor is to know of this service beside what all have.

        Asks for nothing that costs, changes nothing that stays, and raises nothing: what could not
        be asked is a check that failed, and says why.
        """
        ...
