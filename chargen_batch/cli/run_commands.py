"""The commands on a run: each phase after plan; and the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chargen_batch.cli import views
from chargen_batch.cli.options import Common, RunOption, WaitOptions
from chargen_batch.errors import BatchError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.acted import Report
    from chargen_batch.cli.session import Session
    from chargen_batch.run.directory import RunDirectory


def stage(common: Common, run: RunOption = None) -> None:
    """Bring references and requests to the service."""
    from chargen_batch.phases import stage as phase

    _act(common, "stage", run, lambda s, r: phase.run(r, s.project, s.connect_to(r), clock=s.clock))


def submit(
    common: Common,
    patience: WaitOptions,
    run: RunOption = None,
    allow_duplicates: Annotated[
        bool,
        typer.Option("--allow-duplicates", help="Pay for what another run is drawing already."),
    ] = False,
) -> None:
    """Create the jobs, each once."""
    from chargen_batch.phases import submit as phase

    _act(
        common,
        "submit",
        run,
        lambda s, r: phase.run(
            r,
            s.project,
            s.connect_to(r),
            clock=s.clock,
            allow_duplicates=allow_duplicates,
            lock_timeout_s=common.lock_timeout,
        ),
        patience,
        worth_waiting=lambda report: report.exit_code is ExitCode.NOT_READY,
    )


def poll(common: Common, patience: WaitOptions, run: RunOption = None) -> None:
    """Ask the service how the submitted jobs are doing."""
    from chargen_batch.phases import poll as phase

    _act(
        common,
        "poll",
        run,
        lambda s, r: phase.run(r, s.connect_to(r), clock=s.clock),
        patience,
        # A job that waits to be submitted is nothing that polling could wait for.
        worth_waiting=lambda report: bool(getattr(report, "live", 0)),
    )


def download(common: Common, run: RunOption = None) -> None:
    """Fetch the results of every ended job."""
    from chargen_batch.phases import download as phase

    _act(common, "download", run, lambda s, r: phase.run(r, s.connect_to(r), clock=s.clock))


def apply(
    common: Common,
    run: RunOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Enter a rehearsal's pictures into this story.")
    ] = False,
) -> None:
    """Write the pictures and enter them into the story's files."""
    from chargen_batch.phases import apply as phase

    def apply_one(session: Session, run: RunDirectory) -> Report:
        sure = yes or session.rehearsal_ok
        with session.story_held():
            return phase.run(run, session.project, clock=session.clock, rehearsal_ok=sure)

    _act(common, "apply", run, apply_one)


def report(
    common: Common,
    run: RunOption = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Write report.json and report.html, and print the summary."""
    from chargen_batch.phases import report as phase

    def report_one(session: Session, run: RunDirectory) -> Report:
        done = phase.run(run, session.project)
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
) -> NoReturn:
    """Run a phase on the runs that a command takes, show what became of them, and end."""
    from chargen_batch.cli.acting import act
    from chargen_batch.cli.session import Session

    with Session(common) as session:
        acted, note = act(session, command, run, phase, patience, worth_waiting)
    views.finish(command, acted, note, common)


def emulator(
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="Where its files and jobs are kept.")
    ] = Path(".chargen/emulator"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8765,
    looks: Annotated[
        int, typer.Option(min=1, help="How often a job is looked at until it has ended.")
    ] = 2,
) -> None:
    """Serve the local Gemini service, for any client."""
    from chargen_batch.emulator.jobs import Pace
    from chargen_batch.emulator.server import run_forever

    pace = Pace(looks_to_start=min(1, looks - 1), looks_to_finish=looks)
    try:
        run_forever(state, host, port, views.announce_emulator, pace=pace)
    except KeyboardInterrupt:
        pass
    except OSError as err:
        raise BatchError(
            f"cannot listen on {host}:{port}: {err.strerror}", hint="give another one: --port 0"
        ) from err
    # It ends only when it is interrupted; where SIGINT was ignored at the start (a background job
    # of a shell), uvicorn's own handler still ends it, and nothing is raised.
    raise typer.Exit(ExitCode.INTERRUPTED)
