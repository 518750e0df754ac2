"""apply's first pass: each result line becomes a written picture, an analysis or a dead letter."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.core.results import shortened
from chargen_batch.errors import ResultsError
from chargen_batch.model.outcome import TaskError
from chargen_batch.phases import settling
from chargen_batch.phases.download import is_here
from chargen_batch.phases.in_order import in_order
from chargen_batch.phases.picture_writing import PictureWriter
from chargen_batch.phases.result_lines import LineReader
from chargen_batch.story.write_back import Finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chargen_batch.core.pictures import Verification
    from chargen_batch.errors import Problem
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import DownloadedJob
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.places import Places
    from chargen_batch.phases.result_lines import Line
    from chargen_batch.phases.telling import Tally
    from chargen_batch.run.directory import RunDirectory

# Received results that are told of together: what a crash makes us decode again.
AT_ONCE: Final = 64
_WARNINGS_KEPT: Final = 100


@dataclass(slots=True)
class _Reading:
    """One result file as it is read: whose lines came, and how many were nobody's."""

    job: DownloadedJob
    tasks: Mapping[str, BatchTask]
    failures: dict[str, tuple[TaskResult, str]] = field(default_factory=dict)
    received: list[TaskResult] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    unclaimed: int = 0

    @property
    def is_complete(self) -> bool:
        """Say whether every line was somebody's, and as many as the job counted."""
        counted = self.job.counts.succeeded + self.job.counts.failed
        return not self.unclaimed and counted in {0, len(self.seen)}


@dataclass(slots=True)
class Receiver:
    """What the first pass needs, and what it finds that is worth telling.

    Where an entity is there and cannot be written to, its tasks stay open, and ``problems`` says
    why.
    """

    run: RunDirectory
    places: Places
    known: dict[str, TaskResult]
    provider: str
    verify: Verification
    read: Tally
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def receive(self, job: DownloadedJob) -> None:
        """Read a job's result file, line by line; what the ledger has already is passed over.

        Raises:
            ResultsError: The file is not what was downloaded.

        """
        path = self.run.results_file(job.index)
        if not is_here(self.run, job):
            raise ResultsError(
                f"{path} is not what was downloaded",
                hint=f"type: chargen-batch download --run {self.run.run_id}",
            )
        tasks = {task.key: task for task in self.run.tasks(job.first_task, job.task_count)}
        reading, before = _Reading(job, tasks), self.read.done
        writer = PictureWriter(self.places.project.root, self.run.run_id, self.provider)

        def is_settled(key: str) -> bool:
            return key in self.known or key in reading.held

        reader = LineReader(
            self.run, job, tasks, self.places, writer, self.verify, is_settled=is_settled
        )
        with contextlib.closing(in_order(reader.works(path))) as lines:
            for line in lines:
                self._take(reading, line)
                if len(reading.received) >= AT_ONCE:
                    self._tell(reading, writer)
        self._tell(reading, writer)
        self._bury(reading)
        self._settle_missing(reading)
        self.read.reach(before + job.task_count, job.results_file)

    def _take(self, reading: _Reading, line: Line) -> None:
        """Take one line: of a key that comes again the first success counts, else the first."""
        if line.task and line.task.key in reading.seen:
            self.warnings.append(f"{line.place} has a key again: {line.task.key}")
        if line.task is None or line.fault:
            reading.unclaimed += 1
            self.warnings.append(f"{line.place} {line.fault}")
            return
        key = line.task.key
        if key not in reading.seen:
            self.read.add(1, key)
        reading.seen.add(key)
        if line.problem:
            reading.held.add(key)
            if line.problem not in self.problems:
                self.problems.append(line.problem)
        elif line.outcome and line.outcome.error:
            reading.failures.setdefault(key, (line.outcome, line.response))
        elif line.outcome:
            reading.received.append(line.outcome)
            self.known[key] = line.outcome
        if line.problem or key in self.known:
            reading.failures.pop(key, None)

    def _tell(self, reading: _Reading, writer: PictureWriter) -> None:
        """Enter what was received into the ledger; its pictures are on the disk before."""
        writer.settle()
        self.run.add_outcomes(reading.received)
        reading.received.clear()

    def _bury(self, reading: _Reading) -> None:
        failures = reading.failures
        settling.bury(
            self.run,
            ((reading.tasks[key], outcome) for key, (outcome, _answer) in failures.items()),
            responses={key: answer for key, (_outcome, answer) in failures.items()},
        )
        self.known.update({key: outcome for key, (outcome, _answer) in failures.items()})

    def _settle_missing(self, reading: _Reading) -> None:
        """End the tasks without a line; paying again is offered only where none can be theirs."""
        job = reading.job
        error = TaskError(
            code="MISSING_RESULT",
            message=f"{job.results_file} has no line for this task{_because(job)}",
            retryable=reading.is_complete,
        )
        missing = [
            (task, settling.failure(task, error, job=job.index, at=job.ended_at))
            for task in reading.tasks.values()
            if task.key not in self.known and task.key not in reading.held
        ]
        settling.bury(self.run, missing)
        self.known.update({task.key: outcome for task, outcome in missing})


def _because(job: DownloadedJob) -> str:
    """Return why the service did not finish a job, where it said so."""
    return f"; the job ended as {job.state}: {shortened(job.error)}" if job.error else ""


def kept(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the warnings that a state keeps; the log has them all.

    Of each results file one is kept at least: its job is not to be deleted on the service.
    """
    if len(warnings) <= _WARNINGS_KEPT:
        return tuple(warnings)
    first = {warning.partition(":")[0]: warning for warning in reversed(warnings)}
    some = dict.fromkeys((*warnings[:_WARNINGS_KEPT], *reversed(first.values())))
    return (*some, f"and {len(warnings) - len(some)} more of these: see log.ndjson")


def received(run: RunDirectory, known: Mapping[str, TaskResult]) -> Iterator[Finished]:
    """Go through the tasks whose results are here and whose entries are not, in plan order."""
    for task in run.tasks():
        outcome = known.get(task.key)
        if outcome and outcome.stage == "received":
            yield Finished(task, outcome.pictures, outcome.at, outcome.analysis_json)
