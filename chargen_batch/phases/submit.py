"""submit: create the staged jobs, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import state_machine
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import ExecutionError, ExitCode
from chargen_batch.phases import binding, cancel, money, straying, telling
from chargen_batch.phases.adopting import adopt
from chargen_batch.phases.creating import Creation
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.submitting import Round, open_jobs, pending_jobs
from chargen_batch.phases.uploading import Uploader
from chargen_batch.run import spending

if TYPE_CHECKING:
    from chargen_batch.config import Project
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """Which jobs were created, found to exist, refused, or have to wait."""

    run_id: str
    phase: Phase
    created: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    rejected: tuple[int, ...] = ()
    open_jobs: int = 0
    warnings: tuple[str, ...] = ()
    is_cancelling: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while jobs wait for a slot or an answer."""
        return ExitCode.NOT_READY if self.open_jobs else ExitCode.DONE


@telling.on_run("submit")
def run(
    run: RunDirectory,
    project: Project,
    connect: Connect,
    *,
    clock: Clock,
    allow_duplicates: bool = False,
    cancel_twins: bool = False,
    lock_timeout_s: float = 0.0,
    tell: Tell = silent,
) -> SubmitReport:
    """Look for our own jobs on the service, then create what is missing, one at a time.

    The intention is on disk before each call and its outcome after it, so that a crash, or a lost
    answer, never leads to a second job (docs/run-directory.md). For a run that somebody wants
    cancelled nothing is created: what is found of it is stopped.

    Args:
        run: The run's directory, under its lock.
        project: The project, for references that are uploaded again.
        connect: Opens the service.
        clock: The time.
        allow_duplicates: Whether to pay for targets that another unfinished run holds.
        cancel_twins: Whether the second of two jobs with one name is cancelled, and a job of this
            run that its state does not know; they are looked for also when every job was created.
        lock_timeout_s: How long to wait for another submit in this project.
        tell: Who is told how far it is.

    Raises:
        ExecutionError: Another unfinished run holds some of the targets, it would cost more than
            it may, or the service has a job of this run that its state does not know; nothing was
            created.
        StagingError: What is gone or too old could not be uploaded again.
        LockedError: Another submit is at work in this project.
        StateError: The run is not staged yet, or belongs to another service.
        ServiceError: The key or the model is refused, or a single request does not fit into the
            quota; nothing was created for it.
        NetworkError: The service was not reached; the same command later goes on.

    """
    state = run.state()
    if not state_machine.require(state, "submit"):
        return SubmitReport(state.run_id, state.phase)
    if not open_jobs(state):
        state = _without_jobs(run, state, at=iso(clock()))
        if not cancel_twins:
            is_cancelling = state_machine.is_cancelling(state)
            return SubmitReport(state.run_id, state.phase, is_cancelling=is_cancelling)
    if state.cancel_requested_at:
        stopped = cancel.run(run, connect, clock=clock, sure=True, gives_up=False, tell=tell)
        return _stopped(stopped)
    service, state = binding.connected(run, state, connect, clock=clock)
    round_ = Round(run, state, service, clock, tell)
    adopt(round_, cancel_twins=cancel_twins)
    straying.hold(round_, stop=cancel_twins, allow_duplicates=allow_duplicates)
    since = iso(clock())
    with spending.one_at_a_time(project.root, since=since, timeout_s=lock_timeout_s):
        if pending_jobs(round_.state):
            _check(run, project, round_, allow_duplicates=allow_duplicates)
            _create(project, round_)
    return SubmitReport(
        state.run_id,
        round_.state.phase,
        created=tuple(round_.created),
        adopted=tuple(round_.adopted),
        rejected=tuple(round_.rejected),
        open_jobs=len(open_jobs(round_.state)),
        warnings=tuple(round_.warnings),
    )


def _check(run: RunDirectory, project: Project, round_: Round, *, allow_duplicates: bool) -> None:
    """Refuse what would be paid twice, or costs more than it may."""
    if not allow_duplicates:
        _check_not_held(run, round_.state)
    money.hold_creation(project, run, round_.state, month=iso(round_.clock())[:7])


def _create(project: Project, round_: Round) -> None:
    state = round_.state
    service, clock, tell = round_.service, round_.clock, round_.tell
    uploader = Uploader(round_.run, project, service, clock, state.config, tell)
    ours = spending.awaited(round_.run.path.parent, state.service) if state.service else []
    Creation(round_, uploader, ours).create()


def _check_not_held(run: RunDirectory, state: RunState) -> None:
    """Refuse to pay for what another run is drawing, or has drawn since this one was planned."""
    runs_dir, rehearsal = run.path.parent, state.config.backend == EMULATOR
    holders = spending.in_flight(runs_dir, rehearsal=rehearsal, but=state.run_id)
    drawn = spending.drawn_since(runs_dir, run.check_plan(state))
    wanted = list(spending.targets(run, open_jobs(state)))
    for taken, what, hint in (
        (holders, "are being drawn already", "wait for that run and plan anew"),
        (drawn, "were drawn after it was planned", "cancel this run and plan anew"),
    ):
        twice = [name for name in wanted if name in taken]
        if twice:
            first = "/".join(twice[0])
            raise ExecutionError(
                f"{len(twice)} target(s) of run {state.run_id} {what}: "
                f"{first} by run {taken[twice[0]]}",
                hint=f"{hint}, or pay twice with --allow-duplicates",
            )


def _stopped(report: CancelReport) -> SubmitReport:
    """Report a run that was to be cancelled: what is left of it is stopped, and nothing created."""
    told = f"run {report.run_id} is to be cancelled: nothing is created"
    return SubmitReport(
        report.run_id,
        report.phase,
        adopted=report.asked,
        open_jobs=report.unknown,
        warnings=(told, *report.warnings),
        is_cancelling=report.exit_code is ExitCode.NOT_READY,
    )


def _without_jobs(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Let a run whose every job was lost while staging go on to poll, which settles it."""
    if state.phase != "staged":
        return state
    return run.save(state_machine.moved(state, "submitted", at=at, command="submit"))
