"""A batch service in memory: what the phases are tested against, with faults as data."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

from chargen_batch.core.limits import GEMINI, ServiceLimits
from chargen_batch.model.state import JobCounts
from chargen_batch.service.api import (
    Download,
    RemoteFile,
    RemoteJob,
    RemoteModel,
    ServiceAddress,
)
from tests.service.lines import counts_of, line_bytes, pictures, refusal, request_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chargen_batch.core.checkup import Check
    from tests.service.lines import Line, Results

FILE_LIFE = timedelta(hours=48)
CHUNK_BYTES = 64
ADDRESS = ServiceAddress("gemini", "https://service.test", "key-of-the-test")
CANCELLED = "JOB_STATE_CANCELLED"
WITH_OUTPUT = frozenset({"JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"})
MODELS = ("gemini-3-pro-image", "gemini-3.5-flash")


@dataclass(frozen=True, slots=True)
class Fault:
    """An error to raise once, before the work is done or after it."""

    error: Exception
    after: bool = False


@dataclass(slots=True)
class StoredJob:
    """A job, the requests it was given, and how often it was looked at."""

    job: RemoteJob
    requests: list[Line]
    ending: str
    looks: int = 0
    unlisted: int = 0


@dataclass(slots=True)
class MemoryService:
    """A ``BatchService`` of plain dicts; the same calls make the same ids.

    A job ends when it was looked at ``looks`` times, as ``endings`` says for its display name, with
    the lines that ``results`` makes of its requests (``bytes`` go into the file as they are).
    ``unlisted`` listings lack a new job. ``calls`` has each call: the method, what it was about.
    A job of more than ``max_job_requests``, beyond ``max_live_jobs``, or with which live jobs of
    its model would have more than ``max_live_requests``, is refused with a 429.
    ``file_life`` is how long an upload lives. ``found`` is what doctor's ``checks`` find;
    ``is_intact`` judges a file that was downloaded.
    A cancelled job ends when it is looked at where ``stops_at_once`` is off, and has the results
    that there are by then with ``keeps_partial``.
    """

    results: Results = pictures
    looks: int = 2
    models: tuple[str, ...] = MODELS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    unlisted: int = 0
    max_live_jobs: int = 100
    max_live_requests: int = 1_000_000
    max_job_requests: int = 1_000_000
    stops_at_once: bool = True
    keeps_partial: bool = False
    address: ServiceAddress = ADDRESS
    limits: ServiceLimits = GEMINI
    file_life: timedelta = FILE_LIFE
    found: tuple[Check, ...] = ()
    is_intact: Callable[[IO[bytes]], bool] = lambda _: True
    endings: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[RemoteFile, bytes]] = field(default_factory=dict)
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    _created: int = 0
    _faults: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def fail(self, method: str, *errors: Exception, after: bool = False) -> None:
        """Let the next calls of a method raise these errors, one each."""
        self._faults[method].extend(Fault(error, after) for error in errors)

    @property
    def faults_left(self) -> dict[str, int]:
        """Return how many faults did not happen, by method: a test ends with none."""
        return {method: len(queue) for method, queue in self._faults.items() if queue}

    def called(self, method: str) -> list[tuple[str, ...]]:
        """Return the calls of one method."""
        return [call for call in self.calls if call[0] == method]

    @contextmanager
    def _call(self, method: str, *about: str) -> Iterator[None]:
        with self._lock:
            self.calls.append((method, *about))
            fault = self._faults[method].popleft() if self._faults[method] else None
            if fault and not fault.after:
                raise fault.error
            yield
            if fault:
                raise fault.error

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        content = stream.read()
        assert len(content) == size, "the size said is not the size sent"
        with self._call("upload", display_name):
            sha256 = hashlib.sha256(content).hexdigest()
            name = self._free_name(f"{sha256}{display_name}")
            file = RemoteFile(
                name=name,
                uri=f"https://generativelanguage.googleapis.com/v1beta/{name}",
                mime=mime,
                size=size,
                sha256=sha256,
                display_name=display_name,
                expires_at=self.now() + self.file_life,
            )
            self.files[name] = (file, content)
            return file

    def _free_name(self, seed: str) -> str:
        """Return a name by the content, so that threads in any order get the same ones."""
        names = (
            f"files/{hashlib.sha256(f'{seed}{number}'.encode()).hexdigest()[:12]}"
            for number in range(len(self.files) + 1)
        )
        return next(name for name in names if name not in self.files)

    def get_file(self, name: str) -> RemoteFile:
        with self._call("get_file", name):
            return self._file(name)[0]

    def _file(self, name: str) -> tuple[RemoteFile, bytes]:
        if len(name) > len("files/") + 40:
            raise refusal(400, "INVALID_ARGUMENT", "File ID cannot be more than 40 characters.")
        file, content = self.files.get(name, (None, b""))
        if file is None or self._is_expired(file):
            raise refusal(403, "PERMISSION_DENIED", f"{name} is not yours, or it may not exist.")
        return file, content

    def list_files(self) -> Iterator[RemoteFile]:
        with self._call("list_files"):
            files = [file for file, _ in self.files.values()]
            return iter([file for file in files if not self._is_expired(file)])

    def _is_expired(self, file: RemoteFile) -> bool:
        return file.expires_at is not None and file.expires_at <= self.now()

    def delete_file(self, name: str) -> None:
        with self._call("delete_file", name):
            self._file(name)
            del self.files[name]

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        with self._call("create_job", display_name):
            self._model(model)
            requests = request_lines(self._file(request_file)[1])
            self._make_room(model, len(requests))
            self._created += 1
            job = RemoteJob(
                name=f"batches/job{self._created:033d}",
                display_name=display_name,
                state="JOB_STATE_PENDING",
                model=model,
                input_file_name=request_file,
                created_at=self.now(),
                counts=JobCounts(total=len(requests), pending=len(requests)),
            )
            ending = self.endings.get(display_name, "JOB_STATE_SUCCEEDED")
            self.jobs[job.name] = StoredJob(job, requests, ending, unlisted=self.unlisted)
            return job

    def _make_room(self, model: str, requests: int) -> None:
        """Refuse a job for which there is no slot, or no room in its model's queue."""
        live = [stored for stored in self.jobs.values() if stored.job.ended_at is None]
        queue = requests + sum(len(each.requests) for each in live if each.job.model == model)
        is_full = len(live) >= self.max_live_jobs or queue > self.max_live_requests
        if is_full or requests > self.max_job_requests:
            raise refusal(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.")

    def get_job(self, name: str) -> RemoteJob:
        with self._call("get_job", name):
            stored = self._job(name)
            stored.looks += 1
            if stored.job.ended_at is None:
                stored.job = replace(stored.job, state="JOB_STATE_RUNNING")
                if stored.looks >= self.looks:
                    self.end(name)
            return stored.job

    def _job(self, name: str) -> StoredJob:
        if name not in self.jobs:
            raise refusal(404, "NOT_FOUND", f"{name} is not found.")
        return self.jobs[name]

    def end(self, name: str, state: str | None = None) -> None:
        """End a job now, with its results where the state has any."""
        stored = self._job(name)
        state = state or stored.ending
        job = replace(stored.job, state=state, ended_at=self.now())
        if state not in WITH_OUTPUT and not (state == CANCELLED and self.keeps_partial):
            stored.job = replace(job, error=f"13: the job ended as {state}")
            return
        lines = list(self.results(stored.requests))
        output = f"files/batch-{name.removeprefix('batches/')}"
        self.outputs[output] = b"".join(map(line_bytes, lines))
        stored.job = replace(job, result_file_name=output, counts=counts_of(stored.requests, lines))

    def list_jobs(self) -> Iterator[RemoteJob]:
        with self._call("list_jobs"):
            listed = [stored.job for stored in self.jobs.values() if not stored.unlisted]
            for stored in self.jobs.values():
                stored.unlisted = max(0, stored.unlisted - 1)
            return iter(listed[::-1])

    def cancel_job(self, name: str) -> None:
        with self._call("cancel_job", name):
            stored = self._job(name)
            if stored.job.ended_at is None:
                stored.ending = CANCELLED
                if self.stops_at_once:
                    self.end(name)

    def delete_job(self, name: str) -> None:
        with self._call("delete_job", name):
            stored = self._job(name)
            del self.jobs[name]
            self.outputs.pop(stored.job.result_file_name or "", None)

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file; a fault *after* comes when half of the bytes were given."""
        with self._lock:
            self.calls.append(("download", name, str(offset)))
            fault = self._faults["download"].popleft() if self._faults["download"] else None
            if fault and not fault.after:
                raise fault.error
            content = self._output(name)
        chunks = chunks_of(content[offset:], fault)
        yield Download(offset, len(content), chunks, is_intact=self.is_intact)

    def _output(self, name: str) -> bytes:
        if name in self.files:
            raise refusal(400, "INVALID_ARGUMENT", f"{name} was uploaded and cannot be downloaded.")
        if name not in self.outputs:
            raise refusal(404, "NOT_FOUND", f"{name} is not found.")
        return self.outputs[name]

    def checks(self) -> Iterator[Check]:
        with self._call("checks"):
            return iter(self.found)

    def get_model(self, name: str) -> RemoteModel:
        with self._call("get_model", name):
            self._model(name)
            actions = ("generateContent", "batchGenerateContent")
            return RemoteModel(name.removeprefix("models/"), actions, self.now())

    def _model(self, name: str) -> None:
        if name.removeprefix("models/") not in self.models:
            raise refusal(404, "NOT_FOUND", f"models/{name} is not found.")


def chunks_of(content: bytes, fault: Fault | None) -> Iterator[bytes]:
    """Go through the bytes, or through half of them and then the fault."""
    end = len(content) // 2 if fault else len(content)
    for start in range(0, end, CHUNK_BYTES):
        yield content[start : min(start + CHUNK_BYTES, end)]
    if fault:
        raise fault.error
