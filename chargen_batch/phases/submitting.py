"""What the steps of one submit share: the run's state as it goes, and what is to be reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import state_machine
from chargen_batch.model.events import JobSeen
from chargen_batch.model.state import IntendedJob, LostJob, RunningJob, StagedJob, WaitingJob
from chargen_batch.phases import settling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.telling import Tally

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, RunState
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, RemoteJob


def open_jobs(state: RunState) -> list[WaitingJob | StagedJob]:
    """Return the jobs that were not created, or are not known to be."""
    return [
        job
        for job in state.jobs
        if isinstance(job, WaitingJob | StagedJob) and not isinstance(job, RunningJob)
    ]


def pending_jobs(state: RunState) -> list[WaitingJob | StagedJob]:
    """Return the jobs that are to be created: all open ones but those whose answer got lost."""
    return [job for job in open_jobs(state) if not isinstance(job, IntendedJob)]


class Round:
    """One round of submitting: the state as it goes, what the service has, and what happened."""

    def __init__(
        self,
        run: RunDirectory,
        state: RunState,
        service: BatchService,
        clock: Clock,
        tell: Tell = silent,
    ) -> None:
        self.run, self.state, self.service, self.clock = run, state, service, clock
        self.tell = tell
        settled = len(state.jobs) - len(open_jobs(state))
        self._settled = Tally(
            tell, state.run_id, "submitting", "jobs", len(state.jobs), done=settled
        )
        self.listed: list[RemoteJob] = []
        self.created: list[str] = []
        self.adopted: list[str] = []
        self.rejected: list[int] = []
        self.warnings: list[str] = []

    def save(self, job: Job, *, recount: bool = False) -> None:
        """Save a job; the run is submitted from its first settled answer on.

        With ``recount`` the run's counts are taken anew: tasks were ended.
        """
        at = self.now()
        state = state_machine.with_job(self.state, job, at=at)
        if recount:
            state = settling.counted(self.run, state)
        if isinstance(job, RunningJob | LostJob) and state.phase == "staged":
            state = state_machine.moved(state, "submitted", at=at, command="submit")
        self.state = self.run.save(state)
        self._tell_of(job)

    def _tell_of(self, job: Job) -> None:
        if isinstance(job, RunningJob):
            self.tell(
                JobSeen(
                    run_id=self.state.run_id,
                    index=job.index,
                    name=job.batch_job_name,
                    state=job.state,
                    counts=job.counts,
                )
            )
        total = len(self.state.jobs)
        self._settled.reach(total - len(open_jobs(self.state)), f"job {job.index}", total=total)

    def replace(self, first: WaitingJob, second: WaitingJob) -> None:
        """Save a job as its two halves, in one write."""
        state = state_machine.with_parts(self.state, first, second, at=self.now())
        self.state = self.run.save(state)

    def now(self) -> str:
        """Return the time as the documents have it."""
        return iso(self.clock())
