"""The commands on a run: each phase after plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chargen_batch.cli import views
from chargen_batch.cli.options import Common, GiveUpOption, RunOption, WaitOptions
from chargen_batch.core.pictures import Verification
from chargen_batch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.cli.session import Session
    from chargen_batch.run.directory import RunDirectory


def stage(common: Common, run: RunOption = None) -> None:
    """Bring references and requests to the service."""
    from chargen_batch.api import steps

    _act(common, "stage", run, steps.stage)


def submit(
    common: Common,
    patience: WaitOptions,
    run: RunOption = None,
    allow_duplicates: Annotated[
        bool,
        typer.Option("--allow-duplicates", help="Pay for what another run is drawing already."),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Cancel a second job of one name, and jobs the run lost sight of."
        ),
    ] = False,
) -> None:
    """Create the jobs, each once."""
    from chargen_batch.api import steps

    _act(
        common,
        "submit",
        run,
        lambda s, r: steps.submit(s, r, allow_duplicates=allow_duplicates, cancel_twins=yes),
        patience,
        worth_waiting=lambda report: report.exit_code is ExitCode.NOT_READY,
    )


def poll(
    common: Common,
    patience: WaitOptions,
    run: RunOption = None,
    on_done: Annotated[
        str | None,
        typer.Option(
            metavar="CMD",
            help="Run this for each run that is done; CHARGEN_RUN and CHARGEN_EXIT_CODE say which "
            "and how.",
            show_default=False,
        ),
    ] = None,
    give_up: GiveUpOption = None,
) -> None:
    """Ask the service how the submitted jobs are doing."""
    from chargen_batch.api import steps
    from chargen_batch.cli.on_done import when_done

    _check_names_run(give_up, run)
    _act(
        common,
        "poll",
        run,
        lambda s, r: steps.poll(s, r, give_up or ()),
        patience,
        # A job that waits to be submitted is nothing that polling could wait for.
        worth_waiting=lambda report: bool(getattr(report, "live", 0)),
        when_done=when_done(on_done, waits=patience.wait),
    )


def download(common: Common, run: RunOption = None, give_up: GiveUpOption = None) -> None:
    """Fetch the results of every ended job."""
    from chargen_batch.api import steps

    _check_names_run(give_up, run)
    _act(common, "download", run, lambda s, r: steps.download(s, r, give_up or ()))


def _check_names_run(give_up: list[str] | None, run: str | None) -> None:
    """Check that jobs are given up of one run only: each run has a job 1."""
    if give_up and not run:
        raise UsageError("--give-up is for the jobs of one run", hint="say which: --run ID")


def apply(
    common: Common,
    run: RunOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Enter a rehearsal's pictures into this story.")
    ] = False,
    verify: Annotated[
        Verification, typer.Option(help="Check pictures by their structure, or decode them too.")
    ] = "structure",
    restore: Annotated[
        bool, typer.Option("--restore", help="Put entries back that were taken out of the story.")
    ] = False,
    give_up: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Go on without this file of the story, if it stands in the way (repeat).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the pictures and enter them into the story's files."""
    from chargen_batch.api import steps
    from chargen_batch.cli.acting import act, act_on
    from chargen_batch.cli.session import Session
    from chargen_batch.phases import restoring
    from chargen_batch.phases.apply import ApplyChoices

    def apply_one(session: Session, run: RunDirectory) -> Report:
        files = (_in_project(session.project.root, name) for name in give_up or ())
        choices = ApplyChoices(restore=restore, give_up=tuple(files))
        return steps.apply(session, run, rehearsal_ok=yes, verify=verify, choices=choices)

    with Session(common) as session:
        if restore and not run:
            taken = restoring.candidates(session.project)
            acted = act_on(session, "apply", taken, apply_one, None, _never)
            note = "" if acted else "nothing to restore"
        else:
            acted, note = act(session, "apply", run, apply_one, None, _never)
    views.finish("apply", acted, note, common)


def _in_project(root: Path, name: str) -> str:
    """Return a file as problems name it, which may be typed whole, or as it is seen from here."""
    here = Path.cwd() / name
    is_within = os.path.lexists(root / name) and not Path(name).is_absolute()
    if is_within or not (Path(name).is_absolute() or os.path.lexists(here)):
        return name
    path = Path(os.path.realpath(here.parent)) / here.name  # the file itself may be a link
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else name


def _never(_report: Report) -> bool:
    return False


def report(
    common: Common,
    run: RunOption = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Write report.json and report.html, and print the summary."""
    from chargen_batch.api import steps

    def report_one(session: Session, run: RunDirectory) -> Report:
        done = steps.report(session, run)
        if open_page:
            views.open_page(done.page_file)
        return done

    _act(common, "report", run, report_one)


def _act(
    common: Common,
    command: str,
    run: str | None,
    phase: Callable[[Session, RunDirectory], Report],
    patience: WaitOptions | None = None,
    worth_waiting: Callable[[Report], bool] = lambda _report: False,
    when_done: Callable[[Acted], Acted] = lambda acted: acted,
) -> NoReturn:
    """Run a phase on the runs that a command takes, show what became of them, and end."""
    from chargen_batch.cli.acting import act
    from chargen_batch.cli.session import Session

    with Session(common) as session:
        acted, note = act(session, command, run, phase, patience, worth_waiting, when_done)
    views.finish(command, acted, note, common)
