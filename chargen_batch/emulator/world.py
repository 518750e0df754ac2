"""The emulated service's state: files, upload sessions and jobs, under one directory and a clock.

Separate processes may work on one directory at the same time.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from chargen_batch.emulator import jobs
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.outputs import Outputs
from chargen_batch.emulator.records import LIFETIME_US, SUCCEEDED, File, Job, Upload, microseconds
from chargen_batch.emulator.refusals import bad_request, file_denied, not_found
from chargen_batch.emulator.store import Store, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Clock = Callable[[], datetime]
    Ids = Callable[[int], str]

Item = TypeVar("Item")

FILE_ID_LENGTH = 12
JOB_ID_LENGTH = 36
LONGEST_FILE_ID = 40
OUTPUT_PREFIX = "batch-"
_ALPHABET = string.ascii_lowercase + string.digits


def system_clock() -> datetime:
    """Read the time."""
    return datetime.now(UTC)


def random_id(length: int) -> str:
    """Make an id of lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


class World:
    """All that the service knows. Nothing is made on disk before the first request.

    `pace` and `behaviour` may be changed at any time; a job keeps the behaviour that it was
    created under. Every method may raise RefusalError.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Clock = system_clock,
        ids: Ids = random_id,
        pace: Pace | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self.root = root
        self.pace = pace or Pace()
        self.behaviour = behaviour or Behaviour()
        self.new_id = ids
        self.store = Store(root / "world.sqlite3")
        self._now = now
        self._outputs = Outputs(root)

    def now_us(self) -> int:
        """Read the world's clock, in microseconds since 1970."""
        return microseconds(self._now())

    def record(self, method: str, path: str, status: int) -> None:
        """Add a request to requests.ndjson; status 0 is one that got no answer."""
        at = self._now().isoformat()
        line = json.dumps({"at": at, "method": method, "path": path, "status": status})
        self.root.mkdir(parents=True, exist_ok=True)
        ledger = os.open(
            self.root / "requests.ndjson", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644
        )
        try:
            os.write(ledger, line.encode() + b"\n")
        finally:
            os.close(ledger)

    def blob(self, file_id: str) -> Path:
        """Name the place of a file's bytes."""
        return self.root / "files" / file_id

    def file(self, project: str, file_id: str) -> File:
        """Find a project's file."""
        _check_length(file_id, "GetFileRequest")
        with self.store.transaction() as records:
            return self._file(records, project, file_id)

    def files(self, project: str) -> dict[str, File]:
        """Give all live files of a project, the newest first."""
        with self.store.transaction() as records:
            return {file.id: file for _, file in self._live_files(records, project)}

    def list_files(self, project: str, size: int, token: str) -> tuple[list[File], str]:
        """Give a page of a project's files, the newest first, and the next page's token."""
        with self.store.transaction() as records:
            return _page(self._live_files(records, project, _before(token)), size)

    def delete_file(self, project: str, file_id: str) -> None:
        """Remove a file; a second time it is denied."""
        _check_length(file_id, "DeleteFileRequest")
        with self.store.transaction() as records:
            records.drop(self._file(records, project, file_id))
        self.blob(file_id).unlink(missing_ok=True)

    def create_job(
        self, project: str, model: str, display_name: str, file: File, keys: Sequence[str]
    ) -> Job:
        """Make a job of an input file that has been found good; never idempotent."""
        now_us = self.now_us()
        successful, failed = self.behaviour.count(keys)
        job = Job(
            id=self.new_id(JOB_ID_LENGTH),
            project=project,
            model=model,
            display_name=display_name,
            input_file=file.id,
            created_us=now_us,
            updated_us=now_us,
            requests=len(keys),
            successful=successful,
            failed=failed,
            behaviour=self.behaviour.dump(),
        )
        self._outputs.keep_input(job, self.blob(file.id))
        with self.store.transaction() as records:
            records.put(job)
        return job

    def look_at_job(self, project: str, job_id: str) -> Job:
        """Find a job, and let it go on for having been looked at."""
        with self.store.transaction() as records:
            job = self._job(records, project, job_id)
            seen = jobs.look(job, self.now_us(), self.pace)
            if seen != job:
                records.put(seen)
            return seen

    def list_jobs(self, project: str, size: int, token: str) -> tuple[list[Job], str]:
        """Give a page of a project's jobs, the newest first, and the next page's token."""
        now_us = self.now_us()
        with self.store.transaction() as records:
            found = (
                (seq, jobs.settle(job, now_us, self.pace))
                for seq, job in records.newest(Job, _before(token))
                if job.project == project
            )
            return _page(found, size)

    def cancel_job(self, project: str, job_id: str) -> None:
        """Stop a job that has not ended."""
        with self.store.transaction() as records:
            job = jobs.settle(self._job(records, project, job_id), self.now_us(), self.pace)
            records.put(jobs.cancel(job, self.now_us()))

    def delete_job(self, project: str, job_id: str) -> None:
        """Forget a job and its output."""
        with self.store.transaction() as records:
            job = self._job(records, project, job_id)
            records.drop(job)
        self._outputs.forget(job)

    def output(self, project: str, file_id: str) -> Path:
        """Give the output file of a job that succeeded, painting it when there is none yet."""
        job_id = file_id.removeprefix(OUTPUT_PREFIX)
        with self.store.transaction() as records:
            job = records.get(Job, job_id)
        if job is None or job.project != project or job.state != SUCCEEDED:
            raise not_found()
        return self._outputs.painted(job)

    def part(self, upload_id: str) -> Path:
        """Name the place where the bytes of an unfinished upload grow."""
        return self.root / "uploads" / upload_id

    def forget_expired(self, records: Transaction) -> None:
        """Drop the files and upload sessions whose time is over, and their bytes."""
        now_us = self.now_us()
        for _, file in list(records.newest(File)):
            if file.expires_us <= now_us:
                records.drop(file)
                self.blob(file.id).unlink(missing_ok=True)
        for _, upload in list(records.newest(Upload)):
            if upload.created_us + LIFETIME_US <= now_us:
                records.drop(upload)
                self.part(upload.id).unlink(missing_ok=True)

    def _file(self, records: Transaction, project: str, file_id: str) -> File:
        file = records.get(File, file_id)
        if file is None or file.project != project or file.expires_us <= self.now_us():
            raise file_denied(file_id)
        return file

    def _live_files(
        self, records: Transaction, project: str, before: int | None = None
    ) -> Iterator[tuple[int, File]]:
        now_us = self.now_us()
        for seq, file in records.newest(File, before):
            if file.project == project and file.expires_us > now_us:
                yield seq, file

    def _job(self, records: Transaction, project: str, job_id: str) -> Job:
        job = records.get(Job, job_id)
        if job is None or job.project != project:
            raise not_found()
        return job


def _check_length(file_id: str, request: str) -> None:
    if len(file_id) > LONGEST_FILE_ID:
        raise bad_request(
            f"* {request}.name: File ID (name excluding 'files/') cannot be more than "
            f"{LONGEST_FILE_ID} characters.\n",
        )


def _page(found: Iterator[tuple[int, Item]], size: int) -> tuple[list[Item], str]:
    items: list[Item] = []
    last = 0
    for seq, item in found:
        if len(items) == size:
            return items, f"p{last}"
        items.append(item)
        last = seq
    return items, ""


def _before(token: str) -> int | None:
    if not token:
        return None
    if not re.fullmatch(r"p[0-9]{1,15}", token):
        raise bad_request("The page token is invalid.")
    return int(token[1:])
