"""report: write the summary and the page of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.errors import ExitCode
from chargen_batch.phases import settling
from chargen_batch.report import page
from chargen_batch.report.summary import summarize
from chargen_batch.run.directory import encode

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.report import BatchReport
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class ReportReport:
    """The report of a run, and where it was written."""

    run_id: str
    report: BatchReport
    json_file: Path
    page_file: Path

    @property
    def exit_code(self) -> ExitCode:
        """Return 4 where tasks failed."""
        if self.report.summary.failed:
            return ExitCode.SOME_TASKS_FAILED
        return ExitCode.DONE


def run(run: RunDirectory, project: Project) -> ReportReport:
    """Write report.json and report.html, each only where it changes.

    Raises:
        DocumentError: A document of the run is damaged.

    """
    state = run.state()
    plan = run.check_plan(state)
    outcomes = settling.ledger(run)
    report = summarize(plan, state, outcomes.values())
    disk.replace_if_changed(run.report_file, encode(report))
    rows = page.rows(run.tasks(), outcomes, project.root, run.path)
    disk.replace_if_changed(run.report_page, page.render(report, rows).encode())
    return ReportReport(run.run_id, report, run.report_file, run.report_page)
