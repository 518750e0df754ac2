"""The commands on one picture: where it came from, and entering one that was made elsewhere."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargen_batch.cli import completion
from chargen_batch.cli.options import Common
from chargen_batch.story.adopted import Status

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from chargen_batch.cli.session import Session

ImageArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture's file.")]


def explain(common: Common, image: ImageArgument) -> None:
    """Say where a picture came from, by its own bytes, its entry, and its run."""
    from chargen_batch.cli.picture_views import show_explanation
    from chargen_batch.cli.session import clock
    from chargen_batch.phases import explain as phase

    project = phase.project_of(image, common.project, Path.cwd(), os.environ)
    report = phase.run(image, project, clock=clock)
    show_explanation(report, common)


def adopt(
    common: Common,
    image: ImageArgument,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="[[TYPE/]SLUG/]ID of its target, or a glob.",
            autocompletion=completion.targets,
        ),
    ],
    status: Annotated[Status, typer.Option(help="What its entry says of it.")] = "draft",
    as_variant: Annotated[
        bool,
        typer.Option("--as-variant", help="Enter it beside a picture that the target has."),
    ] = False,
    move: Annotated[bool, typer.Option("--move", help="Remove IMAGE once it is entered.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
) -> None:
    """Enter a picture made by hand, or by another tool, so that its target is done."""
    from chargen_batch.cli.picture_views import show_adoption
    from chargen_batch.cli.session import Session, clock
    from chargen_batch.phases import adopt as phase
    from chargen_batch.phases.entering import AdoptChoices

    choices = AdoptChoices(status=status, as_variant=as_variant, move=move, dry_run=dry_run)
    with Session(common) as session, _held(session, dry_run=dry_run):
        report = phase.run(session.project, image, target, choices, clock=clock, tell=session.tell)
    show_adoption(report, common)


def _held(session: Session, *, dry_run: bool) -> AbstractContextManager[None]:
    return contextlib.nullcontext() if dry_run else session.story_held("adopt")
