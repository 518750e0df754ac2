"""The second step of submit: what the service lacks is created, each once, while there is room."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Final

from chargen_batch.core import backends, jobs, limits, polling, room, submission
from chargen_batch.core.room import Load
from chargen_batch.core.submission import CreateAnswer
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.model.state import LostJob, StagedJob
from chargen_batch.phases.submitting import pending_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import IntendedJob, RunningJob, WaitingJob
    from chargen_batch.phases.submitting import Round
    from chargen_batch.phases.uploading import Uploader

    Pending = WaitingJob | StagedJob

_FORBIDDEN: Final = 403


class Creation:
    """The creating of a round's jobs; ``live`` is what is taken of the service meanwhile."""

    def __init__(
        self, round_: Round, uploader: Uploader, ours: Sequence[IntendedJob | RunningJob]
    ) -> None:
        self.round, self.uploader = round_, uploader
        self.live = room.live(round_.listed, ours)
        self.asked = self.checked = False
        backend = round_.state.config.backend
        self._words = backends.words(backend)
        self._queues_tokens = limits.of(backend).queues_tokens

    def create(self) -> None:
        """Create jobs while the service has room.

        A job that does not fit keeps the later ones of its model waiting, so that it gets its turn.

        Raises:
            ServiceError: The key or the model is refused, or a single request does not fit.
            StagingError: What is gone or too old could not be uploaded again.
            DocumentError: It is to be uploaded again, and the tasks are not those of the plan.

        """
        queue, full = deque(pending_jobs(self.round.state)), set[str]()
        while queue:
            job = queue.popleft()
            if job.model in full:
                continue
            if not self._has_room(job):
                full.add(job.model)
                continue
            ready = self._ready(job)
            further = self._create_one(ready) if ready else ()
            if further is None:
                return
            queue.extendleft(reversed(further))

    def _has_room(self, job: Pending) -> bool:
        return self._fits(job) or (self._finds_room() and self._fits(job))

    def _fits(self, job: Pending) -> bool:
        config = self.round.state.config
        return room.fits(
            job,
            self.live,
            max_jobs=config.max_concurrent_jobs,
            max_tokens=config.max_enqueued_tokens if self._queues_tokens else None,
        )

    def _finds_room(self) -> bool:
        """Ask about our live jobs, once a round, since those that have ended left their slots."""
        if self.asked:
            return False
        self.asked = True
        for job in filter(submission.is_live, self.round.state.jobs):
            with contextlib.suppress(ServiceError):  # what is wrong with a job is for poll to tell
                seen = self.round.service.get_job(job.batch_job_name)
                now = polling.observed(job, seen, at=self.round.now())
                self.round.save(now)
                if not submission.is_live(now):
                    self.live.pop(job.batch_job_name, None)
        return True

    def _ready(self, job: Pending) -> StagedJob | None:
        """Upload what the service lacks of a job; ``None`` where nothing of it can be sent."""
        if isinstance(job, StagedJob) and self.uploader.is_good(job):
            return job
        self._check_tasks()
        now = self.uploader.restage(job)
        self.round.save(now, recount=True)
        if isinstance(now, LostJob):
            self.round.warnings.append(f"job {now.index} is not sent: {now.error}")
            return None
        return now

    def _check_tasks(self) -> None:
        """Check, before requests are made of the tasks anew, that they are those of the plan."""
        if not self.checked:
            run = self.round.run
            run.check_tasks(run.check_plan(self.round.state))
            self.checked = True

    def _create_one(self, job: StagedJob) -> Sequence[Pending] | None:
        """Create one job; return what is to be tried next, ``None`` where nothing more is."""
        intent = submission.intended(job, at=self.round.now())
        self.round.save(intent)
        try:
            remote = self.round.service.create_job(
                model=job.model,
                request_file=job.request_file_name,
                display_name=job.display_name,
            )
        except (ServiceError, NetworkError) as err:
            return self._refused(intent, err)
        self.round.created.append(remote.name)
        at = self.round.now()
        self.round.save(submission.created(intent, name=remote.name, state=remote.state, at=at))
        self.live[remote.name] = Load(job.model, job.tokens)
        return ()

    def _refused(self, intent: IntendedJob, error: BatchError) -> Sequence[Pending] | None:
        answer = submission.read_create_error(error)
        at, told = self.round.now(), str(error)
        self.round.run.log(at, "create", job=intent.index, answer=answer.name, error=told)
        match answer:
            case CreateAnswer.UNKNOWN:
                self.round.warnings.append(f"job {intent.index}: {error}; run submit again")
                return None
            case CreateAnswer.LATER:
                return self._no_room(intent, error)
            case CreateAnswer.REJECTED:
                self.round.rejected.append(intent.index)
                self.round.save(submission.rejected(intent, error=told, at=at))
                self.round.warnings.append(f"job {intent.index} was refused: {error}")
                return ()
            case CreateAnswer.STOP:
                self.round.save(submission.unsent(intent))
                raise _stopped(intent, error, self._words.credentials) from error

    def _no_room(self, intent: IntendedJob, error: BatchError) -> Sequence[Pending] | None:
        """Let a job wait for its turn; where nothing of ours is in its way, it is too large.

        Unless no job can be: where the queue counts no tokens, all that is refused is the call.
        """
        if self.live or not self._queues_tokens:
            self.round.save(submission.unsent(intent))
            self.round.warnings.append(f"job {intent.index} waits for quota: {error}")
            return None
        if intent.task_count == 1:
            self.round.save(submission.unsent(intent))
            raise _too_large(intent, error, self._words.quotas) from error
        tasks = self.round.run.tasks(intent.first_task, intent.task_count)
        tokens = [task.estimate.input_tokens for task in tasks]
        free = len(self.round.state.jobs) + 1
        halves = jobs.split(intent, tokens, free_index=free)
        self.round.replace(*halves)
        self.round.warnings.append(
            f"job {intent.index} does not fit into the quota, though nothing of ours is at work: "
            f"it was split in two, jobs {intent.index} and {free}"
        )
        return halves


def _stopped(job: IntendedJob, error: BatchError, credentials: str) -> BatchError:
    """Return the error that ends the command; of a 403 it is not said what is forbidden."""
    if not isinstance(error, ServiceError) or error.http_status != _FORBIDDEN:
        return error
    return ServiceError(
        f"job {job.index}: {error.message}",
        http_status=error.http_status,
        status=error.status,
        google=error.google,
        hint="run submit again: a file that is gone is uploaded anew; if it is refused again, "
        f"{credentials} may not run {job.model} in batches",
    )


def _too_large(job: IntendedJob, error: BatchError, quotas: str) -> BatchError:
    wait_s = error.retry_after_s if isinstance(error, ServiceError) else None
    when = f"in {wait_s:.0f} s" if wait_s else "later"
    return ServiceError(
        f"job {job.index} is a single request and does not fit into the quota, though nothing of "
        f"ours is at work: {error.message}",
        http_status=429,
        google=True,
        retry_after_s=wait_s,
        hint=f"something else uses the quota up, or it is too small for {job.model}: run submit "
        f"again {when}, or look at {quotas}",
    )
