"""The commands on a story: what it has, what is wrong in it, what is drawn of it, and how."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargen_batch.cli import completion
from chargen_batch.cli.options import (
    Common,
    OnlyOption,
    ProblemFormat,
    RunOption,
    ScopeOption,
)
from chargen_batch.cli.plan_options import PlanOptions
from chargen_batch.errors import ExitCode
from chargen_batch.model.task import TaskKind
from chargen_batch.story.prompt.context import PromptMode

if TYPE_CHECKING:
    from chargen_batch.phases.plan import PlanChoices


def init(
    common: Common,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="The folder.  [default: the project's]", show_default=False
        ),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Write a small story to play with, into a new folder.")
    ] = False,
) -> None:
    """Write a chargen.yaml that explains every setting."""
    from chargen_batch.cli.story_views import show_init
    from chargen_batch.phases import init as phase

    here = common.project or Path.cwd()
    if example:
        report = phase.example((here / (folder or phase.EXAMPLE_NAME)).absolute())
    else:
        report = phase.run((here / (folder or ".")).resolve())
    show_init(report, common)


def validate(
    common: Common,
    scope: ScopeOption = "all",
    only: OnlyOption = None,
    problem_format: Annotated[
        ProblemFormat,
        typer.Option("--format", help="For people, scripts, GitHub's log, or code scanning."),
    ] = "text",
) -> None:
    """Check every file of the story, and the configuration."""
    from chargen_batch import config as settings
    from chargen_batch.cli.story_views import show_validation
    from chargen_batch.phases import validate as phase

    root = common.project or settings.find_project(Path.cwd())
    report = phase.run(root, os.environ, scope=scope, only=tuple(only or ()))
    show_validation(report, "json" if common.json else problem_format, common)
    raise typer.Exit(report.exit_code)


def plan(common: Common, options: PlanOptions) -> None:
    """Find what the story asks for and write a run."""
    from chargen_batch.cli.plan_view import show_plan
    from chargen_batch.cli.session import Session, clock, suffix
    from chargen_batch.phases import plan as phase

    with Session(common) as session:
        choices, tell = choices_of(options), session.tell
        report = phase.run(session.project, choices, clock=clock, suffix=suffix, tell=tell)
    code = ExitCode.WOULD_PLAN if options.check and report.planned else report.exit_code
    show_plan(report, common, options, code=code)
    raise typer.Exit(code)


def choices_of(options: PlanOptions) -> PlanChoices:
    """Return what the phase is asked for by the options."""
    from chargen_batch.phases.plan import PlanChoices

    return PlanChoices(
        mode=options.mode,
        scope=options.scope,
        only=tuple(options.only or ()),
        target=options.target,
        image_type=options.image_type,
        model=options.model,
        aspect_ratio=options.aspect_ratio,
        image_size=options.image_size,
        prompt_mode=options.prompt_mode,
        portraits=options.portraits,
        variants=options.variants,
        max_tasks=options.max_tasks,
        skip="key" if options.changed else options.skip,
        retry_refused=options.retry_refused,
        skip_invalid=options.skip_invalid,
        dry_run=options.dry_run or options.check,
        max_cost_usd=options.max_cost,
    )


def show(
    common: Common,
    name: Annotated[
        str,
        typer.Argument(
            metavar="KEY|TARGET",
            help="A task's key, or [[TYPE/]SLUG/]ID of its target, or a glob.",
            autocompletion=completion.targets,
        ),
    ],
    run: RunOption = None,
    mode: Annotated[
        TaskKind, typer.Option(help="Drawing or analysis, of a new task.")
    ] = "generate",
    prompt_mode: Annotated[
        PromptMode, typer.Option(help="Whose prompt a new task takes.")
    ] = "auto",
) -> None:
    """Show one task: its prompt section by section, its references, its request."""
    from chargen_batch.cli.session import Session, clock
    from chargen_batch.cli.show_view import show_task
    from chargen_batch.phases import show as phase
    from chargen_batch.phases.plan import PlanChoices
    from chargen_batch.run import runs

    choices = PlanChoices(mode=mode, prompt_mode=prompt_mode, portraits=True)
    with Session(common) as session:
        held = runs.select(session.project.runs_dir, "show", run).runs
        report = phase.run(
            session.project,
            name,
            choices,
            held=held[0] if held else None,
            explicit=run is not None,
            clock=clock,
        )
    show_task(report, common, origins=session.project.origins)


def config(common: Common) -> None:
    """Print every setting, its value, and where it came from."""
    from chargen_batch.cli.session import Session
    from chargen_batch.cli.story_views import show_settings

    with Session(common) as session:
        show_settings(session.project, common)
