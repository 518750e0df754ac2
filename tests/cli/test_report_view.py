"""What report prints of a run's failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargen_batch.cli.report_view import report_lines
from chargen_batch.phases.report import ReportReport
from chargen_batch.report.summary import summarize
from tests import samples


def report(failed: int) -> ReportReport:
    """Return the report of a run of which so many tasks failed."""
    outcomes = [samples.failure(f"character/ines/t{number}@0") for number in range(failed)]
    found = summarize(samples.plan(), samples.state(), outcomes)
    return ReportReport(samples.RUN_ID, found, Path("report.json"), Path("report.html"))


@pytest.mark.parametrize(("failed", "listed", "more"), [(0, 0, []), (20, 20, []), (23, 20, [3])])
def test_of_many_failures_the_first_are_listed(failed: int, listed: int, more: list[int]) -> None:
    _, *lines, last = report_lines(report(failed)).splitlines()
    assert [line for line in lines if "and" in line.split()] == [
        f"  and {count} more: see report.html" for count in more
    ]
    assert (len(lines) - len(more), last) == (listed, "report: report.html")


def test_the_whole_list_is_there_for_who_wants_it() -> None:
    lines = report_lines(report(23), whole=True).splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [
        f"character/ines/t{number}@0:" for number in range(23)
    ]
