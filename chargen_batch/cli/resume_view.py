"""What resume and run print of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from chargen_batch.cli.report_view import has_pictures, report_lines

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
    reports = _reports(report)
    return report_lines(reports[-1], whole=whole) if reports else resume_line(report)


def follows(report: Report, backend: str | None) -> str | None:
    """Return the command that follows on a run's report: none before it has come to one."""
    if is_worth_retrying(report):
        return f"retry --run {report.run_id}"
    if not any(has_pictures(each) for each in _reports(report)):
        return None
    return f"review --backend {backend}" if backend else "review"


def is_worth_retrying(report: Report) -> bool:
    """Say whether a run has come to its report, and failures in it may pass."""
    failures = [each for told in _reports(report) for each in told.report.failures]
    return any(failure.error.retryable for failure in failures)


def _reports(report: Report) -> list[ReportReport]:
    steps = getattr(report, "steps", ())
    return [cast("ReportReport", step.report) for step in steps if step.command == "report"]
