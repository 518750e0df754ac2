"""The phases of a run: which may follow which, and which command is for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch.errors import DocumentError, StateError
from chargen_batch.model.state import (
    DownloadedJob,
    EndedJob,
    IntendedJob,
    LostJob,
    RunningJob,
    RunState,
    StagedJob,
    Transition,
    WaitingJob,
)

if TYPE_CHECKING:
    from chargen_batch.model.plan import BatchPlan
    from chargen_batch.model.state import Job, Phase

TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    "planned": frozenset({"staging", "cancelled"}),
    "staging": frozenset({"staged", "cancelled"}),
    "staged": frozenset({"submitted", "cancelled"}),
    "submitted": frozenset({"running", "cancelled"}),
    "running": frozenset({"downloading", "failed", "cancelled"}),
    "downloading": frozenset({"applying", "failed"}),
    "applying": frozenset({"completed"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

# The phases in which a command has, or may have, something to do.
PHASES_FOR: dict[str, frozenset[Phase]] = {
    "stage": frozenset({"planned", "staging", "staged"}),
    "submit": frozenset({"staged", "submitted", "running"}),
    "poll": frozenset({"submitted", "running"}),
    "download": frozenset({"running", "downloading", "applying"}),
    "apply": frozenset({"applying"}),
    "report": frozenset(TRANSITIONS),
    "cancel": frozenset({"planned", "staging", "staged", "submitted", "running"}),
    "retry": frozenset({"completed", "failed", "cancelled"}),
    "cleanup": frozenset({"completed", "failed", "cancelled"}),
    "revert": frozenset({"completed"}),
}

NEXT_COMMAND: dict[Phase, str] = {
    "planned": "stage",
    "staging": "stage",
    "staged": "submit",
    "submitted": "poll",
    "running": "poll",
    "downloading": "download",
    "applying": "apply",
    "completed": "report",
    "failed": "report",
    "cancelled": "report",
}

_ORDER: tuple[Phase, ...] = tuple(TRANSITIONS)

# A job is settled when nothing more is asked of the service for it.
SETTLED_JOBS = (DownloadedJob, LostJob)

# The phases in which tasks need not be cut into jobs yet.
_WITHOUT_JOBS: frozenset[Phase] = frozenset({"planned", "staging", "cancelled"})

# The only kinds of job that a run in some phases can have, and what another kind would mean.
_UNFETCHED = "a job has results that were not fetched"
_JOBS_IN: dict[Phase, tuple[tuple[type, ...], str]] = {
    "downloading": ((EndedJob, LostJob), "a job has not ended"),
    "applying": (SETTLED_JOBS, _UNFETCHED),
    "completed": (SETTLED_JOBS, _UNFETCHED),
    "failed": ((LostJob,), "a job is not lost"),
}


def first(plan: BatchPlan, *, skipped: int = 0) -> RunState:
    """Return the state that a run of a plan begins in; ``skipped`` targets are not drawn."""
    return RunState(
        run_id=plan.run_id,
        parent_run_id=plan.parent_run_id,
        phase="planned",
        created_at=plan.created_at,
        updated_at=plan.created_at,
        config=plan.config,
        task_count=plan.task_count,
        total_tasks=plan.task_count,
        skipped_tasks=skipped,
    )


def moved(state: RunState, to: Phase, *, at: str, command: str) -> RunState:
    """Return the state in another phase, with the change in its history.

    Raises:
        StateError: The table does not allow this change.

    """
    if to not in TRANSITIONS[state.phase]:
        raise StateError(f"run {state.run_id} cannot go from {state.phase} to {to}")
    step = Transition(at=at, from_=state.phase, to=to, command=command)
    return msgspec.structs.replace(
        state,
        phase=to,
        updated_at=at,
        completed_at=at if not TRANSITIONS[to] else state.completed_at,
        history=(*state.history, step),
    )


def with_job(state: RunState, job: Job, *, at: str) -> RunState:
    """Return the state with one job replaced by what it is now."""
    jobs = tuple(job if old.index == job.index else old for old in state.jobs)
    return msgspec.structs.replace(state, jobs=jobs, updated_at=at)


def with_parts(state: RunState, first: Job, second: Job, *, at: str) -> RunState:
    """Return the state with one job replaced by its two halves; the first has its number."""
    jobs = [job for old in state.jobs for job in _parts(old, first, second)]
    return msgspec.structs.replace(state, jobs=tuple(jobs), updated_at=at)


def _parts(old: Job, first: Job, second: Job) -> tuple[Job, ...]:
    return (first, second) if old.index == first.index else (old,)


def is_past(state: RunState, command: str) -> bool:
    """Say whether a run has gone beyond what a command does."""
    return all(_ORDER.index(state.phase) > _ORDER.index(phase) for phase in PHASES_FOR[command])


def require(state: RunState, command: str) -> bool:
    """Say whether a command has something to do on a run; false where its work is done.

    Raises:
        StateError: The command comes too early; the hint names the one to type.

    """
    if state.phase in PHASES_FOR[command]:
        return True
    if is_past(state, command):
        return False
    raise StateError(
        f"run {state.run_id} is {state.phase}: too early to {command}",
        hint=f"type: chargen-batch {next_command(state)} --run {state.run_id}",
    )


def next_command(state: RunState) -> str:
    """Return the command that moves a run on: cancel, where somebody wants it cancelled."""
    return "cancel" if is_cancelling(state) else NEXT_COMMAND[state.phase]


def is_cancelling(state: RunState) -> bool:
    """Say whether somebody wants a run cancelled and it is not yet, nor beyond it."""
    return state.cancel_requested_at is not None and state.phase in PHASES_FOR["cancel"]


def check(state: RunState) -> None:
    """Check that a state is one that a run can be in.

    Raises:
        DocumentError: Counts, jobs and phase contradict each other.

    """
    wrong = _contradiction(state)
    if wrong:
        raise DocumentError(
            f"state.json of run {state.run_id} contradicts itself: {wrong}",
            hint="restore it from a backup; nothing was changed",
        )


def _contradiction(state: RunState) -> str | None:
    if state.completed_tasks + state.failed_tasks + state.reverted_tasks > state.total_tasks:
        return "more tasks have ended than there are"
    # A job that was split keeps its number, and its second half takes the next free one.
    if sorted(job.index for job in state.jobs) != list(range(1, len(state.jobs) + 1)):
        return "jobs are not numbered 1, 2, ..."
    if not state.jobs and state.phase not in _WITHOUT_JOBS:
        return f"{state.phase}, and there are no jobs"
    if _cut_badly(state.jobs, state.task_count):
        return "jobs do not hold the plan's tasks one after another"
    return _misfit(state)


def _misfit(state: RunState) -> str | None:
    if state.phase in {"planned", "staging"} and any(map(_may_exist, state.jobs)):
        return f"{state.phase}, and a job was created"
    kinds, trouble = _JOBS_IN.get(state.phase, ((), ""))
    if kinds and not _all(state.jobs, kinds):
        return f"{state.phase}, and {trouble}"
    return None


def _cut_badly(jobs: tuple[Job, ...], task_count: int) -> bool:
    first = 0
    for job in jobs:
        if job.first_task != first or job.task_count < 1:
            return True
        first += job.task_count
    return bool(jobs) and first != task_count


def _all(jobs: tuple[Job, ...], kinds: tuple[type, ...]) -> bool:
    return all(isinstance(job, kinds) for job in jobs)


def _may_exist(job: Job) -> bool:
    """Say whether the service may have a job; one whose tasks all ended before is lost unasked."""
    if isinstance(job, LostJob):
        return job.batch_job_name is not None
    return type(job) not in {WaitingJob, StagedJob}


def phase_after_poll(jobs: tuple[Job, ...]) -> Phase:
    """Return the phase that polled jobs put a run in.

    ``downloading`` when no job waits, is intended or lives and some have results, ``failed`` when
    none has, else ``running``.
    """
    kinds = {type(job) for job in jobs}
    if kinds & {WaitingJob, StagedJob, IntendedJob, RunningJob}:
        return "running"
    return "downloading" if kinds & {EndedJob, DownloadedJob} else "failed"
