"""runs: the history of a project, and what it has cost; nothing is asked of the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.config import model_facts
from chargen_batch.core import resuming
from chargen_batch.errors import DocumentError, ExitCode
from chargen_batch.phases.effects import iso
from chargen_batch.phases.run_facts import RunFacts
from chargen_batch.run import expenses, runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chargen_batch.config import Project
    from chargen_batch.model.settings import ModelFacts
    from chargen_batch.phases.effects import Clock
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine(RunFacts):
    """One run of the history."""

    jobs: int
    live_jobs: int


@dataclass(frozen=True, slots=True)
class DamagedRun:
    """A run that cannot be read, and why."""

    run_id: str
    error: str


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """Every run of a project, oldest first, and those that cannot be read."""

    runs: tuple[RunLine, ...]
    damaged: tuple[DamagedRun, ...]
    current: str | None
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class CostReport:
    """What a project has cost by month, from the tokens that the service counted, in USD.

    ``rehearsed`` is what the rehearsals would have cost, and not in ``months``. ``left_usd`` is
    what the budget leaves for ``this_month``, ``None`` where there is none.
    """

    months: Mapping[str, float]
    this_month: str
    budget_usd: float | None
    unpriced: int
    rehearsed: Mapping[str, float]
    unreadable: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE

    @property
    def left_usd(self) -> float | None:
        """Return what the budget leaves for this month."""
        if self.budget_usd is None:
            return None
        return self.budget_usd - self.months.get(self.this_month, 0.0)


def run(project: Project, *, clock: Clock) -> HistoryReport:
    """Read every run's documents."""
    lines: list[RunLine] = []
    damaged: list[DamagedRun] = []
    for each in runs.all_runs(project.runs_dir):
        try:
            lines.append(_line(each, project, now=clock()))
        except DocumentError as err:
            damaged.append(DamagedRun(each.run_id, err.message))
    current = runs.select(project.runs_dir, "status").runs
    return HistoryReport(tuple(lines), tuple(damaged), current[0].run_id if current else None)


def costs(project: Project, *, clock: Clock) -> CostReport:
    """Add up what the runs have cost, by month."""

    def facts(model: str) -> ModelFacts:
        return model_facts(project.settings, model)

    real = expenses.by_month(project.runs_dir, facts=facts)
    rehearsed = expenses.by_month(project.runs_dir, facts=facts, backend="emulator")
    return CostReport(
        months=real.months,
        this_month=iso(clock())[:7],
        budget_usd=project.settings.batch.monthly_budget_usd,
        unpriced=real.unpriced,
        rehearsed=rehearsed.months,
        unreadable=tuple(dict.fromkeys((*real.unreadable, *rehearsed.unreadable))),
    )


def _line(run: RunDirectory, project: Project, *, now: datetime) -> RunLine:
    state = run.state()
    jobs, live_jobs = len(state.jobs), resuming.live_jobs(state)
    return RunLine.of(run, state, project, now=now, jobs=jobs, live_jobs=live_jobs)
