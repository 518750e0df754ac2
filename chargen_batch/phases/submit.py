"""submit: create the staged jobs, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import state_machine
from chargen_batch.errors import ExecutionError, ExitCode
from chargen_batch.phases import binding
from chargen_batch.phases.effects import iso
from chargen_batch.phases.submitting import Round, open_jobs
from chargen_batch.phases.uploading import Uploader
from chargen_batch.run import spending

if TYPE_CHECKING:
    from chargen_batch.config import Project
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect
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

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while jobs wait for a slot or an answer."""
        return ExitCode.NOT_READY if self.open_jobs else ExitCode.DONE


def run(
    run: RunDirectory,
    project: Project,
    connect: Connect,
    *,
    clock: Clock,
    allow_duplicates: bool = False,
    lock_timeout_s: float = 0.0,
) -> SubmitReport:
    """Look for our own jobs on the service, then create what is missing, one at a time.

    The intention is on disk before each call and its outcome after it, so that a crash, or a lost
    answer, never leads to a second job (docs/run-directory.md).

    Args:
        run: The run's directory, under its lock.
        project: The project, for references that are uploaded again.
        connect: Opens the service.
        clock: The time.
        allow_duplicates: Whether to pay for targets that another unfinished run holds.
        lock_timeout_s: How long to wait for another submit in this project.

    Raises:
        ExecutionError: Another unfinished run holds some of the targets; nothing was created.
        LockedError: Another submit is at work in this project.
        StateError: The run is not staged yet, or belongs to another service.
        ServiceError: The key or the model is refused; nothing was created for it.
        NetworkError: The service was not reached; the same command later goes on.

    """
    state = run.state()
    if not state_machine.require(state, "submit"):
        return SubmitReport(state.run_id, state.phase)
    if not open_jobs(state):
        return SubmitReport(state.run_id, _without_jobs(run, state, at=iso(clock())).phase)
    service = binding.connected(state, connect)
    uploader = Uploader(run, project, service, clock, state.config)
    round_ = Round(run, state, service, uploader, clock)
    round_.adopt()
    since = iso(clock())
    with spending.one_at_a_time(project.root, since=since, timeout_s=lock_timeout_s):
        if not allow_duplicates:
            _check_not_held(run, round_.state)
        round_.create()
    return SubmitReport(
        state.run_id,
        round_.state.phase,
        created=tuple(round_.created),
        adopted=tuple(round_.adopted),
        rejected=tuple(round_.rejected),
        open_jobs=len(open_jobs(round_.state)),
        warnings=tuple(round_.warnings),
    )


def _check_not_held(run: RunDirectory, state: RunState) -> None:
    holders = spending.in_flight(run.path.parent, but=state.run_id)
    twice = [name for name in spending.targets(run, open_jobs(state)) if name in holders]
    if twice:
        first = "/".join(twice[0])
        raise ExecutionError(
            f"{len(twice)} target(s) of run {state.run_id} are being drawn already: "
            f"{first} by run {holders[twice[0]]}",
            hint="wait for that run and plan anew, or pay twice with --allow-duplicates",
        )


def _without_jobs(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Let a run whose every job was lost while staging go on to poll, which settles it."""
    if state.phase != "staged":
        return state
    return run.save(state_machine.moved(state, "submitted", at=at, command="submit"))
