"""What stage brings to the service: references once each, and each job's request file."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core import jobs
from chargen_batch.core.adapters import request_line
from chargen_batch.errors import NetworkError, ServiceError, StagingError
from chargen_batch.model.files import FilesCacheEntry
from chargen_batch.model.outcome import TaskError
from chargen_batch.model.state import LostJob, StagedJob
from chargen_batch.phases import settling
from chargen_batch.phases.effects import iso, parse_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.errors import BatchError
    from chargen_batch.model.plan import RunConfig
    from chargen_batch.model.state import WaitingJob
    from chargen_batch.model.task import BatchTask, ImageRef
    from chargen_batch.phases.effects import Clock
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, RemoteFile

JSONL = "application/jsonl"


class Uploader:
    """Uploads for one run; the ledger says what is there already."""

    def __init__(
        self,
        run: RunDirectory,
        project: Project,
        service: BatchService,
        clock: Clock,
        config: RunConfig,
    ) -> None:
        self.run, self.project, self.service = run, project, service
        self.clock, self.config = clock, config
        self.kept = dict(self._fresh())
        self.uris = {sha: entry.uploaded_uri for sha, entry in self.kept.items()}
        self.uploads = self.bytes_sent = 0

    def _fresh(self) -> Iterator[tuple[str, FilesCacheEntry]]:
        """Go through the uploads that live long enough for a job to use them."""
        needed = self.clock() + timedelta(hours=self.config.min_file_life_h)
        for sha, entry in self.run.uploaded().items():
            if entry.expires_at is None or parse_iso(entry.expires_at) > needed:
                yield sha, entry

    def is_stale(self, job: StagedJob) -> bool:
        """Say whether an upload that a job needs would not live long enough, or is not known."""
        names = {entry.name for entry in self.kept.values()}
        if job.request_file_name not in names:
            return True
        tasks = self.run.tasks(job.first_task, job.task_count)
        ended = settling.ledger(self.run)
        needed = {image.sha256 for task in tasks if task.key not in ended for image in task.images}
        return not needed <= self.uris.keys()

    def upload_references(self, job: StagedJob | None = None) -> dict[str, str]:
        """Upload each distinct reference once, of one job or of the run.

        Returns:
            Paths by SHA-256 of references whose bytes changed, or that are gone.

        Raises:
            StagingError: Uploads failed; those that did not are kept.

        """
        wanted = {
            image.sha256: image
            for task in self._tasks(job)
            for image in task.images
            if image.sha256 not in self.uris
        }
        changed: dict[str, str] = {}
        failed: list[tuple[ImageRef, BatchError]] = []
        with ThreadPoolExecutor(self.config.upload_concurrency) as pool:
            for image, result in pool.map(self._upload_reference, wanted.values()):
                if isinstance(result, ServiceError | NetworkError):
                    failed.append((image, result))
                elif result is None:
                    changed[image.sha256] = image.path
                else:
                    self._enter(image.path, image.sha256, image.mime, result)
        if failed:
            image, error = failed[0]
            raise StagingError(
                f"{len(failed)} upload(s) failed, the first is {image.path}: {error}",
                failed=[image.path for image, _ in failed],
                hint="run stage again: what was uploaded is kept",
                cause=error,
            )
        return changed

    def _tasks(self, job: StagedJob | None) -> Iterator[BatchTask]:
        return self.run.tasks(job.first_task, job.task_count) if job else self.run.tasks()

    def _upload_reference(
        self, image: ImageRef
    ) -> tuple[ImageRef, RemoteFile | ServiceError | NetworkError | None]:
        """Upload a reference if it still is what was planned, else return nothing."""
        data = self._planned_bytes(image)
        if data is None:
            return image, None
        try:
            return image, self.service.upload(
                io.BytesIO(data),
                size=len(data),
                mime=image.mime,
                display_name=f"chargen-batch/{image.sha256[:16]}",
            )
        except (ServiceError, NetworkError) as err:
            return image, err

    def _planned_bytes(self, image: ImageRef) -> bytes | None:
        """Read a reference; nothing outside of the project is ever read, whatever the plan says."""
        path = (self.project.root / image.path).resolve()
        if not path.is_relative_to(self.project.root) or not path.is_file():
            return None
        data = path.read_bytes()
        return data if hashlib.sha256(data).hexdigest() == image.sha256 else None

    def _enter(self, local: str, sha256: str, mime: str, remote: RemoteFile) -> None:
        self.uploads += 1
        self.bytes_sent += remote.size
        self.uris[sha256] = remote.uri
        self.run.add_uploaded(
            FilesCacheEntry(
                local_path=local,
                sha256=sha256,
                mime=mime,
                size=remote.size,
                uploaded_uri=remote.uri,
                name=remote.name,
                uploaded_at=iso(self.clock()),
                expires_at=iso(remote.expires_at) if remote.expires_at else None,
            )
        )

    def stage(self, job: WaitingJob, changed: Mapping[str, str]) -> StagedJob | LostJob:
        """Write and upload a job's request file; tasks whose references changed are ended."""
        tasks = list(self.run.tasks(job.first_task, job.task_count))
        bad = [task for task in tasks if any(image.sha256 in changed for image in task.images)]
        self._end(bad, changed, job.index)
        # What an interrupted stage has ended stays ended, also where the reference is back.
        ended = settling.ledger(self.run)
        good = [task for task in tasks if task.key not in ended]
        name = jobs.display_name(self.run.run_id, job.index, (task.key for task in tasks))
        if not good:
            return LostJob(
                index=job.index,
                first_task=job.first_task,
                task_count=job.task_count,
                model=job.model,
                code="REFERENCE_CHANGED",
                error="all its references changed after the plan",
                ended_at=iso(self.clock()),
            )
        path = self.run.request_file(job.index)
        self._write_requests(path, good)
        request_file_name = self._upload_requests(path, f"{name}/requests")
        return StagedJob(
            index=job.index,
            first_task=job.first_task,
            task_count=job.task_count,
            model=job.model,
            request_file=path.name,
            request_file_name=request_file_name,
            request_count=len(good),
            display_name=name,
        )

    def _end(self, tasks: Iterable[BatchTask], changed: Mapping[str, str], job: int) -> None:
        known = settling.ledger(self.run)
        at = iso(self.clock())
        failures = []
        for task in tasks:
            if task.key in known:
                continue
            paths = {changed[image.sha256] for image in task.images if image.sha256 in changed}
            error = TaskError(
                code="REFERENCE_CHANGED",
                message=f"changed or gone since the plan: {', '.join(sorted(paths))}",
                retryable=False,
            )
            failures.append((task, settling.failure(task, error, job=job, at=at)))
        settling.bury(self.run, failures)

    def _write_requests(self, path: Path, tasks: Iterable[BatchTask]) -> None:
        with disk.replacing(path) as stream:
            for task in tasks:
                stream.write(request_line(task, self.uris) + b"\n")

    def _upload_requests(self, path: Path, display_name: str) -> str:
        """Upload a request file, unless the ledger has the very same; return its name there."""
        size = path.stat().st_size
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if kept := self.kept.get(digest):
                return kept.name
            stream.seek(0)
            remote = self.service.upload(stream, size=size, mime=JSONL, display_name=display_name)
        self._enter(path.name, digest, JSONL, remote)
        return remote.name
