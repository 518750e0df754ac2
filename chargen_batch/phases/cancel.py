"""cancel: stop a run; what has results by then is paid for, and is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core import backends, cancelling, polling, state_machine, submission
from chargen_batch.core.strays import is_of
from chargen_batch.errors import ExecutionError, ExitCode, ServiceError
from chargen_batch.model.state import EndedJob, IntendedJob, LostJob
from chargen_batch.phases import binding, settling, straying
from chargen_batch.phases.adopting import adopt
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.submitting import Round
from chargen_batch.phases.telling import on_run

if TYPE_CHECKING:
    from chargen_batch.model.state import Phase, RunningJob, RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory

_GONE: Final = 404
_HAS_ENDED: Final = 400  # what the service says to the cancelling of a job that has ended


@dataclass(frozen=True, slots=True)
class CancelReport:
    """What became of a run's jobs.

    ``was_over`` says that the run had gone beyond what can be cancelled. ``stopped`` jobs ended
    without results, ``ended`` ones have some; ``stopping`` are still at work, and whether the
    service has the ``unknown`` ones is not known yet.
    """

    run_id: str
    phase: Phase
    stopped: int = 0
    ended: int = 0
    stopping: int = 0
    unknown: int = 0
    asked: tuple[str, ...] = ()
    was_over: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while a job is at work, or may be."""
        return ExitCode.NOT_READY if self.stopping or self.unknown else ExitCode.DONE


@on_run("cancel")
def run(
    run: RunDirectory,
    connect: Connect,
    *,
    clock: Clock,
    sure: bool,
    gives_up: bool = True,
    tell: Tell = silent,  # noqa: ARG001 - on_run tells for it
) -> CancelReport:
    """Stop what was not sent, then what is live, saving after each; end the run if all is lost.

    A run with results goes on: they are paid for. One that was never submitted needs no service.
    That it is to be cancelled is on disk before the first call: whatever comes of this command,
    nothing is created for the run from then on.

    Args:
        run: The run's directory, under its lock.
        connect: Opens the service.
        clock: The time.
        sure: Whether jobs may be stopped that the service is at work on; said once, it stays said.
        gives_up: Whether a job that ended well is lost where it is seen without results again: not
            where no person typed it, for they may come.
        tell: Who is told that it begins and ends.

    Raises:
        StateError: The run belongs to another service.
        ExecutionError: Jobs are at work and nobody said that they may be stopped, or the service no
            longer has one of them, or it is another one's there; the others were stopped.
        ServiceError: The service refused.
        NetworkError: The service was not reached.

    """
    state = run.state()
    if not state_machine.require(state, "cancel"):
        return CancelReport(state.run_id, state.phase, was_over=True)
    if not cancelling.was_asked_for(state):
        return CancelReport(state.run_id, _over(run, state, at=iso(clock())).phase)
    if not cancelling.is_paid_work(state):
        state = run.save(cancelling.withdrawn(state, at=iso(clock())))
        return _report(_ended(run, state, at=iso(clock())))
    if not sure and not state.cancel_requested_at:
        raise _unsure(state)
    service = connect()
    binding.check_place(state, binding.identity(service.address, state.run_id))
    state = _wanted(run, state, at=iso(clock()))
    service, state = binding.connected(run, state, lambda: service, clock=clock)
    round_ = Round(run, state, service, clock)
    adopt(round_, cancel_twins=True)
    straying.stop_all(round_, round_.state)
    round_.state = run.save(cancelling.withdrawn(round_.state, at=round_.now()))
    asked = [job.batch_job_name for job in round_.state.jobs if submission.is_live(job)]
    _stop_all(round_, gives_up=gives_up)
    state = _ended(run, round_.state, at=round_.now())
    odd = (polling.warning(job, state.run_id) for job in filter(submission.is_live, state.jobs))
    return _report(state, tuple(asked), (*round_.warnings, *filter(None, odd)))


def _wanted(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    now = cancelling.wanted(state, at=at)
    return state if now == state else run.save(now)


def _unsure(state: RunState) -> ExecutionError:
    jobs = sum(submission.may_exist(job) for job in state.jobs)
    return ExecutionError(
        f"the service is at work on {jobs} job(s) of run {state.run_id}, and what it has done of "
        "them may be lost",
        hint=f"stop them all the same: chargen-batch cancel --run {state.run_id} --yes",
    )


def _stop_all(round_: Round, *, gives_up: bool) -> None:
    gone, foreign = [], []
    for job in [job for job in round_.state.jobs if submission.is_live(job)]:
        try:
            if _is_ours(round_, job):
                _stop(round_, job, gives_up=gives_up)
            else:
                foreign.append(job.batch_job_name)
        except ServiceError as err:
            if err.http_status != _GONE:
                raise
            gone.append(job.batch_job_name)
    if foreign:
        raise ExecutionError(
            f"{', '.join(foreign)} was not made by run {round_.state.run_id} and is left alone: "
            "on the service it has another name",
            job=foreign[0],
            hint="state.json was changed: restore it; the other jobs were stopped",
        )
    if gone:
        words = backends.words(round_.state.config.backend)
        raise ExecutionError(
            f"the service no longer has {', '.join(gone)} of run {round_.state.run_id}",
            job=gone[0],
            hint=f"{words.are_they_there} the other jobs were stopped",
        )


def _is_ours(round_: Round, job: RunningJob) -> bool:
    """Say whether a job goes by this run's name: a state.json may name any."""
    seen = next((each for each in round_.listed if each.name == job.batch_job_name), None)
    seen = seen or round_.service.get_job(job.batch_job_name)
    return is_of(round_.state.run_id, seen.display_name)


def _stop(round_: Round, job: RunningJob, *, gives_up: bool) -> None:
    """Ask for one job's end, and look what it came to: it may have been faster.

    One that ended well and has no result file is looked at once more, by the next command: its
    file may come. Then it is lost.
    """
    try:
        round_.service.cancel_job(job.batch_job_name)
    except ServiceError as err:
        if err.http_status != _HAS_ENDED:
            raise
    seen = round_.service.get_job(job.batch_job_name)
    at = round_.now()
    now = polling.observed(job, seen, at=at)
    if gives_up and polling.is_without_results(job) and polling.is_without_results(now):
        now = polling.given_up(now, at=at)
    round_.run.log(at, "cancel", name=job.batch_job_name, state=seen.state, error=seen.error)
    if now != job:
        round_.save(now)


def _ended(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Move the run to where its jobs put it; where nothing came of it, its tasks are settled."""
    if state_machine.phase_after_poll(state.jobs) == "failed":
        return _over(run, state, at=at)
    now = cancelling.moved(state, at=at)
    if now.phase == state.phase:
        return state
    run.log(at, "phase", before=state.phase, after=now.phase)
    return run.save(now)


def _over(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    settling.settle_lost(run, (job for job in state.jobs if isinstance(job, LostJob)))
    state = settling.counted(run, state)
    run.log(at, "phase", before=state.phase, after="cancelled")
    return run.save(state_machine.moved(state, "cancelled", at=at, command="cancel"))


def _report(
    state: RunState, asked: tuple[str, ...] = (), warnings: tuple[str, ...] = ()
) -> CancelReport:
    jobs = state.jobs
    return CancelReport(
        state.run_id,
        state.phase,
        stopped=sum(isinstance(job, LostJob) for job in jobs),
        ended=sum(isinstance(job, EndedJob) for job in jobs),
        stopping=sum(submission.is_live(job) for job in jobs),
        unknown=sum(isinstance(job, IntendedJob) for job in jobs),
        asked=asked,
        warnings=warnings,
    )
