"""What a plan may cost, and what may be created: the caps, with other runs counted in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.config import model_facts, model_table
from chargen_batch.core import cost
from chargen_batch.errors import ExecutionError, PlanningError
from chargen_batch.model.task import TaskSource
from chargen_batch.phases.submitting import pending_jobs
from chargen_batch.run import expenses, spending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.cost import Alternative
    from chargen_batch.model.plan import CostEstimate
    from chargen_batch.model.state import RunState
    from chargen_batch.model.task import BatchTask
    from chargen_batch.run.directory import RunDirectory

_NOWHERE: Final = TaskSource(file="")


def billed(task: BatchTask) -> BatchTask:
    """Return what decides on the price of a task, without its texts: there may be many."""
    return msgspec.structs.replace(
        task,
        **dict.fromkeys(("key", "title", "description", "prompt", "negative_prompt"), ""),
        **dict.fromkeys(("output_dir", "output_file_name_hint"), ""),
        tags=(),
        source=_NOWHERE,
    )


def hold(
    project: Project, asked_usd: float | None, tasks: Sequence[BatchTask], estimate: CostEstimate
) -> None:
    """Refuse a plan that costs more than it may, unfinished runs counted in.

    Args:
        project: The project, whose settings have the cap unless the command has.
        asked_usd: The command's cap.
        tasks: What is planned.
        estimate: What it is expected to cost.

    Raises:
        PlanningError: It costs more, or a price is not known.

    """
    most_usd = project.settings.batch.max_cost_usd if asked_usd is None else asked_usd
    if most_usd is None or not tasks:
        return
    if estimate.batch_usd is None:
        raise PlanningError(
            f"{_unpriced(tasks)} has no known price, so the plan's cost cannot be held to "
            f"{most_usd:.2f} USD",
            hint="enter its price under prices: in chargen.yaml, or set batch.max_cost_usd: null",
        )
    names = {(task.entity_type, task.entity_slug, task.target_id) for task in tasks}
    backend = project.settings.batch.backend
    others = spending.unfinished_usd(project.runs_dir, backend=backend, but=names)
    if not estimate.batch_usd + others.usd <= most_usd:  # nor is a cap that is no number kept
        raise PlanningError(
            f"the plan would cost about {estimate.batch_usd:.2f} USD{_with(others)}, "
            f"more than {most_usd:.2f}",
            hint="plan less (--only, --target, --max-tasks), or raise --max-cost",
        )


def hold_creation(project: Project, run: RunDirectory, state: RunState, *, month: str) -> None:
    """Refuse to create a run's pending jobs where they would cost more than they may.

    Two limits: the cap that the run was planned with, unfinished runs counted in as plan does, and
    the project's budget for the month. Call it under the spend lock.

    Args:
        project: The project, whose settings have the budget.
        run: The run's directory.
        state: Its state.
        month: The month that it is, as ``2026-11``.

    Raises:
        ExecutionError: They would, or a price is not known.

    """
    most_usd, budget_usd = state.config.max_cost_usd, project.settings.batch.monthly_budget_usd
    if most_usd is None and budget_usd is None:
        return
    waiting = [billed(task) for task in spending.tasks(run, pending_jobs(state))]
    if unpriced := _unpriced(waiting):
        raise ExecutionError(
            f"{unpriced} has no known price, so the cost of run {state.run_id} cannot be held to "
            "a limit",
            hint="enter its price under prices: in chargen.yaml, and plan anew",
        )
    usd = sum(task.estimate.cost_usd or 0.0 for task in waiting)
    if most_usd is not None:
        _hold_to_cap(run, state, usd, most_usd)
    if budget_usd is not None:
        _hold_to_budget(project, state, usd, budget_usd, month=month)


def _hold_to_cap(run: RunDirectory, state: RunState, usd: float, most_usd: float) -> None:
    own = frozenset(spending.targets(run, state.jobs))
    others = spending.unfinished_usd(run.path.parent, backend=state.config.backend, but=own)
    if not usd + others.usd <= most_usd:
        raise ExecutionError(
            f"run {state.run_id} would cost about {usd:.2f} USD{_with(others)}, more than the "
            f"{most_usd:.2f} of batch.max_cost_usd that it was planned with",
            hint="finish or cancel the other runs first, or cancel this one and plan less",
        )


def _hold_to_budget(
    project: Project, state: RunState, usd: float, budget_usd: float, *, month: str
) -> None:
    runs_dir, backend = project.runs_dir, state.config.backend
    facts = partial(model_facts, project.settings)
    known = expenses.by_month(runs_dir, facts=facts, backend=backend)
    if known.unreadable:
        raise ExecutionError(
            f"what was spent in {month} is not known, so it cannot be held to "
            f"batch.monthly_budget_usd: {known.unreadable[0]}",
            hint="restore that run from a backup, or move its folder away",
        )
    spent = known.months.get(month, 0.0)
    live = spending.committed_usd(runs_dir, backend=backend)
    if spent + live + usd > budget_usd:
        raise ExecutionError(
            f"run {state.run_id} would cost about {usd:.2f} USD, with {spent:.2f} spent in {month} "
            f"and {live:.2f} at work more than batch.monthly_budget_usd, {budget_usd:.2f}",
            hint="raise batch.monthly_budget_usd in chargen.yaml, or submit next month",
        )


def _with(others: spending.Unfinished) -> str:
    if not others.run_ids:
        return ""
    return f", with {others.usd:.2f} of what is unfinished ({', '.join(others.run_ids)})"


def warnings(tasks: Sequence[BatchTask]) -> Iterator[str]:
    """Say which models have no price: their part of a plan passes no cap."""
    if unpriced := _unpriced(tasks):
        yield (
            f"{unpriced} has no known price, so what this costs is not known: "
            "enter it under prices: in chargen.yaml"
        )


def _unpriced(tasks: Sequence[BatchTask]) -> str:
    names = dict.fromkeys(
        f"{task.model} at {task.image_size}" if task.image_size else task.model
        for task in tasks
        if task.estimate.cost_usd is None
    )
    return " and ".join(names)


def cheaper(project: Project, tasks: Sequence[BatchTask]) -> tuple[Alternative, ...]:
    """Return what the same would cost on the cheaper models that the table knows."""
    if not tasks:
        return ()
    model, settings = tasks[0].model, project.settings
    return cost.cheaper(
        tasks, model, {**model_table(settings), model: model_facts(settings, model)}
    )
