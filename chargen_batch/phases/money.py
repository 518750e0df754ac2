"""What a plan may cost: its cap, with the unfinished runs counted in, and what would be cheaper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.config import model_facts, model_table
from chargen_batch.core import cost
from chargen_batch.errors import PlanningError
from chargen_batch.run import spending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.cost import Alternative
    from chargen_batch.model.plan import CostEstimate
    from chargen_batch.model.task import BatchTask


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
    if estimate.batch_usd + others.usd > most_usd:
        raise PlanningError(
            f"the plan would cost about {estimate.batch_usd:.2f} USD{_with(others)}, "
            f"more than {most_usd:.2f}",
            hint="plan less (--only, --target, --max-tasks), or raise --max-cost",
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
