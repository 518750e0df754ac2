"""What show prints of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import typer

from chargen_batch.cli.plan_view import money
from chargen_batch.cli.terminal import aside, print_json
from chargen_batch.errors import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.cli.options import Common
    from chargen_batch.phases.show import ShowReport


def show_task(report: ShowReport, common: Common) -> None:
    """Print a task: sections with their sources, the prompt, the references; or all as JSON."""
    if common.json:
        print_json(_document(report))
        return
    for line in _lines(report):
        typer.echo(line)
    if report.is_outdated:
        aside(f"warning: the story asks for another prompt now than run {report.run_id} has")


def _lines(report: ShowReport) -> Iterator[str]:
    task = report.task
    yield task.key
    yield f"  {f'in run {report.run_id}' if report.run_id else 'as it would be planned now'}"
    if report.verdict:
        yield f"  {report.verdict.state}: {report.verdict.reason}"
    shape = ", ".join(filter(None, (task.model, task.aspect_ratio, task.image_size)))
    yield f"  {shape}, {money(task.estimate.cost_usd)} by batch"
    place = dotted(task.source.yaml_path)
    yield f"  {task.source.file}" + (f"  [{place}]" if place else "")
    yield from _section_lines(report)
    yield "\nprompt"
    yield from _indented(task.prompt)
    if task.images:
        yield "\nreferences"
        yield from (f"  {image.role}: {image.path}" for image in task.images)


def _section_lines(report: ShowReport) -> Iterator[str]:
    target = report.verdict.target if report.verdict else None
    if target and target.sections:
        yield "\nsections"
        for section in target.sections:
            source = dotted(section.path) if section.path is not None else "from elsewhere"
            left = ", over the budget: left out" if section.dropped else ""
            yield f"  {section.priority} {section.name}  [{source}]{left}"
            yield from _indented(section.text, "      ")


def _indented(text: str, by: str = "  ") -> Iterator[str]:
    return (f"{by}{line}".rstrip() for line in text.split("\n"))


def _document(report: ShowReport) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "command": "show",
        "exitCode": report.exit_code,
        "runId": report.run_id,
        "state": verdict.state if verdict else None,
        "reason": verdict.reason if verdict else None,
        "outdated": report.is_outdated,
        "task": msgspec.to_builtins(report.task),
        "sections": msgspec.to_builtins(verdict.target.sections) if verdict else [],
        "request": report.request,
    }
