"""Each phase with what it needs of a session: its locks, its service, whom it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.api.session import Session
    from chargen_batch.core.pictures import Verification
    from chargen_batch.phases.apply import ApplyChoices, ApplyReport
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.cleanup import CleanupReport
    from chargen_batch.phases.download import DownloadReport
    from chargen_batch.phases.poll import PollReport
    from chargen_batch.phases.report import ReportReport
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.phases.retry import RetryReport
    from chargen_batch.phases.revert import RevertReport
    from chargen_batch.phases.stage import StageReport
    from chargen_batch.phases.submit import SubmitReport
    from chargen_batch.run.directory import RunDirectory


def stage(session: Session, run: RunDirectory) -> StageReport:
    """Bring references and requests to the service."""
    from chargen_batch.phases import stage as phase

    connect = session.connect_to(run)
    return phase.run(run, session.project, connect, clock=session.clock, tell=session.tell)


def submit(
    session: Session, run: RunDirectory, *, allow_duplicates: bool, cancel_twins: bool
) -> SubmitReport:
    """Create the jobs, each once."""
    from chargen_batch.phases import submit as phase

    return phase.run(
        run,
        session.project,
        session.connect_to(run),
        clock=session.clock,
        tell=session.tell,
        allow_duplicates=allow_duplicates,
        cancel_twins=cancel_twins,
        lock_timeout_s=session.lock_timeout_s,
    )


def poll(session: Session, run: RunDirectory, give_up: Sequence[str] = ()) -> PollReport:
    """Ask the service once how the jobs are doing."""
    from chargen_batch.phases import poll as phase

    connect = session.connect_to(run)
    return phase.run(run, connect, clock=session.clock, tell=session.tell, give_up=give_up)


def download(session: Session, run: RunDirectory, give_up: Sequence[str] = ()) -> DownloadReport:
    """Fetch the results of every ended job."""
    from chargen_batch.phases import download as phase

    connect = session.connect_to(run)
    return phase.run(run, connect, clock=session.clock, tell=session.tell, give_up=give_up)


def apply(
    session: Session,
    run: RunDirectory,
    *,
    rehearsal_ok: bool,
    verify: Verification,
    choices: ApplyChoices,
) -> ApplyReport:
    """Write pictures and entries, the story under its lock."""
    from chargen_batch.phases import apply as phase

    with session.story_held():
        return phase.run(
            run,
            session.project,
            clock=session.clock,
            tell=session.tell,
            rehearsal_ok=rehearsal_ok or session.rehearsal_ok,
            verify=verify,
            choices=choices,
        )


def report(session: Session, run: RunDirectory) -> ReportReport:
    """Write report.json and report.html."""
    from chargen_batch.phases import report as phase

    connect = session.connect_to(run)
    return phase.run(run, session.project, connect, clock=session.clock, tell=session.tell)


def resume(
    session: Session, run: RunDirectory, *, first_ok: bool, rehearsal_ok: bool
) -> ResumeReport:
    """Bring a run to its end, or to the next wait."""
    from chargen_batch.phases import resume as phase

    return phase.run(
        run,
        session.project,
        session.connect_to(run),
        clock=session.clock,
        story_held=session.story_held,
        choices=phase.ResumeChoices(
            first_ok=first_ok,
            rehearsal_ok=rehearsal_ok or session.rehearsal_ok,
            lock_timeout_s=session.lock_timeout_s,
        ),
        tell=session.tell,
    )


def retry(session: Session, run: RunDirectory, codes: Sequence[str] = ()) -> RetryReport:
    """Make a run of the dead letters that are worth sending again."""
    from chargen_batch.api.session import suffix
    from chargen_batch.phases import retry as phase

    return phase.run(
        run,
        session.project,
        clock=session.clock,
        suffix=suffix,
        codes=codes,
        tell=session.tell,
    )


def cancel(session: Session, run: RunDirectory, *, sure: bool) -> CancelReport:
    """Stop what can be stopped of a run."""
    from chargen_batch.phases import cancel as phase

    connect = session.connect_to(run)
    return phase.run(run, connect, clock=session.clock, sure=sure, tell=session.tell)


def revert(session: Session, run: RunDirectory, *, dry_run: bool) -> RevertReport:
    """Take a run's results out of the story, which is under its lock."""
    from chargen_batch.phases import revert as phase

    with session.story_held("revert"):
        return phase.run(
            run, session.project, clock=session.clock, dry_run=dry_run, tell=session.tell
        )


def cleanup(session: Session, run: RunDirectory, *, dry_run: bool, sure: bool) -> CleanupReport:
    """Remove what a finished run left on the service."""
    from chargen_batch.phases import cleanup as phase

    connect = session.connect_to(run)
    return phase.run(
        run, connect, clock=session.clock, dry_run=dry_run, sure=sure, tell=session.tell
    )
