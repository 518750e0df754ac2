"""report: write the summary and the page of a run, and let the service forget a completed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.errors import BatchError, ExitCode
from chargen_batch.phases import cleanup, settling
from chargen_batch.report import page
from chargen_batch.report.summary import summarize
from chargen_batch.run.documents import encode

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.report import BatchReport
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.run.directory import RunDirectory


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


def run(run: RunDirectory, project: Project, connect: Connect, *, clock: Clock) -> ReportReport:
    """Write the page, clean up, and write report.json last: it says that all of this was done.

    Either is written only where it changes. What a completed run left on the service is removed,
    unless it was planned with
    ``cleanup_after_success: false``. That this does not work is worth a warning, and no error.

    Args:
        run: The run's directory, under its lock.
        project: The project, where the pictures are.
        connect: Opens the service; not asked for where nothing is left there.
        clock: The time.

    Raises:
        DocumentError: A document of the run is damaged.

    """
    state = run.state()
    plan = run.check_plan(state)
    outcomes = settling.ledger(run)
    report = summarize(plan, state, outcomes.values())
    rows = page.rows(run.tasks(), outcomes, project.root, run.path)
    disk.replace_if_changed(run.report_page, page.render(report, rows).encode())
    removed, warnings = _cleaned(run, connect, clock) if _is_to_be_cleaned(state) else (0, ())
    disk.replace_if_changed(run.report_file, encode(report))
    return ReportReport(
        run.run_id, report, run.report_file, run.report_page, removed, warnings=warnings
    )


def _is_to_be_cleaned(state: RunState) -> bool:
    is_over = state.phase == "completed" and state.cleaned_at is None
    return is_over and state.config.cleanup_after_success


def _cleaned(run: RunDirectory, connect: Connect, clock: Clock) -> tuple[int, tuple[str, ...]]:
    """Clean up; return how much was removed, and what is to be told."""
    try:
        done = cleanup.run(run, connect, clock=clock)
    except BatchError as err:
        again = f"type: chargen-batch cleanup --run {run.run_id}"
        return 0, (f"what the run has on the service was not removed: {err.message}; {again}",)
    return len(done.files) + len(done.jobs), ()
