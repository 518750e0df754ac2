"""The documents of the commands on a story: what it has, what is wrong in it, what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch.cli.documents.base import Document, Part
from chargen_batch.core.differences import Difference
from chargen_batch.errors import ExitCode, Problem
from chargen_batch.model.plan import CostEstimate, PlanSummary
from chargen_batch.model.target import PromptSection, TargetState
from chargen_batch.model.task import BatchTask, EntityType, TaskKind

if TYPE_CHECKING:
    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.phases.plan import PlanReport
    from chargen_batch.phases.show import ShowReport


class Init(Document, frozen=True, kw_only=True, tag="init"):
    """The folder, and the files that were written there."""

    folder: Path
    written: tuple[str, ...]


class Validate(Document, frozen=True, kw_only=True, tag="validate"):
    """What is wrong in the story's files and the configuration."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    unread: tuple[Problem, ...]
    targets: int


class Alternative(Part, frozen=True, kw_only=True):
    """What a plan would cost on another model."""

    model: str
    batch_usd: float
    interactive_usd: float
    sizes: tuple[str, ...]


class PlanTarget(Part, frozen=True, kw_only=True):
    """A target, the state it is in and why, and what would be sent for it."""

    key: str
    kind: TaskKind
    entity_type: EntityType
    entity_slug: str
    target_id: str
    variant: int
    state: TargetState
    reason: str
    differs: tuple[Difference, ...]
    planned: bool
    prompt: str
    references: tuple[str, ...]
    output: str
    cost_usd: float | None
    prompt_diff: str | msgspec.UnsetType = msgspec.UNSET


class Plan(Document, frozen=True, kw_only=True, tag="plan"):
    """What a plan found and made; no ``run_id`` where no run was written."""

    run_id: str | None
    summary: PlanSummary
    cost: CostEstimate
    cheaper: tuple[Alternative, ...]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    targets: tuple[PlanTarget, ...]


class Show(Document, frozen=True, kw_only=True, tag="show"):
    """One task: its prompt section by section, its references, its request."""

    run_id: str | None
    state: TargetState | None
    reason: str | None
    outdated: bool
    task: BatchTask
    now: BatchTask | None
    sections: tuple[PromptSection, ...]
    request: dict[str, Any]


class Setting(Part, frozen=True, kw_only=True):
    """One setting, and where its value came from."""

    name: str
    value: Any
    origin: str


class Config(Document, frozen=True, kw_only=True, tag="config"):
    """Every setting."""

    project: Path
    prices_of: str
    settings: tuple[Setting, ...]


def plan_document(report: PlanReport, code: ExitCode, *, diff: bool) -> Plan:
    """Return what a plan found; ``diff`` adds the words that changed in each prompt."""
    return Plan(
        exit_code=code,
        run_id=report.run_id,
        summary=report.summary,
        cost=report.cost,
        cheaper=msgspec.convert(report.cheaper, tuple[Alternative, ...], from_attributes=True),
        warnings=report.warnings,
        problems=report.problems,
        targets=tuple(_target(verdict, diff=diff) for verdict in report.verdicts),
    )


def _target(verdict: Verdict, *, diff: bool) -> PlanTarget:
    task = verdict.task
    return PlanTarget(
        key=task.key,
        kind=task.kind,
        entity_type=task.entity_type,
        entity_slug=task.entity_slug,
        target_id=task.target_id,
        variant=task.variant,
        state=verdict.state,
        reason=verdict.reason,
        differs=verdict.differs,
        planned=verdict.planned,
        prompt=task.prompt,
        references=tuple(image.path for image in task.images),
        output=verdict.output,
        cost_usd=task.estimate.cost_usd,
        prompt_diff=verdict.prompt_diff if diff else msgspec.UNSET,
    )


def show_document(report: ShowReport) -> Show:
    """Return one task as it is, or would be, sent."""
    verdict = report.verdict
    return Show(
        exit_code=report.exit_code,
        run_id=report.run_id,
        state=verdict.state if verdict else None,
        reason=verdict.reason if verdict else None,
        outdated=report.is_outdated,
        task=report.task,
        now=report.now,
        sections=verdict.target.sections if verdict else (),
        request=dict(report.request),
    )


def config_document(project: Project) -> Config:
    """Return every setting of a project."""
    from chargen_batch.config import all_settings, prices_date

    settings = [*all_settings(project)]
    return Config(
        exit_code=ExitCode.DONE,
        project=project.root,
        prices_of=prices_date(),
        settings=msgspec.convert(settings, tuple[Setting, ...], from_attributes=True),
    )
