"""What plan may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from chargen_batch.cli import completion
from chargen_batch.cli.options import OnlyOption, ScopeOption
from chargen_batch.model.plan import SkipBy
from chargen_batch.model.task import TaskKind
from chargen_batch.story.prompt.context import PromptMode


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is asked for."""

    scope: ScopeOption = "all"
    mode: Annotated[TaskKind, typer.Option(help="Draw pictures, or analyse those there are.")] = (
        "generate"
    )
    only: OnlyOption = None
    target: Annotated[
        str | None,
        typer.Option(
            metavar="GLOB",
            help="Only these targets.",
            show_default=False,
            autocompletion=completion.target_ids,
        ),
    ] = None
    image_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="Only pictures of this type (a glob).",
            show_default=False,
            autocompletion=completion.image_types,
        ),
    ] = None
    portraits: Annotated[
        bool,
        typer.Option("--portraits", help="Plan also a portrait for each character that has none."),
    ] = False
    variants: Annotated[
        int, typer.Option(min=1, metavar="N", help="Plan so many candidates of each picture.")
    ] = 1
    prompt_mode: Annotated[
        PromptMode,
        typer.Option(help="Your own prompts, those put together from the fields, or yours first."),
    ] = "auto"
    model: Annotated[
        str | None,
        typer.Option(
            help="The model to draw with.", show_default=False, autocompletion=completion.models
        ),
    ] = None
    aspect_ratio: Annotated[
        str | None,
        typer.Option(metavar="W:H", help="The shape of every picture.", show_default=False),
    ] = None
    image_size: Annotated[
        str | None,
        typer.Option(
            metavar="1K|2K|4K",
            help="The size of every picture.",
            show_default=False,
            autocompletion=completion.image_sizes,
        ),
    ] = None
    max_tasks: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Plan at most so many.", show_default=False),
    ] = None
    skip: Annotated[
        SkipBy,
        typer.Option(
            help="Leave out targets with a live picture, only those done by key, or none."
        ),
    ] = "target"
    changed: Annotated[
        bool, typer.Option("--changed", help="Plan what has changed as well: --skip key.")
    ] = False
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Plan what the service refused before as well.")
    ] = False
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Plan the rest when files have problems.")
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the table; write no file, make no call.")
    ] = False
    all: Annotated[
        bool,
        typer.Option("--all", help="Show every target in the table, also what is done."),
    ] = False
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 10 when something would be planned; write nothing."),
    ] = False
    diff: Annotated[
        bool, typer.Option("--diff", help="Show the words that changed in each changed prompt.")
    ] = False
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="USD",
            help="Refuse a plan that costs more.  [default: batch.max_cost_usd]",
            show_default=False,
        ),
    ] = None
