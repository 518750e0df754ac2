"""The one place where calls are repeated: those that are safe to, around any ``BatchService``."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, ParamSpec, TypeVar

import stamina

from chargen_batch.core.retry_policy import ATTEMPTS, WAIT_INITIAL_S, WAIT_MAX_S, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from stamina.instrumentation import RetryDetails, RetryHook

    from chargen_batch.core.checkup import Check
    from chargen_batch.core.limits import ServiceLimits
    from chargen_batch.service.api import (
        BatchService,
        Download,
        RemoteFile,
        RemoteJob,
        RemoteModel,
        ServiceAddress,
    )

P = ParamSpec("P")
T = TypeVar("T")


# Who is told of the waits of the call that this thread makes.
_TOLD: ContextVar[Callable[[str], None] | None] = ContextVar("told", default=None)


@dataclass(frozen=True, slots=True)
class _Hook:
    """Tells of our own waits; what the program that we are a part of repeats goes to its hooks."""

    others: tuple[RetryHook, ...]

    def __call__(self, details: RetryDetails) -> AbstractContextManager[None] | None:
        """Tell of one wait."""
        tell = _TOLD.get()
        if tell is not None:
            tell(f"{details.caused_by}; trying again in {details.wait_for:.0f} s")
            return None
        return _all(self.others, details)


@contextmanager
def _all(hooks: tuple[RetryHook, ...], details: RetryDetails) -> Iterator[None]:
    with ExitStack() as around:
        for hook in hooks:
            if entered := hook(details):
                around.enter_context(entered)
        yield


def _listen() -> None:
    hooks = stamina.instrumentation.get_on_retry_hooks()
    if not any(isinstance(hook, _Hook) for hook in hooks):
        stamina.instrumentation.set_on_retry_hooks([_Hook(hooks)])


class Retrying:
    """A ``BatchService`` that repeats what may be repeated of another one.

    ``create_job`` is handed on as it is: whether a job exists after an error is for ``submit`` to
    find out (run.md, promise 1). A listing is repeated from its first page, so that it is of one
    moment. Of a download the opening is repeated; chunks that fail are the caller's, who knows how
    far it came. ``tell`` is told in one line of each wait before a repeated call; without it that
    goes where stamina is set to tell it.
    """

    def __init__(
        self,
        service: BatchService,
        *,
        attempts: int = ATTEMPTS,
        wait_initial_s: float = WAIT_INITIAL_S,
        wait_max_s: float = WAIT_MAX_S,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        if tell is not None:
            _listen()
        self._tell = tell
        self._service = service
        self._attempts = attempts
        self._wait_initial_s = wait_initial_s
        self._wait_max_s = wait_max_s

    def _again(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        repeated = stamina.retry(
            on=backoff,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._wait_initial_s,
            wait_max=self._wait_max_s,
        )(call)
        before = _TOLD.set(self._tell)
        try:
            return repeated(*args, **kwargs)
        finally:
            _TOLD.reset(before)

    @property
    def address(self) -> ServiceAddress:
        """Return which service this is."""
        return self._service.address

    @property
    def limits(self) -> ServiceLimits:
        """Return what this service takes."""
        return self._service.limits

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        """Upload an open file, each try from where the stream stood."""
        start = stream.tell()

        def upload() -> RemoteFile:
            stream.seek(start)
            return self._service.upload(stream, size=size, mime=mime, display_name=display_name)

        return self._again(upload)

    def get_file(self, name: str) -> RemoteFile:
        """Look at one uploaded file (403 where it is gone)."""
        return self._again(self._service.get_file, name)

    def list_files(self) -> Iterator[RemoteFile]:
        """Go through every uploaded file, all pages."""

        def list_files() -> list[RemoteFile]:
            return list(self._service.list_files())

        return iter(self._again(list_files))

    def delete_file(self, name: str) -> None:
        """Delete one uploaded file; after a lost answer it may be refused as gone."""
        self._again(self._service.delete_file, name)

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        """Ask for a job: once, whatever happens."""
        return self._service.create_job(
            model=model, request_file=request_file, display_name=display_name
        )

    def get_job(self, name: str) -> RemoteJob:
        """Look at one job."""
        return self._again(self._service.get_job, name)

    def list_jobs(self) -> Iterator[RemoteJob]:
        """Go through every job, all pages."""

        def list_jobs() -> list[RemoteJob]:
            return list(self._service.list_jobs())

        return iter(self._again(list_jobs))

    def cancel_job(self, name: str) -> None:
        """Ask the service to stop a job."""
        self._again(self._service.cancel_job, name)

    def delete_job(self, name: str) -> None:
        """Delete a job; after a lost answer it may be refused as gone."""
        self._again(self._service.delete_job, name)

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file from a byte offset on."""
        with ExitStack() as stack:

            def download() -> Download:
                return stack.enter_context(self._service.download(name, offset=offset))

            yield self._again(download)

    def checks(self) -> Iterator[Check]:
        """Go through what doctor is to know of this service, each asked once."""
        return self._service.checks()

    def get_model(self, name: str) -> RemoteModel:
        """Look at one model (404 where there is none)."""
        return self._again(self._service.get_model, name)
