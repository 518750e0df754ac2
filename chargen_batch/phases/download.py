"""download: fetch the result file of every ended job, whole."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.core import giving_up, state_machine
from chargen_batch.core.download_errors import is_of_the_key, may_be_given_up, together
from chargen_batch.core.jobs import became, lost
from chargen_batch.errors import (
    ExitCode,
    NetworkError,
    StateError,
)
from chargen_batch.model.state import DownloadedJob, EndedJob, LostJob
from chargen_batch.phases import binding, settling, telling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.fetching import FetchedFile, Fetcher

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import Job, Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory

# Files that are fetched side by side, where upload_concurrency is no less.
AT_ONCE: Final = 4
# After so many files in a row that the service was not reached for, no other is begun.
_UNREACHED_LIMIT: Final = 3


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """Which result files came, how many bytes, and the numbers of the jobs that were given up."""

    run_id: str
    phase: Phase
    files: tuple[str, ...] = ()
    size: int = 0
    given_up: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while other jobs are still running, 1 where nothing is left of the run."""
        if self.phase == "failed" and self.given_up:
            return ExitCode.FAILED
        return ExitCode.NOT_READY if self.phase == "running" else ExitCode.DONE


@telling.on_run("download")
def run(
    run: RunDirectory,
    connect: Connect,
    *,
    clock: Clock,
    give_up: Sequence[str] = (),
    tell: Tell = silent,
) -> DownloadReport:
    """Fetch what is not here yet, resuming what is partial, and save after each file.

    Until a run is applied, a result file that got lost or cut here is fetched again.

    Args:
        run: The run's directory, under its lock.
        connect: Opens the service.
        clock: The time.
        give_up: Jobs (by number or name) that are lost where the service refuses their results, and
            whose files are taken as they are where lines are missing.
        tell: Who is told how far it is.

    Raises:
        StateError: The run has no results yet, or no such job, or belongs to another service.
        ResultsError: Result files are gone, incomplete or not to be had; the others were fetched.
        ServiceError: The service refused.
        NetworkError: The service was not reached; what came is kept.

    """
    state = run.state()
    if not state_machine.require(state, "download"):
        return DownloadReport(state.run_id, state.phase)
    todo = deque(
        job for job in state.jobs if isinstance(job, EndedJob) and not is_fetched(run, job)
    )
    given_up = _given_up(state, give_up, {job.index for job in todo})
    collection = _Collection(run, state, clock, given_up)
    if todo:
        service, collection.state = binding.connected(run, state, connect, clock=clock)
        arrivals = telling.Arrivals(tell, state.run_id, len(todo))
        fetcher = Fetcher(run, service, arrivals, as_it_is=given_up)
        at_once = min(AT_ONCE, state.config.upload_concurrency)
        with closing(fetcher.fetch_all(todo, at_once=at_once)) as results:
            for job, result in results:
                collection.take(job, result)
                if collection.is_hopeless:
                    todo.clear()
    if collection.failures:
        raise together(collection.state, collection.failures)
    collection.advance()
    return collection.report()


@dataclass(slots=True)
class _Collection:
    """What a download has come to so far; the state is saved after each file."""

    run: RunDirectory
    state: RunState
    clock: Clock
    given_up: frozenset[int]
    fetched: list[FetchedFile] = field(default_factory=list)
    lost: list[LostJob] = field(default_factory=list)
    failures: list[tuple[EndedJob, BatchError]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unreached: int = 0

    @property
    def is_hopeless(self) -> bool:
        """Say whether the next file would fare no better: no such key, or no such network."""
        wrong_key = bool(self.failures) and is_of_the_key(self.failures[-1][1])
        return wrong_key or self.unreached >= _UNREACHED_LIMIT

    def take(self, job: EndedJob, result: FetchedFile | BatchError) -> None:
        """Enter what became of a job's file."""
        self.unreached = self.unreached + 1 if isinstance(result, NetworkError) else 0
        if isinstance(result, FetchedFile):
            self._enter(job, result)
        elif job.index in self.given_up and may_be_given_up(result):
            self._lose(job, result)
        else:
            self.failures.append((job, result))

    def _enter(self, job: EndedJob, file: FetchedFile) -> None:
        self.fetched.append(file)
        if file.missing_lines:
            lines = f"{file.path.name} has {file.missing_lines} line(s) less than the job counted"
            self.warnings.append(f"{lines}; it was taken as it is")
        elif job.index in self.given_up:
            self.warnings.append(f"job {job.index} was not given up: its results are here")
        name = file.path.name
        now = became(DownloadedJob, job, results_file=name, results_bytes=file.size)
        self._save(now)

    def _lose(self, job: EndedJob, refused: BatchError) -> None:
        error = f"the service no longer has its results, and they were given up ({refused})"
        now = lost(job, code=giving_up.RESULTS_GONE, error=error, at=job.ended_at)
        self.run.log(iso(self.clock()), "given up", name=job.batch_job_name, code=now.code)
        self.lost.append(now)
        self.warnings.append(f"job {job.index} was given up: its results are gone")
        self._save(now)

    def _save(self, job: Job) -> None:
        self.state = self.run.save(state_machine.with_job(self.state, job, at=iso(self.clock())))

    def advance(self) -> None:
        """Move the run on; one of which nothing is left is settled as poll does it."""
        if self.state.phase != "downloading":
            return
        at = iso(self.clock())
        if all(isinstance(job, LostJob) for job in self.state.jobs):
            self.state = settling.fail(self.run, self.state, at=at, command="download")
            return
        moved = state_machine.moved(self.state, "applying", at=at, command="download")
        self.state = self.run.save(moved)

    def report(self) -> DownloadReport:
        """Return what there is to tell."""
        return DownloadReport(
            self.state.run_id,
            self.state.phase,
            tuple(sorted(file.path.name for file in self.fetched)),
            sum(file.size for file in self.fetched),
            tuple(job.index for job in self.lost),
            tuple(self.warnings),
        )


def _given_up(state: RunState, names: Sequence[str], missing: Container[int]) -> frozenset[int]:
    """Return the numbers of the jobs to give up; only ended ones that are not here can be gone."""
    numbers = giving_up.chosen(state, names)
    for job in state.jobs:
        if job.index in numbers and job.index not in missing:
            here = isinstance(job, DownloadedJob)
            given = giving_up.command("poll", state.run_id, [job])
            raise StateError(
                f"job {job.index} of run {state.run_id} "
                + ("is not lost: its results are here" if here else "has not ended"),
                hint="" if here else f"if the service no longer has it, type: {given}",
            )
    return numbers


def is_fetched(run: RunDirectory, job: EndedJob) -> bool:
    """Say whether a job's results were fetched, and are here still."""
    return isinstance(job, DownloadedJob) and is_here(run, job)


def is_here(run: RunDirectory, job: DownloadedJob) -> bool:
    """Say whether a fetched result file is still here, and as long as it was."""
    path = run.results_file(job.index)
    return path.is_file() and path.stat().st_size == job.results_bytes
