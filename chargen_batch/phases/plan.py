"""plan: find what the story asks for, decide what is drawn, and write a run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chargen_batch.core import cost, selection, state_machine
from chargen_batch.errors import ExitCode
from chargen_batch.model.plan import BatchPlan, CostEstimate, PlanSummary, RunConfig
from chargen_batch.phases import judging, money, telling
from chargen_batch.phases.decided import Decided
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.plan_choices import PlanChoices
from chargen_batch.run import runs
from chargen_batch.story import collector
from chargen_batch.story.cache import StoryCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.cost import Alternative
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import Problem
    from chargen_batch.phases.effects import Clock, Tell

__all__ = ["Draft", "PlanChoices", "PlanReport", "config_of", "drafted", "run", "write"]


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a plan found and made. ``run_id`` is ``None`` where no run was written.

    ``planned`` are the targets that are drawn; ``left_out`` counts the others by state. Where
    they are many, they wait in a file, and each look at one reads it anew.
    """

    run_id: str | None
    verdicts: Sequence[Verdict]
    planned: Sequence[Verdict]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    summary: PlanSummary
    cost: CostEstimate
    cheaper: tuple[Alternative, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan of which nothing is written yet; ``known_runs`` had ended when it was made."""

    report: PlanReport
    known_runs: tuple[str, ...]
    cache: StoryCache

    @property
    def run_id(self) -> str | None:
        """Return no run: none is written yet."""
        return self.report.run_id

    @property
    def exit_code(self) -> ExitCode:
        """Return what a command that writes nothing ends with."""
        return self.report.exit_code

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what a person should know of it."""
        return self.report.warnings


@telling.on_project("plan")
@collector.paused()
def run(
    project: Project,
    choices: PlanChoices,
    *,
    clock: Clock,
    suffix: Callable[[], str],
    tell: Tell = silent,
) -> PlanReport:
    """Plan a run and write it, unless there is nothing to do or it is a dry run.

    Args:
        project: The project and its settings.
        choices: What is asked for.
        clock: The time.
        suffix: Makes the random end of a run id.
        tell: Who is told how far it is.

    Raises:
        PlanningError: The story's files have problems, or the plan costs more than it may.
        ConfigError: The settings ask for what the model does not offer.

    """
    draft = _drafted(project, choices, tell)
    if choices.dry_run:
        return draft.report
    return _written(project, choices, draft, clock, suffix)


@telling.on_project("plan")
@collector.paused()
def drafted(project: Project, choices: PlanChoices, *, tell: Tell = silent) -> Draft:
    """Plan a run and write nothing; what it raises is what ``run`` does."""
    return _drafted(project, choices, tell)


def _drafted(project: Project, choices: PlanChoices, tell: Tell) -> Draft:
    cache = StoryCache(project.root)
    found = judging.scanned(project, choices, cache, tell)
    past = judging.history_of(project, choices)
    verdicts = selection.limited(judging.judged(project, choices, found, past), choices.max_tasks)
    decided = Decided.of(verdicts, cache.folder)
    tasks = decided.billed
    report = PlanReport(
        run_id=None,
        verdicts=decided.verdicts,
        planned=decided.planned,
        problems=found.problems,
        warnings=(*found.warnings, *past.warnings, *money.warnings(tasks)),
        summary=decided.tally.summary(),
        cost=cost.total(task.estimate for task in tasks),
        cheaper=money.cheaper(project, tasks),
        left_out=decided.tally.left_out,
    )
    money.hold(project, choices.max_cost_usd, tasks, report.cost)
    return Draft(report, past.ended, cache)


@telling.on_project("plan", warns=False)
def write(
    project: Project,
    choices: PlanChoices,
    draft: Draft,
    *,
    clock: Clock,
    suffix: Callable[[], str],
    tell: Tell = silent,  # noqa: ARG001 - on_project tells for it
) -> PlanReport:
    """Write the run that a draft is of, to the letter; where it is of nothing, that is noted."""
    return _written(project, choices, draft, clock, suffix)


def _written(
    project: Project, choices: PlanChoices, draft: Draft, clock: Clock, suffix: Callable[[], str]
) -> PlanReport:
    draft.cache.save()
    report, now = draft.report, clock()
    if not report.planned:
        runs.set_current(project.runs_dir, "")
        return report
    plan = BatchPlan(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{suffix()}",
        created_at=iso(now),
        config=config_of(project, choices),
        summary=report.summary,
        warnings=report.warnings,
        task_count=len(report.planned),
        cost=report.cost,
        known_runs=draft.known_runs,
    )
    skipped = len(report.verdicts) - len(report.planned)
    tasks = (verdict.task for verdict in report.planned)
    runs.make(project.runs_dir, plan, state_machine.first(plan, skipped=skipped), tasks)
    return dataclasses.replace(report, run_id=plan.run_id)


def config_of(project: Project, choices: PlanChoices) -> RunConfig:
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
        "model": judging.model_of(project, choices),
        "entity_filter": choices.only,
        "target_filter": (choices.target,) if choices.target else (),
        "image_type_filter": choices.image_type,
        "poll_interval_ms": round(batch.poll_interval_s * 1000),
        "max_cost_usd": most_usd,
    }
    return RunConfig(**{**kept, **named})
