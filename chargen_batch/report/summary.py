"""report.json: the summary of a run, from its plan, its state and its ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chargen_batch.model.report import BatchReport, Failure, JobLine, Summary, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.plan import BatchPlan
    from chargen_batch.model.state import RunState


def summarize(plan: BatchPlan, state: RunState, outcomes: Iterable[TaskResult]) -> BatchReport:
    """Return what a run came to.

    Args:
        plan: The run's plan.
        state: Its state.
        outcomes: The last word on each task that has one, in any order.

    """
    last = list(outcomes)
    settled = [outcome for outcome in last if outcome.stage == "settled"]
    reverted = sum(outcome.stage == "reverted" for outcome in last)
    failures = tuple(
        Failure(key=outcome.key, error=outcome.error)
        for outcome in settled
        if outcome.error is not None
    )
    warnings = (f"{outcome.key}: {warning}" for outcome in settled for warning in outcome.warnings)
    return BatchReport(
        run_id=state.run_id,
        phase=state.phase,
        config=state.config,
        timing=_timing(state),
        summary=Summary(
            total=state.total_tasks,
            success=len(settled) - len(failures),
            failed=len(failures),
            open=state.total_tasks - len(settled) - reverted,
            skipped=state.skipped_tasks,
            reverted=reverted,
        ),
        failures=failures,
        jobs=tuple(
            JobLine(
                index=job.index,
                status=str(job.__struct_config__.tag),
                task_count=job.task_count,
                batch_job_name=getattr(job, "batch_job_name", None),
                error=getattr(job, "error", None),
            )
            for job in state.jobs
        ),
        cost=plan.cost,
        warnings=(*plan.warnings, *state.warnings, *warnings),
    )


def _timing(state: RunState) -> Timing:
    """Add up how long the run was in each phase that it has left."""
    phases: dict[str, float] = {}
    entered = datetime.fromisoformat(state.created_at)
    for step in state.history:
        left = datetime.fromisoformat(step.at)
        phases[step.from_] = phases.get(step.from_, 0.0) + (left - entered).total_seconds()
        entered = left
    duration = None
    if state.completed_at:
        whole = datetime.fromisoformat(state.completed_at) - datetime.fromisoformat(
            state.created_at
        )
        duration = round(whole.total_seconds() * 1000)
    return Timing(
        started_at=state.created_at,
        completed_at=state.completed_at,
        duration_ms=duration,
        phases=phases,
    )
