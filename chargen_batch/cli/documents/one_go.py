"""The document of run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch.cli.documents.base import Document
from chargen_batch.cli.documents.reports import ResumeReport
from chargen_batch.cli.documents.runs import RunEntry, entry
from chargen_batch.cli.documents.story import Plan, plan_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.acted import Acted
    from chargen_batch.errors import ExitCode
    from chargen_batch.phases.plan import PlanReport


class Run(Document, frozen=True, kw_only=True, tag="run"):
    """The plan, null where it only finished a run, and what became of each run it went through."""

    note: str
    plan: Plan | None
    runs: tuple[RunEntry[ResumeReport], ...]


def run_document(
    plan: PlanReport | None, acted: Sequence[Acted], note: str, exit_code: ExitCode
) -> Run:
    """Return what was planned, and what became of the runs."""
    runs = [entry(each) for each in acted]
    return Run(
        exit_code=exit_code,
        note=note,
        plan=plan_document(plan, plan.exit_code, diff=False) if plan else None,
        runs=msgspec.convert(runs, tuple[RunEntry[ResumeReport], ...], from_attributes=True),
    )
