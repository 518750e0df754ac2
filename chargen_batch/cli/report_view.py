"""What report prints of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chargen_batch.phases.report import ReportReport


# Of more failures than these a person reads in the report.
_FAILURES: Final = 20
_PICTURES: Final = "pictures: in images/ of each character, location and chapter"


def report_lines(report: ReportReport, *, whole: bool = False) -> str:
    """Return how a run ended, task by task where one failed, and where its report is.

    Of many failures the first are listed, unless the ``whole`` list is wanted.
    """
    summary = report.report.summary
    counts = f"{summary.failed} failed, {summary.open} open, {summary.skipped} left out"
    if summary.reverted:
        counts += f", {summary.reverted} taken out again"
    failures = report.report.failures
    listed = failures if whole else failures[:_FAILURES]
    more = len(failures) - len(listed)
    lines = [
        f"{report.report.phase}, {summary.success} of {summary.total} done, {counts}",
        *(f"  {failure.key}: {failure.error.code}" for failure in listed),
        *([f"  and {more} more: see report.html"] if more else []),
        *([_PICTURES] if has_pictures(report) else []),
        f"report: {report.page_file}",
    ]
    if report.removed:
        lines.append("its uploads and jobs were removed from the service (the results are here)")
    return "\n".join(lines)


def has_pictures(report: ReportReport) -> bool:
    """Say whether anything that it drew is in the story."""
    return report.report.config.mode == "generate" and report.report.summary.success > 0
