"""apply's first pass: each result line becomes a written picture, an analysis or a dead letter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core.adapters import adapter_for
from chargen_batch.core.pictures import EXTENSIONS
from chargen_batch.core.results import UnreadableLineError, parse_line
from chargen_batch.errors import Problem, ResultsError
from chargen_batch.model.outcome import Picture, TaskError, TaskResult
from chargen_batch.phases import settling
from chargen_batch.phases.download import is_here
from chargen_batch.phases.writing_back import FATAL
from chargen_batch.story.slug import file_stem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chargen_batch.core.pictures import ReceivedPicture
    from chargen_batch.core.results import ReadLine
    from chargen_batch.model.state import DownloadedJob
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.writing_back import Places
    from chargen_batch.run.directory import RunDirectory

_RESPONSE_LIMIT = 20_000
_IMAGE_DATA = re.compile(rb'("data"\s*:\s*")[^"]*')


@dataclass(slots=True)
class _Reading:
    """One result file as it is read: whose lines came, and how many were nobody's."""

    job: DownloadedJob
    tasks: Mapping[str, BatchTask]
    failures: dict[str, tuple[TaskResult, str]] = field(default_factory=dict)
    analyses: dict[str, TaskResult] = field(default_factory=dict)
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

    The picture of a task whose entity has vanished goes to ``orphans/``; where an entity is there
    and cannot be written to, its tasks stay open, and ``problems`` says why.
    """

    run: RunDirectory
    places: Places
    known: dict[str, TaskResult]
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
        reading = _Reading(job, tasks)
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    self._take(reading, f"{path.name}:{number}", line)
        self.run.add_outcomes(reading.analyses.values())
        self._bury(reading)
        self._settle_missing(reading)

    def _take(self, reading: _Reading, place: str, line: bytes) -> None:
        """Take one line: of a key that comes again the first success counts, else the first."""
        try:
            parsed = parse_line(line)
            task = reading.tasks.get(parsed.key or "")
            if task is None:
                reading.unclaimed += 1
                self.warnings.append(f"{place} has an unknown key: {parsed.key}")
                return
            if task.key in reading.seen:
                self.warnings.append(f"{place} has a key again: {task.key}")
            settled = task.key in self.known or task.key in reading.held
            read = None if settled else adapter_for(task).outcome(parsed)
        except UnreadableLineError as err:
            reading.unclaimed += 1
            self.warnings.append(f"{place} does not parse: {err}")
            return
        reading.seen.add(task.key)
        if read is not None:
            self._take_outcome(reading, task, read, line)

    def _take_outcome(
        self, reading: _Reading, task: BatchTask, read: ReadLine, line: bytes
    ) -> None:
        if read.error:
            outcome = _failed(task, read, reading.job)
            reading.failures.setdefault(task.key, (outcome, _without_image_data(line)))
            return
        reading.failures.pop(task.key, None)
        if read.analysis_json is not None:
            reading.analyses[task.key] = self.known[task.key] = _analysed(task, read, reading.job)
            return
        problem = self.places.fault(task) or self._keep(task, read, reading.job)
        if problem:
            reading.held.add(task.key)
            if problem not in self.problems:
                self.problems.append(problem)

    def _keep(self, task: BatchTask, read: ReadLine, job: DownloadedJob) -> Problem | None:
        """Write a success's pictures, and then the ledger line that says so."""
        folder = self.places.of(task)
        images = folder / "images" if folder else self.run.orphans(task)
        try:
            disk.make_directory(images)
            pictures = tuple(
                self._write(images, task, picture, number)
                for number, picture in enumerate(read.pictures, 1)
            )
        except OSError as err:
            if err.errno in FATAL:
                raise
            where = images.relative_to(self.places.project.root).as_posix()
            return Problem(where, 0, 0, f"cannot be written to: {err.strerror}")
        outcome = TaskResult(
            key=task.key,
            stage="received",
            status="success",
            job=job.index,
            at=job.ended_at,
            image_path=pictures[0].path,
            sha256=pictures[0].sha256,
            pictures=pictures,
            usage=read.usage,
            provider_meta=read.provider_meta,
            warnings=read.warnings,
        )
        self.run.add_outcomes([outcome])
        self.known[task.key] = outcome
        return None

    def _write(
        self, images: Path, task: BatchTask, picture: ReceivedPicture, number: int
    ) -> Picture:
        path = picture_path(images, task, picture, number)
        if not path.exists():
            disk.replace(path, picture.data)
        facts = picture.facts
        return Picture(
            path=path.relative_to(self.places.project.root).as_posix(),
            mime=facts.mime,
            sha256=picture.sha256,
            width=facts.width,
            height=facts.height,
        )

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
            message=f"{job.results_file} has no line for this task",
            retryable=reading.is_complete,
        )
        missing = [
            (task, settling.failure(task, error, job=job.index, at=job.ended_at))
            for task in reading.tasks.values()
            if task.key not in self.known and task.key not in reading.held
        ]
        settling.bury(self.run, missing)
        self.known.update({task.key: outcome for task, outcome in missing})


def _analysed(task: BatchTask, read: ReadLine, job: DownloadedJob) -> TaskResult:
    return TaskResult(
        key=task.key,
        stage="received",
        status="success",
        job=job.index,
        at=job.ended_at,
        analysis_json=read.analysis_json,
        usage=read.usage,
        provider_meta=read.provider_meta,
        warnings=read.warnings,
    )


def _failed(task: BatchTask, read: ReadLine, job: DownloadedJob) -> TaskResult:
    return TaskResult(
        key=task.key,
        stage="settled",
        status="failed",
        job=job.index,
        at=job.ended_at,
        error=read.error,
        usage=read.usage,
        provider_meta=read.provider_meta,
        warnings=read.warnings,
    )


def picture_path(images: Path, task: BatchTask, picture: ReceivedPicture, number: int) -> Path:
    """Return where a picture goes; a place that holds other bytes, or a link, is never taken.

    The name is derived anew from the target's id, whatever a tampered plan says.
    """
    extension = EXTENSIONS[picture.facts.mime]
    stem = f"{file_stem(task.target_id)}-{task.key_hash[:8]}"
    suffix = f"-{number}" if number > 1 else ""
    path = images / f"{stem}{suffix}.{extension}"
    if path.is_symlink() or (path.exists() and path.read_bytes() != picture.data):
        return images / f"{stem}-{picture.sha256[:8]}{suffix}.{extension}"
    return path


def _without_image_data(line: bytes) -> str:
    """Return a raw answer as a dead letter keeps it."""
    return (
        _IMAGE_DATA.sub(rb"\1...", line)[:_RESPONSE_LIMIT].decode("utf-8", "replace").rstrip("\n")
    )
