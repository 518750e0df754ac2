"""Result files on their way here, several at once, each behind what came of it before."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk
from chargen_batch.core.retry_policy import ATTEMPTS, is_retryable
from chargen_batch.errors import BatchError, NetworkError, ResultsError, ServiceError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Container, Generator
    from pathlib import Path

    from chargen_batch.model.state import EndedJob
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

_BEYOND_ITS_END: Final = 416
_BLOCK: Final = 1 << 20
# What is written to the disk while more of it comes, and not only by the fsync at the end.
_WRITE_BACK: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A result file that is here.

    ``missing_lines`` says how many fewer lines it has than the job counted, where it was taken as
    it is.
    """

    path: Path
    size: int
    missing_lines: int = 0


class StoppedError(Exception):
    """The command ends: what came of a file is kept."""


class Fetcher:
    """Fetches the result files of one run; files of jobs in ``as_it_is`` may lack lines."""

    def __init__(
        self, run: RunDirectory, service: BatchService, *, as_it_is: Container[int] = ()
    ) -> None:
        self._run = run
        self._service = service
        self._as_it_is = as_it_is
        self._stopped = threading.Event()

    def fetch_all(
        self, todo: deque[EndedJob], *, at_once: int
    ) -> Generator[tuple[EndedJob, FetchedFile | BatchError], None, None]:
        """Go through the jobs as their files are here, or are not to be had.

        Args:
            todo: The jobs, taken off it from the left; whoever empties it begins no new ones.
            at_once: How many files are fetched side by side. The next is begun when the caller has
                seen to the last.

        """
        flying: dict[Future[FetchedFile | BatchError], EndedJob] = {}
        with ThreadPoolExecutor(at_once) as pool:
            try:
                while todo or flying:
                    while todo and len(flying) < at_once:
                        job = todo.popleft()
                        flying[pool.submit(self._fetch, job)] = job
                    for future in wait(flying, return_when=FIRST_COMPLETED).done:
                        yield flying.pop(future), future.result()
            finally:
                self._stopped.set()

    def _fetch(self, job: EndedJob) -> FetchedFile | BatchError:
        try:
            return self._bring(job)
        except (ServiceError, NetworkError, ResultsError) as err:
            return err

    def _bring(self, job: EndedJob) -> FetchedFile:
        """Bring one result file here; one with too few lines is fetched anew, once."""
        final = self._run.results_file(job.index)
        partial = final.with_name(final.name + ".part")
        counted = job.counts.succeeded + job.counts.failed
        for is_last in (False, True):
            extent = self._stream(job.result_file_name, partial)
            missing = max(0, counted - extent.lines)
            if not missing or (is_last and job.index in self._as_it_is):
                disk.rename(partial, final)
                return FetchedFile(final, extent.size, missing)
            partial.unlink()
        raise ResultsError(
            f"the results of {job.batch_job_name} have fewer lines than the job counted, twice",
            hint="try again later, or take the file as it is: chargen-batch download "
            f"--run {self._run.run_id} --give-up {job.index}",
        )

    def _stream(self, name: str, partial: Path) -> _Extent:
        """Append what is missing of a file to its partial copy, going on behind each break.

        Opening is repeated below us, by its policy; what breaks behind bytes that came is opened
        again at once.
        """
        extent = _Extent.of(partial)
        for number in range(1, ATTEMPTS + 1):
            before = extent.size
            try:
                total = self._append(name, partial, extent)
                if _is_whole(partial, extent, total):
                    return extent
                trouble: BatchError = _cut(name, extent, total)
            except (NetworkError, ServiceError) as err:
                if not is_retryable(err):
                    raise
                trouble = err
            if extent.size <= before or number == ATTEMPTS:
                raise trouble
        raise AssertionError  # the last of the attempts has returned or raised

    def _append(self, name: str, partial: Path, extent: _Extent) -> int | None:
        """Append what one answer brings; the service may begin anew. Return the whole size."""
        try:
            with self._service.download(name, offset=extent.size) as download:
                if download.offset != extent.size:
                    partial.unlink()
                    extent.clear()
                with disk.continuing(partial) as stream:
                    begun = extent.size
                    for chunk in download.chunks:
                        stream.write(chunk)
                        extent.take(chunk)
                        if extent.size - begun >= _WRITE_BACK:
                            disk.begin_writing_back(stream, begun, extent.size - begun)
                            begun = extent.size
                        if self._stopped.is_set():
                            raise StoppedError
        except ServiceError as err:
            if err.http_status != _BEYOND_ITS_END:
                raise
            raise _too_long(name, partial) from err
        if download.total is not None and extent.size > download.total:
            raise _too_long(name, partial)
        return download.total


@dataclass(slots=True)
class _Extent:
    """How far a partial file goes: its bytes, its line ends, and where its last line begins."""

    size: int = 0
    line_ends: int = 0
    last_line: int = 0

    @classmethod
    def of(cls, path: Path) -> _Extent:
        """Read how far a file goes; nowhere where there is none."""
        extent = cls()
        if path.exists():
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    extent.take(block)
        return extent

    def take(self, chunk: bytes) -> None:
        """Go on behind a chunk."""
        last = chunk.rfind(b"\n")
        if last >= 0:
            self.line_ends += chunk.count(b"\n", 0, last + 1)
            self.last_line = self.size + last + 1
        self.size += len(chunk)

    def clear(self) -> None:
        """Begin anew."""
        self.size = self.line_ends = self.last_line = 0

    @property
    def lines(self) -> int:
        """Return how many lines there are; the last needs no line end."""
        return self.line_ends + (self.last_line < self.size)


def _is_whole(partial: Path, extent: _Extent, total: int | None) -> bool:
    """Say whether all of a file came: by its length where that is told, else by its last line."""
    if total is not None:
        return extent.size == total
    if extent.last_line == extent.size:
        return True
    with partial.open("rb") as stream:
        stream.seek(extent.last_line)
        try:
            msgspec.json.decode(stream.read(), type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
    return True


def _cut(name: str, extent: _Extent, total: int | None) -> ResultsError:
    came = f"{extent.size} of {total} bytes" if total is not None else "half of its last line"
    return ResultsError(
        f"{name} came with {came}",
        hint="run download again: it goes on where it stopped",
    )


def _too_long(name: str, partial: Path) -> ResultsError:
    """Drop a partial copy that is longer than the file: it is no beginning of it."""
    size = partial.stat().st_size
    partial.unlink()
    return ResultsError(
        f"{name} is shorter than the {size} bytes that were here of it",
        hint="run download again: it begins anew",
    )
