"""plan: find what the story asks for, decide what is drawn, and write a run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chargen_batch.config import model_facts
from chargen_batch.core import cost, planning, selection
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import ExitCode, PlanningError
from chargen_batch.model.plan import BatchPlan, CostEstimate, PlanSummary, RunConfig
from chargen_batch.model.state import RunState
from chargen_batch.phases import money
from chargen_batch.phases.effects import iso
from chargen_batch.run import history, runs
from chargen_batch.story import collector
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.cost import Alternative
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import Problem
    from chargen_batch.model.history import History
    from chargen_batch.model.plan import Scope, SkipBy
    from chargen_batch.model.target import Target
    from chargen_batch.model.task import BatchTask, TaskKind
    from chargen_batch.phases.effects import Clock
    from chargen_batch.story.prompt.context import PromptMode
    from chargen_batch.story.scan import StoryScan


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What a plan is asked for; every filter that is empty lets everything through."""

    mode: TaskKind = "generate"
    scope: Scope = "all"
    only: tuple[str, ...] = ()
    target: str | None = None
    model: str | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    max_tasks: int | None = None
    image_type: str | None = None
    skip: SkipBy = "target"
    retry_refused: bool = False
    variants: int = 1
    portraits: bool = False
    prompt_mode: PromptMode = "auto"
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
    cheaper: tuple[Alternative, ...] = ()
    exit_code: ExitCode = ExitCode.DONE

    @property
    def planned(self) -> tuple[Verdict, ...]:
        """Return the targets that are drawn."""
        return tuple(verdict for verdict in self.verdicts if verdict.planned)


@collector.paused()
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
    cache = StoryCache(project.root)
    found = _scan(project, choices, cache)
    past = _history(project, choices)
    verdicts = selection.limited(_judged(project, choices, found, past), choices.max_tasks)
    tasks = [verdict.task for verdict in verdicts if verdict.planned]
    report = PlanReport(
        run_id=None,
        verdicts=verdicts,
        problems=found.problems,
        warnings=(*found.warnings, *past.warnings, *money.warnings(tasks)),
        summary=selection.summary(verdicts),
        cost=cost.total(task.estimate for task in tasks),
        cheaper=money.cheaper(project, tasks),
    )
    money.hold(project, choices.max_cost_usd, tasks, report.cost)
    if choices.dry_run:
        return report
    cache.save()
    if not tasks:
        runs.set_current(project.runs_dir, "")
        return report
    now = clock()
    report = dataclasses.replace(report, run_id=f"{now:%Y%m%dT%H%M%SZ}-{suffix()}")
    _write(project, choices, report, tasks, at=iso(now), known_runs=past.ended)
    return report


def _scan(project: Project, choices: PlanChoices, cache: StoryCache) -> StoryScan:
    found = _looked_at(project, choices, cache)
    if found.problems and not choices.skip_invalid:
        raise PlanningError(
            f"the story's files have {len(found.problems)} problem(s)",
            problems=found.problems,
            hint="mend them, or plan the rest with --skip-invalid",
        )
    return found


def _looked_at(project: Project, choices: PlanChoices, cache: StoryCache) -> StoryScan:
    if choices.mode == "analyze":
        from chargen_batch.story.analysis import scan_analysis  # noqa: PLC0415 - for this mode only

        return scan_analysis(
            project.root, project.settings, scope=choices.scope, only=choices.only, cache=cache
        )
    facts = model_facts(project.settings, _model(project, choices))
    return scan(
        project.root,
        project.settings,
        facts=facts,
        scope=choices.scope,
        only=choices.only,
        cache=cache,
        prompt_mode=choices.prompt_mode,
        portraits=choices.portraits,
    )


def _model(project: Project, choices: PlanChoices) -> str:
    models = project.settings.models
    return choices.model or (models.analyze if choices.mode == "analyze" else models.generate)


def _history(project: Project, choices: PlanChoices) -> History:
    rehearsal = project.settings.batch.backend == EMULATOR
    return history.read(project.runs_dir, project.root, rehearsal=rehearsal, kind=choices.mode)


def _judged(
    project: Project, choices: PlanChoices, found: StoryScan, past: History
) -> Iterator[Verdict]:
    model = _model(project, choices)
    facts = model_facts(project.settings, model)
    shape = planning.Shape(model, facts, choices.aspect_ratio, choices.image_size)
    chosen = selection.Filter(choices.target, choices.image_type)
    retry = choices.retry_refused
    for target in filter(chosen.lets_through, found.targets):
        verdict = _verdict(project, choices, shape, target, past)
        yield from planning.candidates(verdict, choices.variants, past, retry_refused=retry)


def _verdict(
    project: Project, choices: PlanChoices, shape: planning.Shape, target: Target, past: History
) -> Verdict:
    settings, skip, retry = project.settings, choices.skip, choices.retry_refused
    if choices.mode == "analyze":
        from chargen_batch.core import analysis_tasks as tasks  # noqa: PLC0415 - the same

        task = tasks.analysis_task(target, settings, shape.model, shape.facts)
        return tasks.judge_analysis(target, task, skip=skip, history=past, retry_refused=retry)
    return planning.judge(target, settings, shape, skip=skip, history=past, retry_refused=retry)


def _write(
    project: Project,
    choices: PlanChoices,
    report: PlanReport,
    tasks: Sequence[BatchTask],
    *,
    at: str,
    known_runs: tuple[str, ...],
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
        known_runs=known_runs,
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
    """Keep the settings and choices of a run as they are now, by their names."""
    batch = project.settings.batch
    kept: dict[str, Any] = {
        name: getattr(source, name)
        for source in (batch, choices)
        for name in RunConfig.__struct_fields__
        if hasattr(source, name)
    }
    most_usd = batch.max_cost_usd if choices.max_cost_usd is None else choices.max_cost_usd
    named = {
        "model": _model(project, choices),
        "entity_filter": choices.only,
        "target_filter": (choices.target,) if choices.target else (),
        "image_type_filter": choices.image_type,
        "poll_interval_ms": round(batch.poll_interval_s * 1000),
        "max_cost_usd": most_usd,
    }
    return RunConfig(**{**kept, **named})
