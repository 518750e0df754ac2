"""The emulated service's state: files, upload sessions and jobs, under one directory and a clock.

Separate processes may work on one directory at the same time.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from chargen_batch.emulator import jobs
from chargen_batch.emulator.clock import VirtualClock, system_clock
from chargen_batch.emulator.ids import ids_of
from chargen_batch.emulator.outputs import Outputs, first_half
from chargen_batch.emulator.pages import before, page_of
from chargen_batch.emulator.records import DELETED, File, Job, microseconds
from chargen_batch.emulator.refusals import not_found
from chargen_batch.emulator.shelf import Shelf
from chargen_batch.emulator.store import Store, Transaction
from chargen_batch.emulator.trouble import Trouble
from chargen_batch.emulator.vertex_delivery import Deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chargen_batch.emulator.clock import Clock
    from chargen_batch.emulator.ids import IdChoice
    from chargen_batch.emulator.jobs import Pace
    from chargen_batch.emulator.outcomes import Behaviour

FILE_ID_LENGTH = 12
JOB_ID_LENGTH = 36
OUTPUT_PREFIX = "batch-"


class World:
    """All that the service knows. Nothing is made on disk before the first request.

    `trouble`, `pace` and `behaviour` may be changed at any time; a job keeps the behaviour that it
    was created under. `storage` is the URL of the Cloud Storage of Vertex AI jobs, where it is not
    the one that STORAGE_EMULATOR_HOST names. Every method may raise RefusalError.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Clock = system_clock,
        ids: IdChoice = "random",
        trouble: Trouble | None = None,
    ) -> None:
        self.root = root
        self.storage = ""
        self.deliveries = Deliveries()
        self.trouble = trouble or Trouble()
        self.store = Store(root / "world.sqlite3")
        self.new_id = ids_of(ids, self.store)
        self.clock = VirtualClock(root, now)
        self.shelf = Shelf(root, self.store, self.now_us)
        self._outputs = Outputs(root)

    @property
    def pace(self) -> Pace:
        """How jobs go on."""
        return self.trouble.pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        self.trouble = replace(self.trouble, pace=pace)

    @property
    def behaviour(self) -> Behaviour:
        """How the rows of new jobs end."""
        return self.trouble.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.trouble = replace(self.trouble, behaviour=behaviour)

    def now_us(self) -> int:
        """Read the world's clock, in microseconds since 1970."""
        return microseconds(self.clock())

    def record(self, method: str, path: str, status: int) -> None:
        """Add a request to requests.ndjson; status 0 is one that got no answer."""
        at = self.clock().isoformat()
        line = json.dumps({"at": at, "method": method, "path": path, "status": status})
        self.root.mkdir(parents=True, exist_ok=True)
        ledger = os.open(
            self.root / "requests.ndjson", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644
        )
        try:
            os.write(ledger, line.encode() + b"\n")
        finally:
            os.close(ledger)

    def create_job(
        self,
        project: str,
        model: str,
        display_name: str,
        file: File,
        rows: Sequence[tuple[str, int]],
    ) -> Job:
        """Make a job of an input file that has been found good; never idempotent.

        `rows` has each row's key, and its tokens.
        """
        now_us = self.now_us()
        keys = [key for key, _ in rows]
        successful, failed = self.behaviour.count(keys)
        half_successful, half_failed = self.behaviour.count(keys[: first_half(len(keys))])
        lists = self.trouble.lists
        job = Job(
            id=self.new_id(JOB_ID_LENGTH, f"job {project} {display_name}"),
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
            half_successful=half_successful,
            half_failed=half_failed,
            tokens=sum(tokens for _, tokens in rows),
            unlisted=lists.late_listings,
            listed_us=now_us + int(lists.late_s * 1_000_000) if lists.late_s else 0,
        )
        with self.store.transaction() as records:
            live = [each for _, each in self._jobs(records, project) if each.live]
            self.trouble.quotas.check_job(live, model, job.tokens)
            self._outputs.keep_input(job, self.shelf.blob(file.id))
            records.put(job)
        return job

    def look_at_job(self, project: str, job_id: str) -> Job:
        """Find a job, and let it go on for having been looked at."""
        with self.store.transaction() as records:
            job = self._job(records, project, job_id)
            seen = jobs.look(job, self.now_us(), self.pace)
            if seen != job:
                records.put(seen)
        if seen.state == DELETED:
            raise not_found()
        return seen

    def list_jobs(self, project: str, size: int, token: str) -> tuple[list[Job], str]:
        """Give a page of a project's jobs, the newest first, and the next page's token."""
        now_us = self.now_us()
        with self.store.transaction() as records:
            listed = (
                (seq, job)
                for seq, job in self._jobs(records, project, before(token))
                if not job.unlisted and job.listed_us <= now_us
            )
            page, following = page_of(listed, size)
            if not following:
                self._end_listing(records, project)
        return page, following

    def cancel_job(self, project: str, job_id: str) -> None:
        """Stop a job that has not ended."""
        with self.store.transaction() as records:
            job = self._job(records, project, job_id)
            records.put(jobs.cancel(job, self.now_us(), self.pace))

    def delete_job(self, project: str, job_id: str) -> None:
        """Forget a job and its output."""
        with self.store.transaction() as records:
            job = self._job(records, project, job_id)
            records.drop(job)
        self._outputs.forget(job)

    def output(self, project: str, file_id: str) -> Path:
        """Give the output file of a job that has one, painting it when there is none yet."""
        with self.store.transaction() as records:
            job = self._job(records, project, file_id.removeprefix(OUTPUT_PREFIX))
        if not job.names_output or job.output == "lost":
            raise not_found()
        return self._outputs.painted(job)

    def _job(self, records: Transaction, project: str, job_id: str) -> Job:
        job = records.get(Job, job_id)
        if job is None or job.project != project:
            raise not_found()
        job = jobs.settle(job, self.now_us(), self.pace)
        if job.state == DELETED:
            raise not_found()
        return job

    def _jobs(
        self, records: Transaction, project: str, before: int | None = None
    ) -> Iterator[tuple[int, Job]]:
        now_us = self.now_us()
        for seq, found in records.newest(Job, before):
            job = jobs.settle(found, now_us, self.pace)
            if job.project == project and job.state != DELETED:
                yield seq, job

    def _end_listing(self, records: Transaction, project: str) -> None:
        for _, job in list(records.newest(Job)):
            if job.project == project and job.unlisted:
                records.put(replace(job, unlisted=job.unlisted - 1))
