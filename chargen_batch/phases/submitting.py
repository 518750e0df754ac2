"""The rounds of submit: adopt what the service has of ours, create what it lacks, each once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from chargen_batch.core import polling, state_machine, submission
from chargen_batch.core.jobs import became
from chargen_batch.core.submission import CreateAnswer
from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.model.state import IntendedJob, RunningJob, StagedJob, WaitingJob
from chargen_batch.phases.effects import iso, parse_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import Job, RunState
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.uploading import Uploader
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, RemoteJob


def open_jobs(state: RunState) -> list[StagedJob]:
    """Return the jobs that were not created, or are not known to be."""
    return [
        job for job in state.jobs if isinstance(job, StagedJob) and not isinstance(job, RunningJob)
    ]


class Round:
    """One round of submitting: the state as it goes, and what happened."""

    def __init__(
        self,
        run: RunDirectory,
        state: RunState,
        service: BatchService,
        uploader: Uploader,
        clock: Clock,
    ) -> None:
        self.run, self.state, self.service, self.clock = run, state, service, clock
        self.uploader = uploader
        self.asked = False
        self.created: list[str] = []
        self.adopted: list[str] = []
        self.rejected: list[int] = []
        self.warnings: list[str] = []

    def adopt(self) -> None:
        """Take what the service has of ours, and count for each intention that it lacks it."""
        listed = self._listing()
        live = {job.batch_job_name for job in self.state.jobs if submission.is_live(job)}
        conclusive = live <= {remote.name for remote in listed.values()}
        for job in open_jobs(self.state):
            remote = listed.get(job.display_name)
            if remote is not None:
                self.adopted.append(remote.name)
                self._save(
                    submission.created(job, name=remote.name, state=remote.state, at=self._now())
                )
            elif isinstance(job, IntendedJob):
                self._doubt(submission.missed(job, conclusive=conclusive))

    def _listing(self) -> Mapping[str, RemoteJob]:
        """Return our jobs on the service by display name; of two with one name, the older."""
        mine: dict[str, RemoteJob] = {}
        for remote in self.service.list_jobs():
            if not remote.display_name.startswith(f"chargen-batch/{self.state.run_id}/"):
                continue
            other = mine.setdefault(remote.display_name, remote)
            if other.name != remote.name:
                older, newer = sorted((other, remote), key=_age)
                mine[remote.display_name] = older
                self.warnings.append(
                    f"{newer.name} is a second job named {newer.display_name}; "
                    f"{older.name} is followed"
                )
        return mine

    def _doubt(self, job: IntendedJob) -> None:
        """Let an intention that was never found be created again, after long enough."""
        again = submission.may_create_again(
            job,
            now=self.clock(),
            intent=parse_iso(job.intent_at),
            wait_s=self.state.config.adopt_wait_s,
        )
        self._save(submission.unsent(job) if again else job)
        if not again:
            self.warnings.append(
                f"job {job.index}: whether the service took it is not known yet; "
                "run submit again in a few minutes"
            )

    def create(self) -> None:
        """Create staged jobs while the service has slots."""
        for job in open_jobs(self.state):
            if isinstance(job, IntendedJob):
                continue
            if self._is_full() and not self._finds_room():
                return
            fresh = self._restaged(job)
            if fresh is not None and not self._create_one(fresh):
                return

    def _is_full(self) -> bool:
        taken = sum(
            submission.is_live(job) or isinstance(job, IntendedJob) for job in self.state.jobs
        )
        return taken >= self.state.config.max_concurrent_jobs

    def _finds_room(self) -> bool:
        """Ask about the live jobs, once a round, since those that have ended left their slots."""
        if self.asked:
            return False
        self.asked = True
        for job in filter(submission.is_live, self.state.jobs):
            with contextlib.suppress(ServiceError):  # what is wrong with a job is for poll to tell
                seen = self.service.get_job(job.batch_job_name)
                self._save(polling.observed(job, seen, at=self._now()))
        return not self._is_full()

    def _restaged(self, job: StagedJob) -> StagedJob | None:
        """Upload again what would not outlive the job; ``None`` where nothing of it can be sent."""
        if not self.uploader.is_stale(job):
            return job
        changed = self.uploader.upload_references(job)
        now = self.uploader.stage(became(WaitingJob, job), changed)
        self._save(now)
        return now if isinstance(now, StagedJob) else None

    def _create_one(self, job: StagedJob) -> bool:
        """Create one job; say whether the next may be tried."""
        intent = submission.intended(job, at=self._now())
        self._save(intent)
        try:
            remote = self.service.create_job(
                model=job.model,
                request_file=job.request_file_name,
                display_name=job.display_name,
            )
        except (ServiceError, NetworkError) as err:
            return self._refused(intent, err)
        self.created.append(remote.name)
        self._save(submission.created(job, name=remote.name, state=remote.state, at=self._now()))
        return True

    def _refused(self, intent: IntendedJob, error: BatchError) -> bool:
        answer = submission.read_create_error(error)
        self.run.log(self._now(), "create", job=intent.index, answer=answer.name, error=str(error))
        match answer:
            case CreateAnswer.UNKNOWN:
                self.warnings.append(f"job {intent.index}: {error}; run submit again")
                return False
            case CreateAnswer.LATER:
                self._save(submission.unsent(intent))
                self.warnings.append(f"job {intent.index} waits for quota: {error}")
                return False
            case CreateAnswer.REJECTED:
                self.rejected.append(intent.index)
                self._save(submission.rejected(intent, error=str(error), at=self._now()))
                self.warnings.append(f"job {intent.index} was refused: {error}")
                return True
            case CreateAnswer.STOP:
                self._save(submission.unsent(intent))
                raise error

    def _save(self, job: Job) -> None:
        """Save a job; the run is submitted from its first settled answer on."""
        at = self._now()
        state = state_machine.with_job(self.state, job, at=at)
        answered = not isinstance(job, IntendedJob) and type(job) is not StagedJob
        if answered and state.phase == "staged":
            state = state_machine.moved(state, "submitted", at=at, command="submit")
        self.state = self.run.save(state)

    def _now(self) -> str:
        return iso(self.clock())


def _age(remote: RemoteJob) -> tuple[float, str]:
    created = remote.created_at.timestamp() if remote.created_at else float("inf")
    return created, remote.name
