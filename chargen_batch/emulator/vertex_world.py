"""The Vertex AI side of the state: jobs whose input and output are objects in a bucket."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from chargen_batch.emulator.bucket_client import BucketError, Buckets, parts_of
from chargen_batch.emulator.jobs import cancel
from chargen_batch.emulator.outputs import alone
from chargen_batch.emulator.pages import before, page_of
from chargen_batch.emulator.records import DELETED
from chargen_batch.emulator.refusals import RefusalError, not_found
from chargen_batch.emulator.vertex_output import deliver
from chargen_batch.emulator.vertex_records import VertexJob, fail, look, running_on, settle
from chargen_batch.emulator.vertex_rows import InputError, check_bucket, denied, fetch, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chargen_batch.emulator.store import Transaction
    from chargen_batch.emulator.world import World

ID_DIGITS = 19


class VertexJobs:
    """The jobs of a world, each of which belongs to a project and a location: its scope.

    Every method may raise RefusalError.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._buckets = Buckets(world.storage)

    def create(
        self, scope: str, model: str, display_name: str, sources: list[str], destination: str
    ) -> VertexJob:
        """Make a job, also of an input that it will fail for; never idempotent."""
        world = self._world
        now_us = world.now_us()
        lists = world.trouble.lists
        job = VertexJob(
            id=_number(world.new_id(ID_DIGITS, f"job {scope} {display_name}")),
            project=scope,
            model=model,
            display_name=display_name,
            input_file="\n".join(sources),
            created_us=now_us,
            updated_us=now_us,
            requests=0,
            successful=0,
            failed=0,
            behaviour=world.behaviour.dump(),
            unlisted=lists.late_listings,
            listed_us=now_us + int(lists.late_s * 1_000_000) if lists.late_s else 0,
            destination=destination,
        )
        job = self._loaded(job)
        with world.store.transaction() as records:
            records.put(job)
        return job

    def look_at(self, scope: str, job_id: str) -> VertexJob:
        """Find a job, let it go on for having been looked at, and write the output it is due."""
        with self._world.store.transaction() as records:
            job = self._job(records, scope, job_id)
            seen = look(job, self._world.now_us(), self._world.pace)
            records.put(seen)
        if seen.state == DELETED:
            raise not_found(_gone(job_id))
        return self._delivered(seen)

    def page(
        self, scope: str, size: int, token: str, passes: Callable[[VertexJob], bool]
    ) -> tuple[list[VertexJob], str]:
        """Give a page of the jobs that a filter lets through, and the next page's token."""
        now_us = self._world.now_us()
        with self._world.store.transaction() as records:
            listed = (
                (seq, job)
                for seq, job in self._jobs(records, scope, before(token))
                if not job.unlisted and job.listed_us <= now_us and passes(job)
            )
            page, following = page_of(listed, size)
            if not following:
                self._end_listing(records, scope)
        return [self._delivered(job) for job in page], following

    def cancel(self, scope: str, job_id: str) -> None:
        """Stop a job that has not ended; one that has is refused."""
        with self._world.store.transaction() as records:
            job = self._job(records, scope, job_id)
            if not job.live:
                raise _too_late(f"The job is over: {job.state.removeprefix('BATCH_STATE_')}.")
            records.put(cancel(job, self._world.now_us(), self._world.pace))

    def delete(self, scope: str, job_id: str) -> VertexJob:
        """Forget a job that has ended; its output stays in the bucket."""
        with self._world.store.transaction() as records:
            job = self._job(records, scope, job_id)
            if job.live:
                raise _too_late("Only a job that has ended can be deleted: cancel it first.")
            records.drop(job)
        self._input(job).unlink(missing_ok=True)
        return job

    def _loaded(self, job: VertexJob) -> VertexJob:
        path = self._input(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            check_bucket(self._buckets, job.destination)
            with path.open("wb+") as rows:
                fetch(self._buckets, job.sources, rows)
                rows.seek(0)
                return replace(job, requests=load(rows))
        except InputError as error:
            path.unlink(missing_ok=True)
            return replace(job, trouble_code=error.code, trouble_text=error.text)

    def _delivered(self, job: VertexJob) -> VertexJob:
        """Let the output be written that a job is due; until it is there, the job runs on."""
        if not job.due:
            return job
        done = self._world.deliveries.wait(job.id, lambda: self._written(job))
        return running_on(job) if done is None else done

    def _written(self, job: VertexJob) -> VertexJob:
        """Write an output, once for all processes."""
        with alone(self._input(job).with_suffix(".lock")):
            with self._world.store.transaction() as records:
                known = records.get(VertexJob, job.id)
            if known is None:
                raise not_found(_gone(job.id))
            # Lists do not store how far the jobs are that they tell of.
            done = known if known.delivered else self._deliver(job)
            with self._world.store.transaction() as records:
                records.put(done)
        return done

    def _deliver(self, job: VertexJob) -> VertexJob:
        path = self._input(job)
        try:
            with path.open("rb") as rows:
                tally = deliver(job, rows, self._buckets, path.parent)
        except BucketError as error:
            if error.status == HTTPStatus.FORBIDDEN:
                refused = denied(parts_of(job.destination)[0])
                return fail(job, refused.code, refused.text)
            raise RefusalError(503, f"Cloud Storage answered {error}.") from error
        return replace(
            job,
            delivered=True,
            answered=tally.answered,
            successful=tally.successful,
            failed=tally.failed,
        )

    def _input(self, job: VertexJob) -> Path:
        return self._world.root / "vertex" / f"{job.id}.jsonl"

    def _job(self, records: Transaction, scope: str, job_id: str) -> VertexJob:
        job = records.get(VertexJob, job_id)
        if job is None or job.project != scope:
            raise not_found(_gone(job_id))
        job = settle(job, self._world.now_us(), self._world.pace)
        if job.state == DELETED:
            raise not_found(_gone(job_id))
        return job

    def _jobs(
        self, records: Transaction, scope: str, before: int | None = None
    ) -> Iterator[tuple[int, VertexJob]]:
        now_us = self._world.now_us()
        for seq, found in records.newest(VertexJob, before):
            job = settle(found, now_us, self._world.pace)
            if job.project == scope and job.state != DELETED:
                yield seq, job

    def _end_listing(self, records: Transaction, scope: str) -> None:
        for _, job in list(records.newest(VertexJob)):
            if job.project == scope and job.unlisted:
                records.put(replace(job, unlisted=job.unlisted - 1))


def _number(letters: str) -> str:
    number = str(int(letters, 36) % 10 ** (ID_DIGITS - 1))
    return "4" + number.rjust(ID_DIGITS - 1, "0")


def _gone(job_id: str) -> str:
    return f"The BatchPredictionJob does not exist: {job_id}"


def _too_late(why: str) -> RefusalError:
    return RefusalError(400, why, status="FAILED_PRECONDITION")
