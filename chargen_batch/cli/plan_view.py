"""What plan prints: the table of targets, its summary, or the run's id alone."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from chargen_batch.cli.problem_formats import text_of
from chargen_batch.cli.terminal import aside, print_json, put, say
from chargen_batch.core.unseen import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.cli.plan_options import PlanOptions
    from chargen_batch.core.cost import Alternative
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import ExitCode
    from chargen_batch.phases.plan import PlanReport

_NO_TARGET: Final = (
    "nothing asks for a picture here: a character, location or chapter does with a file of scenes, "
    "image prompts or the like (docs/story-format.md); --scope, --only and --target leave out more"
)
# Wide enough for every column to be whole where nobody looks at a terminal.
_WIDTH_OF_A_PIPE: Final = 600
# A terminal that is narrower has room for what a person goes by, and no more.
_NARROW: Final = 110
_FEW: Final = ("target", "state", "prompt", "cost")
# The columns: on a terminal, how many characters wide each is, or else its share of the rest.
_COLUMNS: Final[dict[str, tuple[int | None, int | None]]] = {
    "entity": (None, 3),
    "target": (None, 4),
    "state": (10, None),
    "prompt": (None, 6),
    "references": (6, None),
    "output": (None, 3),
    "cost": (6, None),
    "reason": (None, 3),
}


def show_plan(report: PlanReport, common: Common, options: PlanOptions, *, code: ExitCode) -> None:
    """Print what a plan found: the run's id alone with --quiet."""
    if common.json:
        from chargen_batch.cli.documents.story import plan_document

        print_json(plan_document(report, code, diff=options.diff))
        return
    if common.quiet:
        for problem in report.problems:
            aside(text_of(problem))
        if report.run_id:
            put(report.run_id)
        return
    tell_plan(report, common, options, table=options.dry_run)
    if report.run_id:
        aside("hint: next, type: chargen-batch stage")


def tell_plan(report: PlanReport, common: Common, options: PlanOptions, *, table: bool) -> None:
    """Print what a plan found, for people: the table where it is wanted, and the summary.

    The table has what is planned, and what else stands out; what is done is counted. Every target
    is in it where all are asked for.
    """
    for problem in report.problems:
        aside(text_of(problem))
    for warning in report.warnings:
        aside(f"warning: {warning}")
    if table or options.all:
        listed = _listed(report, everything=options.all)
        shown = _print_table(listed, common)
        if left := len(report.verdicts) - shown:
            say(f"{left} done: --all lists {'it' if left == 1 else 'them'}")
    for line in _diff_lines(report.verdicts) if options.diff else ():
        put(line)
    for line in _summary_lines(report):
        say(line)


def _listed(report: PlanReport, *, everything: bool) -> Iterator[Verdict]:
    """Yield what the table lists: what is planned, then what is neither planned nor done."""
    if everything:
        yield from report.verdicts
        return
    yield from report.planned
    for verdict in report.verdicts:
        if not verdict.planned and verdict.state != "done":
            yield verdict


def _left_out(report: PlanReport) -> Iterator[str]:
    """Say how to go on with what is neither done nor planned."""
    states = Counter(report.left_out)
    if states["in_flight"]:
        yield f"{states['in_flight']} being drawn by an unfinished run: chargen-batch poll --wait"
    if states["changed"]:
        yield f"{states['changed']} changed since drawn: plan --changed draws them again"


def _summary_lines(report: PlanReport) -> Iterator[str]:
    if not report.verdicts:
        yield _NO_TARGET
        return
    states = ", ".join(f"{count} {name}" for name, count in report.summary.by_state.items())
    yield f"{len(report.verdicts)} target(s): {states}"
    yield from _left_out(report)
    if not report.planned:
        yield "nothing to do"
        return
    cost = report.cost
    what = "to analyse" if report.planned[0].task.kind == "analyze" else "to draw"
    one_by_one = "" if cost.batch_usd is None else f" ({money(cost.interactive_usd)} one by one)"
    yield f"{len(report.planned)} {what}, {money(cost.batch_usd)} by batch{one_by_one}"
    yield from (f"the same for {_alternative(one)}" for one in report.cheaper)
    if report.run_id:
        yield f"run {report.run_id} is planned"


def _alternative(one: Alternative) -> str:
    sizes = f" ({', '.join(one.sizes)})" if one.sizes else ""
    return f"{money(one.batch_usd)} with --model {one.model}{sizes}"


def money(usd: float | None) -> str:
    """Return an expected price: to the cent, or to what says anything where it is less."""
    if usd is None:
        return "price unknown"
    return f"about ${usd:.2f}" if usd >= 1 or not usd else f"about ${usd:.3f}"


def _diff_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.prompt_diff:
            task = verdict.task
            yield f"{task.entity_type}/{task.entity_slug}/{task.target_id}"
            yield from (f"  {line}".rstrip() for line in verdict.prompt_diff.split("\n"))


def _print_table(verdicts: Iterable[Verdict], common: Common) -> int:
    """Print one line for each target and return how many; each is cut to a terminal's width."""
    from rich.console import Console
    from rich.table import Table

    on_terminal = sys.stdout.isatty()
    console = Console(
        no_color=common.no_color or None,
        markup=False,
        highlight=False,
        width=None if on_terminal else _WIDTH_OF_A_PIPE,
    )
    names = _FEW if on_terminal and console.width < _NARROW else tuple(_COLUMNS)
    table = Table(box=None, pad_edge=False, header_style="bold", expand=on_terminal)
    for name in names:
        width, ratio = _COLUMNS[name] if on_terminal else (None, None)
        table.add_column(name, no_wrap=True, overflow="ellipsis", width=width, ratio=ratio)
    for verdict in verdicts:
        row = dict(zip(_COLUMNS, _table_row(verdict), strict=True))
        if names == _FEW:
            row["target"] = f"{verdict.task.entity_slug}/{row['target']}"
        table.add_row(*(visible(row[name]) for name in names))
    if table.rows:
        console.print(table)
    return len(table.rows)


def _table_row(verdict: Verdict) -> tuple[str, ...]:
    task = verdict.task
    state = f"{verdict.state}: {', '.join(verdict.differs)}" if verdict.differs else verdict.state
    return (
        f"{task.entity_type}/{task.entity_slug}",
        task.target_id,
        state if verdict.planned else f"({state})",
        " ".join((task.description or task.prompt).split())[:120],
        ", ".join(_owner(image.path) for image in task.images),
        verdict.output.rpartition("/")[2],
        "?" if task.estimate.cost_usd is None else f"${task.estimate.cost_usd:.3f}",
        verdict.reason,
    )


def _owner(path: str) -> str:
    """Return the entity that a picture in its images/ is of; any other picture's path."""
    *_, owner, _, _ = ("", "", *path.split("/"))
    return owner or path
