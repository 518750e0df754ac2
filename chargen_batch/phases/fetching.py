"""Result files on their way here, several at once, each behind what came of it before."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch import disk
from chargen_batch.core.retry_policy import ATTEMPTS, is_retryable
from chargen_batch.errors import BatchError, NetworkError, ResultsError, ServiceError
from chargen_batch.phases.partial import Extent, is_whole, trusted

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Container, Generator, Iterator
    from pathlib import Path

    from chargen_batch.model.state import EndedJob
    from chargen_batch.phases.telling import Arrivals
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, Download

_BEYOND_ITS_END: Final = 416
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
        self,
        run: RunDirectory,
        service: BatchService,
        arrivals: Arrivals,
        *,
        as_it_is: Container[int] = (),
    ) -> None:
        self._run = run
        self._service = service
        self._arrivals = arrivals
        self._as_it_is = as_it_is
        self._stopped = threading.Event()
        self._open: list[Download] = []
        self._lock = threading.Lock()

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
                self._stop()

    def _stop(self) -> None:
        """Begin nothing any more, and wait for nothing that may never come."""
        with self._lock:
            self._stopped.set()
            for download in self._open:
                download.stop()

    @contextmanager
    def _opened(self, name: str, *, offset: int) -> Iterator[Download]:
        """Open a result file, which is let go of where the command ends meanwhile."""
        with self._service.download(name, offset=offset) as download:
            with self._lock:
                if self._stopped.is_set():
                    raise StoppedError
                self._open.append(download)
            try:
                yield download
            finally:
                with self._lock:
                    self._open.remove(download)

    def _fetch(self, job: EndedJob) -> FetchedFile | BatchError:
        try:
            return self._bring(job)
        except (ServiceError, NetworkError, ResultsError) as err:
            return err

    def _bring(self, job: EndedJob) -> FetchedFile:
        """Bring one result file here; one that is spoilt, or too short, is fetched anew, once."""
        final = self._run.results_file(job.index)
        partial = final.with_name(final.name + ".part")
        counted = job.counts.succeeded + job.counts.failed
        is_intact = True
        for is_last in (False, True):
            extent, is_intact = self._stream(job, partial)
            missing = max(0, counted - extent.lines)
            if is_intact and (not missing or (is_last and job.index in self._as_it_is)):
                disk.rename(partial, final)
                self._arrivals.came(job.index, extent.size, extent.size, name=final.name)
                return FetchedFile(final, extent.size, missing)
            partial.unlink()
        if not is_intact:
            raise _spoilt(job.result_file_name)
        raise ResultsError(
            f"the results of {job.batch_job_name} have fewer lines than the job counted, twice",
            hint="try again later, or take the file as it is: chargen-batch download "
            f"--run {self._run.run_id} --give-up {job.index}",
        )

    def _stream(self, job: EndedJob, partial: Path) -> tuple[Extent, bool]:
        """Append what is missing of a file to its partial copy, going on behind each break.

        Opening is repeated below us, by its policy; what breaks behind bytes that came is opened
        again at once.

        Returns:
            How far the file goes, and whether it is what the service has.

        """
        extent, name = trusted(partial), job.result_file_name
        for number in range(1, ATTEMPTS + 1):
            before = extent.size
            try:
                came = self._append(job, partial, extent)
                if is_whole(partial, extent, came.total):
                    with partial.open("rb") as stream:
                        return extent, came.is_intact(stream)
                trouble: BatchError = _cut(name, extent, came.total)
            except (NetworkError, ServiceError) as err:
                if not is_retryable(err) or self._stopped.is_set():
                    raise
                trouble = err
            if extent.size <= before or number == ATTEMPTS:
                raise trouble
        raise AssertionError  # the last of the attempts has returned or raised

    def _append(self, job: EndedJob, partial: Path, extent: Extent) -> Download:
        """Append what one answer brings, and return it; the service may begin anew."""
        name, file = job.result_file_name, self._run.results_file(job.index).name
        try:
            with self._opened(name, offset=extent.size) as download:
                if download.offset != extent.size:
                    partial.unlink()
                    extent.clear()
                with disk.continuing(partial) as stream:
                    begun = extent.size
                    for chunk in download.chunks:
                        stream.write(chunk)
                        extent.take(chunk)
                        self._arrivals.came(job.index, extent.size, download.total, name=file)
                        if extent.size - begun >= _WRITE_BACK:
                            disk.begin_writing_back(stream, begun, extent.size - begun)
                            begun = extent.size
                        if self._stopped.is_set():
                            break
                if self._stopped.is_set():  # what was hung up may look like the end
                    raise StoppedError
        except ServiceError as err:
            if err.http_status != _BEYOND_ITS_END:
                raise
            raise _too_long(name, partial) from err
        if download.total is not None and extent.size > download.total:
            raise _too_long(name, partial)
        return download


def _spoilt(name: str) -> ResultsError:
    return ResultsError(
        f"{name} came with other bytes than the service has, twice: the checksums differ",
        hint="run download again; if it goes on, something on the way changes what is fetched",
    )


def _cut(name: str, extent: Extent, total: int | None) -> ResultsError:
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
