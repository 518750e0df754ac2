"""The commands that look, and change nothing: one run, all runs, what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chargen_batch.cli.options import Common, OnlyOption, RunOption, ScopeOption
from chargen_batch.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.cli.session import Session
    from chargen_batch.phases.plan import PlanChoices
    from chargen_batch.run.directory import RunDirectory


def status(
    common: Common,
    run: RunOption = None,
    story: Annotated[
        bool, typer.Option("--story", help="Show how far each entity of the story is instead.")
    ] = False,
    scope: ScopeOption = "all",
    only: OnlyOption = None,
) -> None:
    """Show one run in detail, or with --story how far the story is."""
    from chargen_batch.cli.session import Session

    with Session(common) as session:
        if story:
            from chargen_batch.phases.plan import PlanChoices

            _story(session, PlanChoices(scope=scope, only=tuple(only or ())))
        elif scope != "all" or only:
            raise UsageError("--scope and --only are for --story", hint="type: status --story")
        else:
            _run(session, run)


def _story(session: Session, choices: PlanChoices) -> None:
    from chargen_batch.cli.overview_views import show_story
    from chargen_batch.phases import story_status

    report = story_status.run(session.project, choices, clock=session.clock)
    show_story(report, session.common)


def _run(session: Session, explicit: str | None) -> None:
    from chargen_batch.cli.overview_views import show_no_run, show_status
    from chargen_batch.phases import status as phase

    found = _looked_at(session.project.runs_dir, explicit)
    if found is None:
        show_no_run(session.common)
    else:
        report = phase.run(found, session.project, clock=session.clock)
        show_status(report, session.common)


def _looked_at(runs_dir: Path, explicit: str | None) -> RunDirectory | None:
    """Return the run that was asked for, else the one planned last, else the newest."""
    from chargen_batch.run import runs

    taken = runs.select(runs_dir, "status", explicit).runs or tuple(runs.all_runs(runs_dir))
    return taken[-1] if taken else None


def runs(
    common: Common,
    cost: Annotated[
        bool, typer.Option("--cost", help="Show what was spent by month instead.")
    ] = False,
) -> None:
    """List the runs of the project, or with --cost what they have cost by month."""
    from chargen_batch.cli.overview_views import show_costs, show_runs
    from chargen_batch.cli.session import Session
    from chargen_batch.phases import history

    with Session(common) as session:
        if cost:
            show_costs(history.costs(session.project, clock=session.clock), common)
        else:
            show_runs(history.run(session.project, clock=session.clock), common)


def doctor(common: Common) -> None:
    """Look for what stands in the way: key, network, models, quota, disk, clock."""
    from chargen_batch.cli.doctor_view import show_checks
    from chargen_batch.cli.session import Session, clock
    from chargen_batch.phases import doctor as phase

    try:
        session = Session(common, repeats=False)
    except ConfigError as err:
        report = phase.run(err, _no_service, clock=clock)
    else:
        with session:
            report = phase.run(session.project, session.connect, clock=clock)
    show_checks(report, common)
    raise typer.Exit(report.exit_code)


def _no_service() -> NoReturn:
    raise ConfigError("the settings do not hold")
