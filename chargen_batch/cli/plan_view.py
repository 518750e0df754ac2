"""What plan prints: the table of targets, its summary, or the run's id alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from chargen_batch.cli.terminal import aside, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import ExitCode
    from chargen_batch.phases.plan import PlanReport

# The columns of the table, each with its share of a terminal's width; 0 is never cut.
_COLUMNS = {"target": 5, "state": 0, "prompt": 5, "references": 2, "output": 3}

# Wide enough for every column to be whole where nobody looks at a terminal.
_WIDTH_OF_A_PIPE = 400


def show_plan(report: PlanReport, common: Common, *, table: bool, code: ExitCode) -> None:
    """Print what a plan found: the run's id alone with --quiet."""
    if common.json:
        print_json(_plan_document(report, code))
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
    states = ", ".join(f"{count} {name}" for name, count in report.summary.by_state.items())
    typer.echo(f"{len(report.verdicts)} target(s): {states or 'none'}")
    if not report.planned:
        typer.echo("nothing to do")
        return
    typer.echo(f"{len(report.planned)} to draw, {_money(report.cost.batch_usd)} by batch")
    if report.run_id:
        typer.echo(f"run {report.run_id} is planned")
        aside("hint: next, type: chargen-batch stage")


def _money(usd: float | None) -> str:
    return "price unknown" if usd is None else f"about ${usd:.2f}"


def _plan_document(report: PlanReport, code: ExitCode) -> dict[str, Any]:
    return {
        "command": "plan",
        "exitCode": code,
        "runId": report.run_id,
        "summary": msgspec.to_builtins(report.summary),
        "cost": msgspec.to_builtins(report.cost),
        "warnings": list(report.warnings),
        "problems": msgspec.to_builtins(report.problems),
        "targets": [_verdict_document(verdict) for verdict in report.verdicts],
    }


def _verdict_document(verdict: Verdict) -> dict[str, Any]:
    task = verdict.task
    return {
        "key": task.key,
        "entityType": task.entity_type,
        "entitySlug": task.entity_slug,
        "targetId": task.target_id,
        "state": verdict.state,
        "reason": verdict.reason,
        "planned": verdict.planned,
        "prompt": task.prompt,
        "references": [image.path for image in task.reference_images],
        "output": f"{task.output_dir}/{task.output_file_name_hint}-{task.key_hash[:8]}",
        "costUsd": task.estimate.cost_usd,
    }


def _print_table(verdicts: Sequence[Verdict], common: Common) -> None:
    """Print one line for each target; on a terminal each is cut to its width."""
    from rich.console import Console
    from rich.table import Table

    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, header_style="bold", expand=on_terminal)
    for name, ratio in _COLUMNS.items():
        least = None if ratio else len("(in_flight)")
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", ratio=ratio or None, min_width=least
        )
    for verdict in verdicts:
        table.add_row(*_table_row(verdict))
    width = None if on_terminal else _WIDTH_OF_A_PIPE
    Console(no_color=common.no_color, markup=False, highlight=False, width=width).print(table)


def _table_row(verdict: Verdict) -> tuple[str, ...]:
    task = verdict.task
    return (
        f"{task.entity_type}/{task.entity_slug}/{task.target_id}",
        verdict.state if verdict.planned else f"({verdict.state})",
        " ".join((task.description or task.prompt).split())[:120],
        ", ".join(image.path.split("/")[-3] for image in task.reference_images),
        f"{task.output_file_name_hint}-{task.key_hash[:8]}",
    )
