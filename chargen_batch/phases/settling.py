"""Ending tasks without a result: the ledger line, the dead letter, and the run's counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import state_machine
from chargen_batch.model.outcome import DeadLetter, TaskError, TaskResult
from chargen_batch.model.state import LostJob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.state import RunState
    from chargen_batch.model.task import BatchTask
    from chargen_batch.run.directory import RunDirectory


def ledger(run: RunDirectory) -> dict[str, TaskResult]:
    """Return the last word on each task that has one, by key."""
    return {outcome.key: outcome for outcome in run.outcomes()}


def failure(task: BatchTask, error: TaskError, *, job: int, at: str) -> TaskResult:
    """Return the outcome of a task that failed."""
    return TaskResult(key=task.key, stage="settled", status="failed", job=job, at=at, error=error)


def bury(
    run: RunDirectory,
    failures: Iterable[tuple[BatchTask, TaskResult]],
    *,
    responses: dict[str, str] | None = None,
) -> None:
    """Write dead letters, and then the ledger lines that say so: killed between, it is done again.

    Args:
        run: The run's directory.
        failures: Tasks with their outcomes.
        responses: The service's raw answers without image data, by key.

    """
    outcomes = []
    for task, outcome in failures:
        if outcome.error is not None:
            run.add_dead_letter(
                DeadLetter(
                    run_id=run.run_id,
                    task=task,
                    error=outcome.error,
                    attempts=task.attempt,
                    at=outcome.at,
                    response=(responses or {}).get(task.key),
                )
            )
        outcomes.append(outcome)
    run.add_outcomes(outcomes)


def settle_lost(run: RunDirectory, jobs: Iterable[LostJob]) -> None:
    """End every task of lost jobs that has no outcome yet."""
    known = ledger(run)
    for job in jobs:
        error = TaskError(code=job.code, message=job.error, retryable=job.code != "JOB_REJECTED")
        bury(
            run,
            (
                (task, failure(task, error, job=job.index, at=job.ended_at))
                for task in run.tasks(job.first_task, job.task_count)
                if task.key not in known
            ),
        )


def counted(run: RunDirectory, state: RunState) -> RunState:
    """Return the state with its counts taken from the ledger."""
    known = ledger(run).values()
    settled = [outcome for outcome in known if outcome.stage == "settled"]
    failed = sum(outcome.status == "failed" for outcome in settled)
    return msgspec.structs.replace(
        state,
        completed_tasks=len(settled) - failed,
        failed_tasks=failed,
        reverted_tasks=sum(outcome.stage == "reverted" for outcome in known),
    )


def fail(run: RunDirectory, state: RunState, *, at: str, command: str) -> RunState:
    """End a run of which every job was lost: all its tasks are settled so."""
    lost = [job for job in state.jobs if isinstance(job, LostJob)]
    settle_lost(run, lost)
    state = counted(run, state)
    state = msgspec.structs.replace(state, error=lost[0].error, error_code=lost[0].code)
    run.log(at, "phase", before=state.phase, after="failed")
    return run.save(state_machine.moved(state, "failed", at=at, command=command))
