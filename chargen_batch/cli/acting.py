"""One command on the runs that it takes, each under its lock."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch.cli.acted import Acted
from chargen_batch.cli.views import show_waiting
from chargen_batch.core.patience import Patience
from chargen_batch.core.retry_policy import is_retryable
from chargen_batch.errors import BatchError, LockedError, of_the_system
from chargen_batch.phases.effects import iso
from chargen_batch.run import runs
from chargen_batch.run.lock import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.cli.acted import Report
    from chargen_batch.cli.options import WaitOptions
    from chargen_batch.cli.session import Session
    from chargen_batch.run.directory import RunDirectory

    Phase = Callable[[Session, RunDirectory], Report]
    WhenDone = Callable[[Acted], Acted]


def act(
    session: Session,
    command: str,
    explicit: str | None,
    phase: Phase,
    patience: WaitOptions | None,
    worth_waiting: Callable[[Report], bool],
    when_done: WhenDone = lambda acted: acted,
) -> tuple[list[Acted], str]:
    """Run a phase on every run that a command takes; return what became of them, and a note.

    A run is held under its lock for a round, never across a sleep. One run's error does not keep
    the others from being done.

    Args:
        session: The command's world.
        command: Its name.
        explicit: The run that was asked for, if one was.
        phase: What is done with a run.
        patience: Whether to wait, and how; ``None`` for a command that never does.
        worth_waiting: Whether another round could change a report.
        when_done: Called once for each run, under no lock, when there is no further round of it.

    Raises:
        StateError: There is no such run, or another command's turn comes first.
        NotReadyError: Only the service is awaited.

    """
    selection = runs.select(session.project.runs_dir, command, explicit)
    acted = act_on(session, command, selection.runs, phase, patience, worth_waiting, when_done)
    return acted, "" if acted else selection.note


def act_on(
    session: Session,
    command: str,
    taken: Sequence[RunDirectory],
    phase: Phase,
    patience: WaitOptions | None,
    worth_waiting: Callable[[Report], bool],
    when_done: WhenDone = lambda acted: acted,
) -> list[Acted]:
    """Run a phase on runs, round after round while it waits; return what became of them."""
    acted: dict[str, Acted] = {}
    todo, wait = list(taken), _Wait.begun(session, patience)
    while todo:
        again = []
        for run in todo:
            before = acted.get(run.run_id)
            result = _round(session, command, run, phase)
            now = Acted(run.run_id, result, rounds=before.rounds + 1 if before else 1)
            acted[run.run_id] = now
            if _is_worth_another(before, result, worth_waiting):
                again.append(run)
            else:
                acted[run.run_id] = when_done(now)
        if again and not (wait and wait.sleeps([acted[run.run_id] for run in again])):
            acted.update({run.run_id: when_done(acted[run.run_id]) for run in again})
            break
        todo = again
    return list(acted.values())


def _is_worth_another(
    before: Acted | None, result: Report | BatchError, worth_waiting: Callable[[Report], bool]
) -> bool:
    """Say whether to go on waiting: also through trouble that passes.

    That is what the network and the service recover from, and another command that holds a run in
    between two rounds.
    """
    if isinstance(result, LockedError):
        return before is not None
    return is_retryable(result) if isinstance(result, BatchError) else worth_waiting(result)


@dataclass(slots=True)
class _Wait:
    """The time between the rounds of --wait."""

    session: Session
    timeout_s: float | None
    patience: Patience
    started: float
    seen: dict[str, object] = field(default_factory=dict)

    @classmethod
    def begun(cls, session: Session, options: WaitOptions | None) -> _Wait | None:
        """Begin to wait, if that was asked for."""
        if options is None or not options.wait:
            return None
        configured_s = session.project.settings.batch.poll_interval_s
        patience = Patience.of(options.interval, configured_s)
        return cls(session, options.timeout, patience, time.monotonic())

    def sleeps(self, waiting: Sequence[Acted]) -> bool:
        """Sleep until the next round, the last of which is at the timeout; say if there is one."""
        left_s = self.timeout_s
        if left_s is not None:
            left_s -= time.monotonic() - self.started
            if left_s <= 0:
                return False
        now = {each.run_id: _progress(each.result) for each in waiting}
        news = [each for each in waiting if self.seen.get(each.run_id) != now[each.run_id]]
        self.patience = self.patience.after(changed=now != self.seen)
        self.seen = now
        sleep_s = self.patience.sleep_s(chance=secrets.SystemRandom().random(), left_s=left_s)
        show_waiting(waiting, news, sleep_s, self.session.common)
        time.sleep(sleep_s)
        return True


def _progress(result: Report | BatchError) -> object:
    """Return what of a round's result tells whether anything moved."""
    if isinstance(result, BatchError):
        return result.message
    return getattr(result, "jobs", result)


def _round(session: Session, command: str, run: RunDirectory, phase: Phase) -> Report | BatchError:
    since, timeout_s = iso(session.clock()), session.common.lock_timeout
    try:
        with held(run.lock_file, command=command, since=since, timeout_s=timeout_s):
            run.log(since, "command", command=command)
            return phase(session, run)
    except BatchError as err:
        return err
    except OSError as err:
        return of_the_system(err)
