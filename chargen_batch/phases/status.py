"""status: one run in detail, or how far the story is; nothing is asked of the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chargen_batch.core import limits, resuming
from chargen_batch.errors import ExitCode
from chargen_batch.model.state import EndedJob, RunningJob
from chargen_batch.phases.effects import iso, parse_iso
from chargen_batch.phases.run_facts import RunFacts
from chargen_batch.run.lock import holder
from chargen_batch.run.runs import lacks_report

if TYPE_CHECKING:
    from datetime import datetime

    from chargen_batch.config import Project
    from chargen_batch.model.state import Job, JobCounts, RunState
    from chargen_batch.phases.effects import Clock
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.run.lock import LockHolder

# What to type, where it is more than the command's name.
_TYPED: Final = {"poll": "poll --wait"}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job: what it is to us (``status``), and to the service (``state``) when last looked at.

    ``age_s`` is how long it took, or how long it is at work; ``deadline`` when the service gives a
    live one up.
    """

    index: int
    status: str
    task_count: int
    model: str
    name: str | None = None
    state: str | None = None
    counts: JobCounts | None = None
    submitted_at: str | None = None
    ended_at: str | None = None
    age_s: float | None = None
    deadline: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport(RunFacts):
    """Where a run is. ``holder`` is who is at work on it; ``next_command`` what to type next."""

    updated_at: str
    completed_at: str | None
    skipped: int
    jobs: tuple[JobStatus, ...]
    error: str | None
    error_code: str | None
    holder: LockHolder | None
    next_command: str | None
    exit_code: ExitCode = ExitCode.DONE


def run(run: RunDirectory, project: Project, *, clock: Clock) -> StatusReport:
    """Look at a run's documents; its tasks are read only where some have ended, for their prices.

    Raises:
        DocumentError: A document of the run is damaged.

    """
    state, now = run.state(), clock()
    life = timedelta(hours=limits.of(state.config.backend).job_life_h)
    return StatusReport.of(
        run,
        state,
        project,
        now=now,
        updated_at=state.updated_at,
        completed_at=state.completed_at,
        skipped=state.skipped_tasks,
        jobs=tuple(_job(job, now, life) for job in state.jobs),
        error=state.error,
        error_code=state.error_code,
        holder=holder(run.lock_file),
        next_command=_next_command(run, state),
    )


def _next_command(run: RunDirectory, state: RunState) -> str | None:
    is_reported = not (state.is_finished and lacks_report(run))
    command = resuming.next_command(state, (), is_reported=is_reported)
    return command and f"{_TYPED.get(command, command)} --run {state.run_id}"


def _job(job: Job, now: datetime, life: timedelta) -> JobStatus:
    ended_at: str | None = getattr(job, "ended_at", None)
    submitted_at: str | None = getattr(job, "submitted_at", None)
    age_s = deadline = None
    if submitted_at:
        age_s = _seconds(submitted_at, parse_iso(ended_at) if ended_at else now)
        if isinstance(job, RunningJob) and not isinstance(job, EndedJob):
            deadline = iso(parse_iso(submitted_at) + life)
    return JobStatus(
        index=job.index,
        status=str(job.__struct_config__.tag),
        task_count=job.task_count,
        model=job.model,
        name=getattr(job, "batch_job_name", None),
        state=getattr(job, "state", None),
        counts=getattr(job, "counts", None),
        submitted_at=submitted_at,
        ended_at=ended_at,
        age_s=age_s,
        deadline=deadline,
        error=getattr(job, "error", None),
    )


def _seconds(since: str, until: datetime) -> float:
    return (until - parse_iso(since)).total_seconds()
