"""What status and runs print."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from chargen_batch.cli.folding import width_of
from chargen_batch.cli.problem_formats import text_of
from chargen_batch.cli.terminal import aside, print_json, put, say, told_as
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.core.standing import Standing
    from chargen_batch.phases.history import CostReport, HistoryReport, RunLine
    from chargen_batch.phases.run_facts import RunFacts
    from chargen_batch.phases.status import JobStatus, StatusReport
    from chargen_batch.phases.story_status import StoryReport

# What is said of a price that nobody pays.
IF_PAID: Final = "if it were paid (rehearsal)"
# A terminal that is narrower has room for what a person goes by, and no more.
_NARROW: Final = 110
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def show_status(report: StatusReport, common: Common) -> None:
    """Print a run in detail; with --quiet its phase alone."""
    if common.json:
        from chargen_batch.cli.documents.overview import Status

        print_json(told_as(Status, report))
        return
    if common.quiet:
        put(report.phase)
        return
    for line in _status_lines(report):
        say(line)
    if report.next_command:
        aside(f"hint: next, type: chargen-batch {report.next_command}")


def show_no_run(common: Common) -> None:
    """Print that there is no run to look at."""
    if common.json:
        from chargen_batch.cli.documents.overview import NoRun

        print_json(NoRun(exit_code=ExitCode.DONE, run_id=None))
    elif not common.quiet:
        say("no run was planned yet (type: chargen-batch plan)")


def _status_lines(report: StatusReport) -> Iterator[str]:
    yield f"run {report.run_id}: {report.phase}, made {span(report.age_s)} ago"
    what = f"{report.mode} {report.scope} with {report.model} on {report.backend}"
    yield f"  {what}" + (f", out of run {report.parent_run_id}" if report.parent_run_id else "")
    done = f"{report.completed} of {report.total} done, {report.failed} failed"
    again = f", {report.reverted} taken out again" if report.reverted else ""
    yield f"  tasks: {done}, {report.open} open{again}; {report.skipped} target(s) left out"
    yield f"  cost: {_cost(report)}"
    if report.error:
        yield f"  error: {report.error_code}: {report.error}"
    if report.holder:
        held = report.holder
        yield f"  at work: `chargen-batch {held.command}` (process {held.pid}), since {held.since}"
    if report.jobs:
        yield "jobs:"
        yield from (f"  {line}" for line in aligned([_job_row(job) for job in report.jobs]))


def _cost(report: RunFacts) -> str:
    expected = f"{usd(report.estimate_usd)} expected"
    so_far = f"{usd(report.spent_usd)} so far, {expected}"
    if report.unpriced:
        so_far += f", the price of {report.unpriced} task(s) unknown"
    return so_far + (f", {IF_PAID}" if report.backend == "emulator" else "")


def _job_row(job: JobStatus) -> tuple[str, ...]:
    counts = job.counts
    done = f"{counts.succeeded + counts.failed} of {counts.total} done" if counts else ""
    failed = f", {counts.failed} failed" if counts and counts.failed else ""
    age = span(job.age_s) if job.age_s is not None else ""
    until = f", until {job.deadline}" if job.deadline else ""
    return (
        str(job.index),
        job.status,
        f"{job.task_count} task(s)",
        done + failed,
        age + until,
        job.state or "",
        job.error or job.name or "",
    )


def show_story(report: StoryReport, common: Common) -> None:
    """Print how far each entity is, and the sum."""
    if common.json:
        from chargen_batch.cli.documents.overview import StoryStatus

        print_json(told_as(StoryStatus, report))
        return
    if not common.quiet:
        for warning in report.warnings:
            aside(f"warning: {warning}")
    for problem in report.problems:
        aside(text_of(problem))
    rows = [_STANDING, *map(_standing_row, (*report.entities, report.total))]
    for line in aligned(_few(rows, report.total) if _is_narrow() else rows):
        put(line)
    if report.total.undecided and not common.quiet:
        backend = f" --backend {common.backend}" if common.backend else ""
        aside(f"hint: approve or reject what is undecided: chargen-batch review{backend}")


_STANDING: Final = (
    *("entity", "wanted", "done", "undecided", "approved", "rejected"),
    *("changed", "in flight", "open"),
)


def _standing_row(one: Standing) -> tuple[str, ...]:
    counts = (one.wanted, one.done, one.undecided, one.approved, one.rejected, one.changed)
    return (one.entity, *map(str, (*counts, one.in_flight, one.open)))


def _few(rows: Sequence[tuple[str, ...]], total: Standing) -> list[tuple[str, ...]]:
    """Leave out columns in which nothing is counted, and what kind an entity is of."""
    says = [title in {"entity", "wanted", "done", "open"} for title in _STANDING]
    counted = [cell != "0" for cell in _standing_row(total)]
    kept = [any(pair) for pair in zip(says, counted, strict=True)]
    return [
        tuple(cell.rpartition("/")[2] for cell, is_kept in zip(row, kept, strict=True) if is_kept)
        for row in rows
    ]


def _is_narrow() -> bool:
    width = width_of(sys.stdout)
    return width is not None and width < _NARROW


def show_runs(report: HistoryReport, common: Common) -> None:
    """Print the history, a line a run; with --quiet the ids alone."""
    if common.json:
        from chargen_batch.cli.documents.overview import Runs

        print_json(told_as(Runs, report))
        return
    if common.quiet:
        for each in report.runs:
            put(each.run_id)
    elif report.runs:
        narrow = _is_narrow()
        reverted = any(run.reverted for run in report.runs)
        titles = [each for each in _RUN_TITLES if reverted or each != _REVERTED]
        rows = [tuple(titles), *(_run_row(run, report, reverted=reverted) for run in report.runs)]
        for line in aligned([row[:-_RUN_WIDE] if narrow else row for row in rows]):
            put(line)
        if any(run.backend == "emulator" for run in report.runs):
            aside(f"in brackets: {IF_PAID}")
    elif not report.damaged:
        say("no run was planned yet (type: chargen-batch plan)")
    for broken in report.damaged:
        aside(f"warning: run {broken.run_id} cannot be read: {broken.error}")


_REVERTED: Final = "reverted"
_RUN_TITLES: Final = (
    *("", "run", "phase", "done", "failed", "open", _REVERTED, "spent", "age"),
    *("jobs", "expected", "what", "model", "backend", "parent"),
)
_RUN_WIDE: Final = 6  # of these there is no room for on a narrow terminal


def _run_row(run: RunLine, report: HistoryReport, *, reverted: bool) -> tuple[str, ...]:
    mark = "*" if run.run_id == report.current else " "
    live = f" ({run.live_jobs} live)" if run.live_jobs else ""
    spent = usd(run.spent_usd) + ("+?" if run.unpriced else "")
    spent = f"({spent})" if run.backend == "emulator" else spent
    return (
        *(mark, run.run_id, run.phase, str(run.completed), str(run.failed), str(run.open)),
        *((str(run.reverted),) if reverted else ()),
        *(spent, span(run.age_s), f"{run.jobs}{live}", usd(run.estimate_usd)),
        *(f"{run.mode} {run.scope}", run.model, run.backend, run.parent_run_id or ""),
    )


def show_costs(report: CostReport, common: Common) -> None:
    """Print what was spent by month, and what the budget leaves."""
    if common.json:
        from chargen_batch.cli.documents.overview import RunsCost

        print_json(told_as(RunsCost, report))
        return
    for month, spent in report.months.items():
        put(f"{month}  {usd(spent)}")
    if not report.months:
        put("nothing was spent yet")
    if report.unpriced:
        aside(f"warning: the price of {report.unpriced} task(s) is not known, and not in the sum")
    for unreadable in report.unreadable:
        aside(f"warning: not in the sum: {unreadable}")
    if not common.quiet:
        aside(_budget(report))
        if report.rehearsed:
            told = ", ".join(f"{month} {usd(cost)}" for month, cost in report.rehearsed.items())
            aside(f"not counted: {told} {IF_PAID}")


def _budget(report: CostReport) -> str:
    if report.budget_usd is None or report.left_usd is None:
        return "no budget is set (batch.monthly_budget_usd)"
    left = usd(report.left_usd) if report.left_usd >= 0 else f"-{usd(-report.left_usd)}"
    return f"budget: {usd(report.budget_usd)} a month, {left} left in {report.this_month}"


def usd(amount: float | None) -> str:
    """Return an amount to the cent, and where it is less than one, to what says anything."""
    if amount is None:
        return "?"
    return f"${amount:.2f}" if amount >= 1 or not amount else f"${amount:.3f}"


def span(seconds: float) -> str:
    """Return a time as people say it: the two largest units that say anything."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // _DAY, whole % _DAY // _HOUR, whole % _HOUR // _MINUTE
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Return rows as lines of columns; one that is empty throughout is left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
