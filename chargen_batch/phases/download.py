"""download: fetch the result file of every ended job, whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core import state_machine
from chargen_batch.core.jobs import became
from chargen_batch.errors import ExitCode, ResultsError, ServiceError
from chargen_batch.model.state import DownloadedJob, EndedJob
from chargen_batch.phases import binding
from chargen_batch.phases.effects import iso

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

_GONE = frozenset({403, 404})
_BEYOND_ITS_END = 416
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """Which result files came, and how many bytes."""

    run_id: str
    phase: Phase
    files: tuple[str, ...] = ()
    size: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while other jobs are still running."""
        return ExitCode.NOT_READY if self.phase == "running" else ExitCode.DONE


def run(run: RunDirectory, connect: Connect, *, clock: Clock) -> DownloadReport:
    """Fetch what is not here yet, resuming what is partial, and save after each file.

    Until a run is applied, a result file that got lost or cut here is fetched again.

    Raises:
        StateError: The run has no results yet, or belongs to another service.
        ResultsError: A result file is gone or stays incomplete; the others were fetched.
        ServiceError: The service refused.
        NetworkError: The service was not reached; what came is kept.

    """
    state = run.state()
    if not state_machine.require(state, "download"):
        return DownloadReport(state.run_id, state.phase)
    ended = [job for job in state.jobs if isinstance(job, EndedJob) and not _is_fetched(run, job)]
    files, size, gone, short = [], 0, [], []
    for job in ended:
        service = binding.connected(state, connect)
        try:
            path = _fetch(run, service, job)
        except ServiceError as err:
            if err.http_status not in _GONE:
                raise
            gone.append(job.batch_job_name)
            continue
        except ResultsError as err:
            short.append(err)
            continue
        size += path.stat().st_size
        files.append(path.name)
        state = run.save(state_machine.with_job(state, _downloaded(job, path), at=iso(clock())))
    if gone:
        raise ResultsError(
            f"the service no longer has the results of {', '.join(gone)} of run {state.run_id}",
            hint="is this the key that they were created with? the other results were fetched",
        )
    if short:
        raise short[0]
    state = _advance(run, state, at=iso(clock()))
    return DownloadReport(state.run_id, state.phase, tuple(files), size)


def _is_fetched(run: RunDirectory, job: EndedJob) -> bool:
    return isinstance(job, DownloadedJob) and is_here(run, job)


def _advance(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    if state.phase != "downloading":
        return state
    return run.save(state_machine.moved(state, "applying", at=at, command="download"))


def _fetch(run: RunDirectory, service: BatchService, job: EndedJob) -> Path:
    """Bring one result file here; one with too few lines is fetched anew, once."""
    final = run.results_file(job.index)
    partial = final.with_name(final.name + ".part")
    for _attempt in range(2):
        _stream(service, job.result_file_name, partial)
        if _line_count(partial) >= job.counts.succeeded + job.counts.failed:
            disk.rename(partial, final)
            return final
        partial.unlink()
    raise ResultsError(
        f"the results of {job.batch_job_name} have fewer lines than the job counted, twice",
        hint="try again later: chargen-batch download",
    )


def _stream(service: BatchService, name: str, partial: Path) -> None:
    """Append what is missing of a result file to its partial copy; the service may begin anew."""
    here = partial.stat().st_size if partial.exists() else 0
    try:
        with service.download(name, offset=here) as download:
            if download.offset != here:
                partial.unlink()
            with disk.continuing(partial) as stream:
                for chunk in download.chunks:
                    stream.write(chunk)
    except ServiceError as err:
        if err.http_status != _BEYOND_ITS_END:
            raise
        raise _too_long(name, partial) from err
    size, total = partial.stat().st_size, download.total
    if total is not None and size > total:
        raise _too_long(name, partial)
    if total is not None and size < total:
        raise ResultsError(
            f"{name} came with {size} of {total} bytes",
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


def _line_count(path: Path) -> int:
    """Return how many lines a file has; the last needs no line end."""
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def _downloaded(job: EndedJob, path: Path) -> DownloadedJob:
    size = path.stat().st_size
    return became(DownloadedJob, job, results_file=path.name, results_bytes=size)


def is_here(run: RunDirectory, job: DownloadedJob) -> bool:
    """Say whether a fetched result file is still here, and as long as it was."""
    path = run.results_file(job.index)
    return path.is_file() and path.stat().st_size == job.results_bytes
