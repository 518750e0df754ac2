"""report.html: one self-contained page of a run, with every task and its picture."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import jinja2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.report import BatchReport
    from chargen_batch.model.task import BatchTask


@dataclass(frozen=True, slots=True)
class Row:
    """One task as the page shows it; ``pictures`` and ``references`` are links from the page."""

    task: BatchTask
    state: str
    reason: str
    pictures: tuple[str, ...]
    references: tuple[str, ...]
    warnings: tuple[str, ...]


def rows(
    tasks: Iterable[BatchTask], outcomes: Mapping[str, TaskResult], project: Path, folder: Path
) -> Iterator[Row]:
    """Go through a run's tasks as the page shows them.

    Args:
        tasks: The plan's tasks.
        outcomes: The last word on each, by key.
        project: The folder that pictures' paths are relative to.
        folder: The folder that the page is in.

    """
    base = os.path.relpath(project, folder)
    for task in tasks:
        outcome = outcomes.get(task.key)
        error = outcome.error if outcome else None
        yield Row(
            task=task,
            state=_state(outcome),
            reason=f"{error.code}: {error.message}" if error else "",
            pictures=tuple(_link(base, picture.path) for picture in outcome.pictures)
            if outcome
            else (),
            references=tuple(_link(base, image.path) for image in task.images),
            warnings=outcome.warnings if outcome else (),
        )


def _state(outcome: TaskResult | None) -> str:
    if outcome is None:
        return "open"
    if outcome.stage != "settled":
        return outcome.stage
    return "done" if outcome.status == "success" else "failed"


def _link(base: str, path: str) -> str:
    return quote(f"{base}/{path}")


def render(report: BatchReport, rows: Iterable[Row]) -> str:
    """Return the page. Every text in it is escaped; nothing is fetched from outside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chargen_batch.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2").render(report=report, rows=list(rows)) + "\n"
