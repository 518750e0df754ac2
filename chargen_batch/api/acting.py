"""A phase on runs, each under its lock for a round of work, never across a sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from chargen_batch.api.acted import Acted, Report
from chargen_batch.api.waiting import Pause
from chargen_batch.core.retry_policy import is_retryable
from chargen_batch.errors import BatchError, LockedError, of_the_system
from chargen_batch.model.state import WaitingJob
from chargen_batch.phases.effects import iso
from chargen_batch.run.lock import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.api.session import Session
    from chargen_batch.api.waiting import OnWait, WaitChoices
    from chargen_batch.run.directory import RunDirectory

R = TypeVar("R", bound=Report)


def act_on(
    session: Session,
    command: str,
    taken: Sequence[RunDirectory],
    phase: Callable[[RunDirectory], Report],
    waiting: WaitChoices | None,
    worth_waiting: Callable[[Report], bool],
    *,
    when_done: Callable[[Acted], Acted] = lambda acted: acted,
    on_wait: OnWait = lambda _waiting, _news, _sleep_s: None,
) -> list[Acted]:
    """Run a phase on runs, round after round while it waits; return what became of them.

    One run's error does not keep the others from being done.

    Args:
        session: The project, and the time.
        command: The phase's name, for whoever finds a run locked, and for its log.
        taken: The runs.
        phase: What is done with a run.
        waiting: How to wait; ``None`` for one round.
        worth_waiting: Whether another round could change a report.
        when_done: Called once for each run, under no lock, when there is no further round of it.
        on_wait: Told before each sleep.

    """
    acted: dict[str, Acted] = {}
    todo = list(taken)
    pause = None if waiting is None else Pause.begun(session, waiting, on_wait)
    while todo:
        again = []
        for run in todo:
            before = acted.get(run.run_id)
            result = _round(session, command, run, phase)
            now = Acted(run.run_id, result, rounds=before.rounds + 1 if before else 1)
            acted[run.run_id] = now
            if _is_worth_another(run, before, result, worth_waiting):
                again.append(run)
            else:
                acted[run.run_id] = when_done(now)
        if again and not (pause and pause.sleeps([acted[run.run_id] for run in again])):
            acted.update({run.run_id: when_done(acted[run.run_id]) for run in again})
            break
        todo = again
    return list(acted.values())


def act_on_one(
    session: Session,
    command: str,
    run: RunDirectory,
    phase: Callable[[RunDirectory], R],
    waiting: WaitChoices | None = None,
    worth_waiting: Callable[[R], bool] = lambda _report: False,
) -> R:
    """Run a phase on one run, round after round while it waits; return its last report.

    Raises:
        BatchError: What the phase came to is an error.

    """
    worth = cast("Callable[[Report], bool]", worth_waiting)
    (acted,) = act_on(session, command, [run], phase, waiting, worth)
    if isinstance(acted.result, BatchError):
        raise acted.result
    return cast("R", acted.result)


def _is_worth_another(
    run: RunDirectory,
    before: Acted | None,
    result: Report | BatchError,
    worth_waiting: Callable[[Report], bool],
) -> bool:
    """Say whether to go on waiting: also through trouble that passes.

    That is what the network and the service recover from, and another command that holds a run in
    between two rounds. Of a run that has nothing on the service yet nothing is waited for.
    """
    if isinstance(result, LockedError):
        return before is not None
    if isinstance(result, BatchError):
        return is_retryable(result) and _is_on_the_service(run)
    return worth_waiting(result)


def _is_on_the_service(run: RunDirectory) -> bool:
    is_sent = any(not isinstance(job, WaitingJob) for job in run.state().jobs)
    return is_sent or next(run.uploads(), None) is not None


def _round(
    session: Session, command: str, run: RunDirectory, phase: Callable[[RunDirectory], Report]
) -> Report | BatchError:
    since = iso(session.clock())
    try:
        with held(run.lock_file, command=command, since=since, timeout_s=session.lock_timeout_s):
            run.log(since, "command", command=command)
            return phase(run)
    except BatchError as err:
        return err
    except OSError as err:
        return of_the_system(err)
