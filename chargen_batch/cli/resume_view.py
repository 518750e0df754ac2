"""What resume prints of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
