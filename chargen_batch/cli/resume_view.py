"""What resume and run print of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from chargen_batch.cli.report_view import report_lines

if TYPE_CHECKING:
    from chargen_batch.cli.acted import Report
    from chargen_batch.phases.report import ReportReport
    from chargen_batch.phases.resume import ResumeReport


def resume_line(report: ResumeReport) -> str:
    """Return how far a run is, and the steps that brought it there."""
    steps = ", ".join(step.command for step in report.steps) or "nothing to do"
    counts = f"{report.completed} done, {report.failed} failed"
    if report.is_awaited:
        counts = (
            f"{report.live_jobs} of {len(report.jobs)} job(s) at work, {report.open} task(s) open"
        )
    return f"{report.phase}, {counts} ({steps})"


def run_line(report: ResumeReport, *, whole: bool = False) -> str:
    """Return how far a run is, or what its report says where it came to one."""
    reports = [step.report for step in report.steps if step.command == "report"]
    if not reports:
        return resume_line(report)
    return report_lines(cast("ReportReport", reports[-1]), whole=whole)


def is_worth_retrying(report: Report) -> bool:
    """Say whether a run has come to its report, and failures in it may pass."""
    last = [step.report for step in getattr(report, "steps", ()) if step.command == "report"]
    failures = [each for told in last for each in cast("ReportReport", told).report.failures]
    return any(failure.error.retryable for failure in failures)
