"""resume: what cron types, and who comes back after a power cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from chargen_batch.cli import views
from chargen_batch.cli.options import Common, RunOption, WaitOptions
from chargen_batch.errors import LockedError, NotReadyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.cli.session import Session
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.run.directory import RunDirectory


def resume(
    common: Common,
    patience: WaitOptions,
    run: RunOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Take every run that has not ended.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Pay for a run's first job too; enter a rehearsal's pictures into this story.",
        ),
    ] = False,
) -> None:
    """Bring a run to its end, or to the next wait, from wherever it is."""
    from chargen_batch.cli.acting import act_on
    from chargen_batch.cli.session import Session

    if run and every:
        raise UsageError("--run and --all are given", hint="give one (CHARGEN_RUN is a --run too)")

    def go_on_with(session: Session, run: RunDirectory) -> Report:
        return go_on(session, run, first_ok=yes, rehearsal_ok=yes)

    with Session(common) as session:
        taken, note = _taken(session.project.runs_dir, run, every=every, yes=yes)
        acted = act_on(session, "resume", taken, go_on_with, patience, awaits)
    views.finish("resume", _eased(acted) if every else acted, note, common)


def go_on(
    session: Session, run: RunDirectory, *, first_ok: bool, rehearsal_ok: bool
) -> ResumeReport:
    """Take a run through a round: as far as it comes without waiting."""
    from chargen_batch.api import steps

    return steps.resume(session, run, first_ok=first_ok, rehearsal_ok=rehearsal_ok)


def awaits(report: Report) -> bool:
    """Say whether another round could bring a run on."""
    return cast("ResumeReport", report).is_awaited


def _taken(
    runs_dir: Path, explicit: str | None, *, every: bool, yes: bool
) -> tuple[Sequence[RunDirectory], str]:
    """Return the runs to go on with, and a note on those that are left alone."""
    from chargen_batch.run import resumable, runs

    if explicit:
        return runs.select(runs_dir, "resume", explicit).runs, ""
    if not every:
        newest = resumable.one(runs_dir)
        return ((newest,), "") if newest else ((), "nothing to resume")
    found = resumable.every(runs_dir)
    if yes:
        found = resumable.Resumable(found.all)
    if found.unpaid:
        names = ", ".join(run.run_id for run in found.unpaid)
        return found.runs, f"left alone, since never submitted: {names} (--yes takes them too)"
    return found.runs, "" if found.runs else "nothing to resume"


def _eased(acted: Sequence[Acted]) -> list[Acted]:
    """Let a run that another process has in hand be one to come back to: two crons may meet."""
    return [
        replace(each, result=NotReadyError(each.result.message, hint=each.result.hint))
        if isinstance(each.result, LockedError)
        else each
        for each in acted
    ]
