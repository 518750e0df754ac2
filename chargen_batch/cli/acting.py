"""One command on the runs that it takes, each under its lock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chargen_batch.cli.acted import Acted
from chargen_batch.cli.views import show_waiting
from chargen_batch.errors import BatchError, of_the_system
from chargen_batch.phases.effects import iso
from chargen_batch.run import runs
from chargen_batch.run.lock import held

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.acted import Report
    from chargen_batch.cli.options import WaitOptions
    from chargen_batch.cli.session import Session
    from chargen_batch.run.directory import RunDirectory

    Phase = Callable[[Session, RunDirectory], Report]


def act(
    session: Session,
    command: str,
    explicit: str | None,
    phase: Phase,
    patience: WaitOptions | None,
    worth_waiting: Callable[[Report], bool],
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

    Raises:
        StateError: There is no such run, or another command's turn comes first.
        NotReadyError: Only the service is awaited.

    """
    selection = runs.select(session.project.runs_dir, command, explicit)
    acted: dict[str, Acted] = {}
    todo, started = list(selection.runs), time.monotonic()
    while todo:
        for run in todo:
            acted[run.run_id] = Acted(run.run_id, _round(session, command, run, phase))
        todo = [run for run in todo if _again(acted[run.run_id].result, worth_waiting)]
        waiting = [acted[run.run_id] for run in todo]
        if not todo or not _sleep(session, patience, started, waiting):
            break
    return list(acted.values()), "" if acted else selection.note


def _again(result: Report | BatchError, worth_waiting: Callable[[Report], bool]) -> bool:
    return not isinstance(result, BatchError) and worth_waiting(result)


def _sleep(
    session: Session, patience: WaitOptions | None, started: float, waiting: list[Acted]
) -> bool:
    """Sleep until the next round; say whether there is one."""
    if patience is None or not patience.wait:
        return False
    interval_s = patience.interval or session.project.settings.batch.poll_interval_s
    waited_s = time.monotonic() - started + interval_s
    if patience.timeout is not None and waited_s > patience.timeout:
        return False
    show_waiting(waiting, interval_s, session.common)
    time.sleep(interval_s)
    return True


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
