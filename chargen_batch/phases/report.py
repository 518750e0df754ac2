"""report: write the summary and the page of a run, and let the service forget a completed one."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import __version__, disk
from chargen_batch.config import model_facts
from chargen_batch.errors import BatchError, ExitCode
from chargen_batch.phases import cleanup, settling
from chargen_batch.phases.effects import silent
from chargen_batch.phases.telling import on_run
from chargen_batch.report import page
from chargen_batch.report.overview import Overview
from chargen_batch.report.rows import links, rows
from chargen_batch.report.summary import summarize
from chargen_batch.run import expenses, kept_report
from chargen_batch.run.documents import encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.plan import BatchPlan
    from chargen_batch.model.report import BatchReport
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.report.rows import Link, Row
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.run.expenses import Expenses


@dataclass(frozen=True, slots=True)
class ReportReport:
    """The report of a run, and where it was written.

    ``removed`` counts the files and jobs that were removed from the service.
    """

    run_id: str
    report: BatchReport
    json_file: Path
    page_file: Path
    removed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return 4 where tasks failed."""
        if self.report.summary.failed:
            return ExitCode.SOME_TASKS_FAILED
        return ExitCode.DONE


@on_run("report")
def run(
    run: RunDirectory,
    project: Project,
    connect: Connect,
    *,
    clock: Clock,
    tell: Tell = silent,
) -> ReportReport:
    """Write the page, clean up, and write report.json last: it says that all of this was done.

    Either is written only where it changes; of a long run that is as it was nothing is even read.
    What a completed run left on the service is removed, unless it was planned with
    ``cleanup_after_success: false``. That this does not work is worth a warning, and no error.

    Args:
        run: The run's directory, under its lock.
        project: The project, where the pictures are.
        connect: Opens the service; not asked for where nothing is left there.
        clock: The time.
        tell: Who is told that it begins and ends, and the cleanup in it.

    Raises:
        DocumentError: A document of the run is damaged.

    """
    state = run.state()
    plan = run.check_plan(state)
    spent = expenses.of_run(run, facts=lambda model: model_facts(project.settings, model))
    link = links(project.root, run.path)
    made_by = f"{__version__} {spent.usd} {spent.unpriced} {link('')}"
    if not _is_to_be_cleaned(state) and kept_report.is_current(run, made_by):
        return ReportReport(run.run_id, run.report(), run.report_file, run.report_page)
    report = _paged(run, plan, state, spent, link)
    done = _cleaned(run, connect, clock, tell) if _is_to_be_cleaned(state) else (0, ())
    removed, warnings = done
    disk.replace_if_changed(run.report_file, encode(report))
    kept_report.keep(run, made_by)
    return ReportReport(
        run.run_id, report, run.report_file, run.report_page, removed, warnings=warnings
    )


def _paged(
    run: RunDirectory, plan: BatchPlan, state: RunState, spent: Expenses, link: Link
) -> BatchReport:
    """Write the pages; the ledger that they are made of is let go before the cleanup reads it."""
    outcomes = settling.ledger(run)
    report = summarize(plan, state, outcomes.values())
    overview = Overview(
        report,
        warnings=(*plan.warnings, *state.warnings),
        spent_usd=spent.usd,
        unpriced=spent.unpriced,
    )
    _write_pages(run, overview, rows(run.tasks(), outcomes, link))
    return report


def _write_pages(run: RunDirectory, overview: Overview, rows: Iterator[Row]) -> None:
    """Write the page of a run; one with many tasks has an index, and further pages with them."""
    count = -(-overview.report.summary.total // page.PAGE_ROWS)
    if count <= 1:
        disk.replace_if_changed(run.report_page, page.render(overview, rows))
        return
    parts, failed = [], dict[str, str]()
    for number in range(1, count + 1):
        file = run.report_part(number)
        part = page.Part(number, file.name)
        shown = part.noting(itertools.islice(rows, page.PAGE_ROWS))
        disk.replace_if_changed(file, page.render_part(overview, shown, number, count))
        failed |= dict.fromkeys(part.failed, file.name)
        parts.append(part)
    overview = dataclasses.replace(overview, pages=failed)
    disk.replace_if_changed(run.report_page, page.render_index(overview, parts))


def _is_to_be_cleaned(state: RunState) -> bool:
    is_over = state.phase == "completed" and state.cleaned_at is None
    return is_over and state.config.cleanup_after_success


def _cleaned(
    run: RunDirectory, connect: Connect, clock: Clock, tell: Tell
) -> tuple[int, tuple[str, ...]]:
    """Clean up; return how much was removed, and what is to be told."""
    try:
        done = cleanup.run(run, connect, clock=clock, tell=tell)
    except BatchError as err:
        again = f"type: chargen-batch cleanup --run {run.run_id}"
        return 0, (f"what the run has on the service was not removed: {err.message}; {again}",)
    return len(done.files) + len(done.jobs), ()
