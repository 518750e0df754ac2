"""What stage brings to the service: references once each, and each job's request file."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core import jobs, limits
from chargen_batch.core.adapters import request_line
from chargen_batch.core.jobs import JSONL, became
from chargen_batch.model.outcome import TaskError
from chargen_batch.model.state import StagedJob, WaitingJob
from chargen_batch.phases import settling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.references import References
from chargen_batch.phases.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.plan import RunConfig
    from chargen_batch.model.state import LostJob
    from chargen_batch.model.task import BatchTask, ImageRef
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService


class Uploader:
    """Uploads for one run; the ledger says what is there already."""

    def __init__(
        self,
        run: RunDirectory,
        project: Project,
        service: BatchService,
        clock: Clock,
        config: RunConfig,
        tell: Tell = silent,
    ) -> None:
        self.run, self.service, self.clock = run, service, clock
        needed_h = max(config.min_file_life_h, limits.of(config.backend).needed_life_h)
        until = clock() + timedelta(hours=needed_h)
        self.uploads = Uploads(run, service, clock, until=until)
        at_once = config.upload_concurrency
        self.references = References(project.root, self.uploads, at_once=at_once, tell=tell)

    @cached_property
    def ended(self) -> set[str]:
        """The keys of the tasks that have an outcome: they are not sent."""
        return set(settling.ledger(self.run))

    def is_good(self, job: StagedJob) -> bool:
        """Say whether the service has all uploads that a job needs, for long enough.

        A request file that calls a reference what it was called before it was uploaded again is not
        what the job needs.
        """
        requests = self.uploads.named(job.request_file_name)
        if requests is None:
            return False
        tasks = [task for task in self._tasks(job) if task.key not in self.ended]
        needed = {requests.sha256, *(image.sha256 for task in tasks for image in task.images)}
        self.uploads.drop_gone(needed)
        if not needed <= self.uploads.entries.keys():
            return False
        digest = hashlib.sha256()
        for line in self._request_lines(tasks):
            digest.update(line)
        return digest.hexdigest() == requests.sha256

    def wanted(self, job: StagedJob | WaitingJob | None = None) -> dict[str, ImageRef]:
        """Return the references of one job, or of the run, that are to be uploaded, by SHA-256."""
        return {
            image.sha256: image
            for task in self._tasks(job)
            for image in task.images
            if image.sha256 not in self.uploads.uris
        }

    def upload_references(self, wanted: Mapping[str, ImageRef]) -> dict[str, str]:
        """Upload references, each once.

        Returns:
            Paths by SHA-256 of those whose bytes changed, or that are gone.

        Raises:
            StagingError: Uploads failed; those that did not are kept.

        """
        return self.references.upload(wanted.values())

    def restage(self, job: StagedJob | WaitingJob) -> StagedJob | LostJob:
        """Bring all that a job needs to the service, as far as it is not there.

        Raises:
            StagingError: Uploads failed; those that did not are kept.

        """
        self.uploads.drop_gone({image.sha256 for task in self._tasks(job) for image in task.images})
        return self.stage(job, self.upload_references(self.wanted(job)))

    def _tasks(self, job: StagedJob | WaitingJob | None) -> Iterator[BatchTask]:
        return self.run.tasks(job.first_task, job.task_count) if job else self.run.tasks()

    def stage(self, job: StagedJob | WaitingJob, changed: Mapping[str, str]) -> StagedJob | LostJob:
        """Write and upload a job's request file; tasks whose references changed are ended."""
        tasks = list(self.run.tasks(job.first_task, job.task_count))
        bad = [task for task in tasks if any(image.sha256 in changed for image in task.images)]
        self._end(bad, changed, job.index)
        # What an interrupted stage has ended stays ended, also where the reference is back.
        good = [task for task in tasks if task.key not in self.ended]
        name = jobs.display_name(self.run.run_id, job.index, (task.key for task in tasks))
        if not good:
            return jobs.lost(
                became(WaitingJob, job),
                code="REFERENCE_CHANGED",
                error="all its references changed after the plan",
                at=iso(self.clock()),
            )
        path = self.run.request_file(job.index)
        self._write_requests(path, good)
        request_file_name = self._upload_requests(path, f"{name}/requests")
        return became(
            StagedJob,
            job,
            request_file=path.name,
            request_file_name=request_file_name,
            request_count=len(good),
            display_name=name,
        )

    def _end(self, tasks: Iterable[BatchTask], changed: Mapping[str, str], job: int) -> None:
        at = iso(self.clock())
        failures = []
        for task in tasks:
            if task.key in self.ended:
                continue
            paths = {changed[image.sha256] for image in task.images if image.sha256 in changed}
            error = TaskError(
                code="REFERENCE_CHANGED",
                message=f"changed or gone since the plan: {', '.join(sorted(paths))}",
                retryable=False,
            )
            failures.append((task, settling.failure(task, error, job=job, at=at)))
        settling.bury(self.run, failures)
        self.ended.update(task.key for task, _ in failures)

    def _write_requests(self, path: Path, tasks: Iterable[BatchTask]) -> None:
        with disk.replacing(path) as stream:
            stream.writelines(self._request_lines(tasks))

    def _request_lines(self, tasks: Iterable[BatchTask]) -> Iterator[bytes]:
        return (request_line(task, self.uploads.uris) + b"\n" for task in tasks)

    def _upload_requests(self, path: Path, display_name: str) -> str:
        """Upload a request file, unless the ledger has the very same; return its name there."""
        size = path.stat().st_size
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if self.uploads.were_listed:
                self.uploads.drop_gone([digest])
            if kept := self.uploads.entries.get(digest):
                return kept.name
            stream.seek(0)
            remote = self.service.upload(stream, size=size, mime=JSONL, display_name=display_name)
        self.uploads.enter(path.name, digest, JSONL, remote)
        return remote.name
