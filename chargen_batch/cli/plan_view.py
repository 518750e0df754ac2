"""What plan prints: the table of targets, its summary, or the run's id alone."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import typer

from chargen_batch.cli.terminal import aside, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.core.cost import Alternative
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import ExitCode
    from chargen_batch.phases.plan import PlanReport

# Wide enough for every column to be whole where nobody looks at a terminal.
_WIDTH_OF_A_PIPE: Final = 600
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


def show_plan(
    report: PlanReport, common: Common, *, table: bool, diff: bool, code: ExitCode
) -> None:
    """Print what a plan found: the run's id alone with --quiet."""
    if common.json:
        print_json(_plan_document(report, code, diff=diff))
        return
    for problem in report.problems:
        aside(str(problem))
    if common.quiet:
        if report.run_id:
            typer.echo(report.run_id)
        return
    for warning in report.warnings:
        aside(f"warning: {warning}")
    if table:
        _print_table(report.verdicts, common)
    for line in _diff_lines(report.verdicts) if diff else ():
        typer.echo(line)
    for line in _summary_lines(report):
        typer.echo(line)
    if report.run_id:
        aside("hint: next, type: chargen-batch stage")


def _left_out(report: PlanReport) -> Iterator[str]:
    """Say how to go on with what is neither done nor planned."""
    states = Counter(verdict.state for verdict in report.verdicts if not verdict.planned)
    if states["in_flight"]:
        yield f"{states['in_flight']} being drawn by an unfinished run: chargen-batch poll --wait"
    if states["changed"]:
        yield f"{states['changed']} changed since drawn: plan --changed draws them again"


def _summary_lines(report: PlanReport) -> Iterator[str]:
    states = ", ".join(f"{count} {name}" for name, count in report.summary.by_state.items())
    yield f"{len(report.verdicts)} target(s): {states or 'none'}"
    yield from _left_out(report)
    if not report.planned:
        yield "nothing to do"
        return
    cost = report.cost
    what = "to analyse" if report.planned[0].task.kind == "analyze" else "to draw"
    one_by_one = "" if cost.batch_usd is None else f" ({money(cost.interactive_usd)} one by one)"
    yield f"{len(report.planned)} {what}, {money(cost.batch_usd)} by batch{one_by_one}"
    if report.cheaper:
        yield f"the same for {', '.join(map(_alternative, report.cheaper))}"
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


def _plan_document(report: PlanReport, code: ExitCode, *, diff: bool) -> dict[str, Any]:
    return {
        "command": "plan",
        "exitCode": code,
        "runId": report.run_id,
        "summary": msgspec.to_builtins(report.summary),
        "cost": msgspec.to_builtins(report.cost),
        "cheaper": [_alternative_document(one) for one in report.cheaper],
        "warnings": list(report.warnings),
        "problems": msgspec.to_builtins(report.problems),
        "targets": [_verdict_document(verdict, diff=diff) for verdict in report.verdicts],
    }


def _alternative_document(one: Alternative) -> dict[str, Any]:
    return {
        "model": one.model,
        "batchUsd": one.batch_usd,
        "interactiveUsd": one.interactive_usd,
        "sizes": list(one.sizes),
    }


def _verdict_document(verdict: Verdict, *, diff: bool) -> dict[str, Any]:
    task = verdict.task
    document = {
        "key": task.key,
        "kind": task.kind,
        "entityType": task.entity_type,
        "entitySlug": task.entity_slug,
        "targetId": task.target_id,
        "variant": task.variant,
        "state": verdict.state,
        "reason": verdict.reason,
        "differs": list(verdict.differs),
        "planned": verdict.planned,
        "prompt": task.prompt,
        "references": [image.path for image in task.images],
        "output": _output(verdict),
        "costUsd": task.estimate.cost_usd,
    }
    return {**document, "promptDiff": verdict.prompt_diff} if diff else document


def _output(verdict: Verdict) -> str:
    task = verdict.task
    version = f"-{task.key_hash[:8]}" if task.kind == "generate" else ""
    return f"{task.output_dir}/{task.output_file_name_hint}{version}"


def _print_table(verdicts: Sequence[Verdict], common: Common) -> None:
    """Print one line for each target; on a terminal each is cut to its width."""
    from rich.console import Console
    from rich.table import Table

    narrow = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, header_style="bold", expand=narrow)
    for name, (wide, share) in _COLUMNS.items():
        width, ratio = (wide, share) if narrow else (None, None)
        table.add_column(name, no_wrap=True, overflow="ellipsis", width=width, ratio=ratio)
    for verdict in verdicts:
        table.add_row(*_table_row(verdict))
    width = None if narrow else _WIDTH_OF_A_PIPE
    Console(no_color=common.no_color or None, markup=False, highlight=False, width=width).print(
        table
    )


def _table_row(verdict: Verdict) -> tuple[str, ...]:
    task = verdict.task
    state = f"{verdict.state}: {', '.join(verdict.differs)}" if verdict.differs else verdict.state
    return (
        f"{task.entity_type}/{task.entity_slug}",
        task.target_id,
        state if verdict.planned else f"({state})",
        " ".join((task.description or task.prompt).split())[:120],
        ", ".join(_owner(image.path) for image in task.images),
        _output(verdict).rpartition("/")[2],
        "?" if task.estimate.cost_usd is None else f"${task.estimate.cost_usd:.3f}",
        verdict.reason,
    )


def _owner(path: str) -> str:
    """Return the entity that a picture in its images/ is of; any other picture's path."""
    *_, owner, _, _ = ("", "", *path.split("/"))
    return owner or path
