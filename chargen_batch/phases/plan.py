"""plan: find what the story asks for, decide what is drawn, and write a run."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.config import model_facts
from chargen_batch.core import cost, planning
from chargen_batch.errors import ExitCode, PlanningError
from chargen_batch.model.plan import BatchPlan, CostEstimate, PlanSummary, RunConfig
from chargen_batch.model.state import RunState
from chargen_batch.phases.effects import iso
from chargen_batch.run import runs, spending
from chargen_batch.story.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import Problem
    from chargen_batch.model.plan import Scope, SkipBy
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock
    from chargen_batch.story.scan import StoryScan


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What a plan is asked for; every filter that is empty lets everything through."""

    scope: Scope = "all"
    only: tuple[str, ...] = ()
    target: str | None = None
    model: str | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    max_tasks: int | None = None
    skip: SkipBy = "target"
    skip_invalid: bool = False
    dry_run: bool = False
    max_cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a plan found and made. ``run_id`` is ``None`` where no run was written."""

    run_id: str | None
    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    summary: PlanSummary
    cost: CostEstimate
    exit_code: ExitCode = ExitCode.DONE

    @property
    def planned(self) -> tuple[Verdict, ...]:
        """Return the targets that are drawn."""
        return tuple(verdict for verdict in self.verdicts if verdict.planned)


def run(
    project: Project,
    choices: PlanChoices,
    *,
    clock: Clock,
    suffix: Callable[[], str],
) -> PlanReport:
    """Plan a run and write it, unless there is nothing to do or it is a dry run.

    Args:
        project: The project and its settings.
        choices: What is asked for.
        clock: The time.
        suffix: Makes the random end of a run id.

    Raises:
        PlanningError: The story's files have problems, or the plan costs more than it may.
        ConfigError: The settings ask for what the model does not offer.

    """
    found = _scan(project, choices)
    verdicts = _limited(_judged(project, choices, found), choices.max_tasks)
    tasks = [verdict.task for verdict in verdicts if verdict.planned]
    report = PlanReport(
        run_id=None,
        verdicts=verdicts,
        problems=found.problems,
        warnings=found.warnings,
        summary=_summary(verdicts),
        cost=cost.total(task.estimate for task in tasks),
    )
    _check_cost(report.cost, _most_usd(project, choices))
    if choices.dry_run:
        return report
    if not tasks:
        runs.set_current(project.runs_dir, "")
        return report
    now = clock()
    report = dataclasses.replace(report, run_id=f"{now:%Y%m%dT%H%M%SZ}-{suffix()}")
    _write(project, choices, report, tasks, at=iso(now))
    return report


def _scan(project: Project, choices: PlanChoices) -> StoryScan:
    facts = model_facts(project.settings, _model(project, choices))
    found = scan(
        project.root, project.settings, facts=facts, scope=choices.scope, only=choices.only
    )
    if found.problems and not choices.skip_invalid:
        raise PlanningError(
            f"the story's files have {len(found.problems)} problem(s)",
            problems=found.problems,
            hint="mend them, or plan the rest with --skip-invalid",
        )
    return found


def _model(project: Project, choices: PlanChoices) -> str:
    return choices.model or project.settings.models.generate


def _judged(project: Project, choices: PlanChoices, found: StoryScan) -> Iterator[Verdict]:
    model, held = _model(project, choices), spending.in_flight(project.runs_dir)
    facts = model_facts(project.settings, model)
    shape = planning.Shape(model, facts, choices.aspect_ratio, choices.image_size)
    for target in found.targets:
        if choices.target is None or fnmatch.fnmatchcase(target.target_id, choices.target):
            yield planning.judge(target, project.settings, shape, skip=choices.skip, in_flight=held)


def _limited(verdicts: Iterable[Verdict], most: int | None) -> tuple[Verdict, ...]:
    """Leave out what is planned beyond ``most`` tasks; it waits for another plan."""
    limited, planned = [], 0
    for verdict in verdicts:
        planned += verdict.planned
        over = verdict.planned and most is not None and planned > most
        limited.append(dataclasses.replace(verdict, planned=False) if over else verdict)
    return tuple(limited)


def _summary(verdicts: Sequence[Verdict]) -> PlanSummary:
    kinds = Counter[str](verdict.target.entity_type for verdict in verdicts)
    states = Counter[str](verdict.state for verdict in verdicts)
    return PlanSummary(by_entity_type=dict(kinds), by_state=dict(states))


def _most_usd(project: Project, choices: PlanChoices) -> float | None:
    asked = choices.max_cost_usd
    return project.settings.batch.max_cost_usd if asked is None else asked


def _check_cost(estimate: CostEstimate, most_usd: float | None) -> None:
    if most_usd is None:
        return
    if estimate.batch_usd is None:
        raise PlanningError(
            "the model has no known price, so the plan's cost cannot be held to "
            f"{most_usd:.2f} USD",
            hint="enter its price under prices: in chargen.yaml, or set batch.max_cost_usd: null",
        )
    if estimate.batch_usd > most_usd:
        raise PlanningError(
            f"the plan would cost about {estimate.batch_usd:.2f} USD, more than {most_usd:.2f}",
            hint="plan less (--only, --target, --max-tasks), or raise --max-cost",
        )


def _write(
    project: Project,
    choices: PlanChoices,
    report: PlanReport,
    tasks: Sequence[BatchTask],
    *,
    at: str,
) -> None:
    run_id, config = str(report.run_id), _config(project, choices)
    plan = BatchPlan(
        run_id=run_id,
        created_at=at,
        config=config,
        summary=report.summary,
        warnings=report.warnings,
        task_count=len(tasks),
        cost=report.cost,
    )
    state = RunState(
        run_id=run_id,
        phase="planned",
        created_at=at,
        updated_at=at,
        config=config,
        task_count=len(tasks),
        total_tasks=len(tasks),
        skipped_tasks=len(report.verdicts) - len(tasks),
    )
    runs.make(project.runs_dir, plan, state, tasks)


def _config(project: Project, choices: PlanChoices) -> RunConfig:
    batch = project.settings.batch
    return RunConfig(
        mode="generate",
        scope=choices.scope,
        model=_model(project, choices),
        backend=batch.backend,
        entity_filter=choices.only,
        target_filter=(choices.target,) if choices.target else (),
        skip=choices.skip,
        dry_run=choices.dry_run,
        poll_interval_ms=round(batch.poll_interval_s * 1000),
        upload_concurrency=batch.upload_concurrency,
        cleanup_after_success=batch.cleanup_after_success,
        max_tasks_per_job=batch.max_tasks_per_job,
        max_job_bytes=batch.max_job_bytes,
        max_concurrent_jobs=batch.max_concurrent_jobs,
        max_staged_bytes=batch.max_staged_bytes,
        adopt_wait_s=batch.adopt_wait_s,
        min_file_life_h=batch.min_file_life_h,
    )
