"""One command on the runs that it takes, each under its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.api import acting
from chargen_batch.api.waiting import WaitChoices
from chargen_batch.cli import interruption
from chargen_batch.cli.allocator import keep_pages
from chargen_batch.cli.views import show_waiting
from chargen_batch.core.retry_policy import is_retryable
from chargen_batch.errors import BatchError
from chargen_batch.run import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.cli.acted import Acted, Report
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
    interruption.on(taken, command)
    keep_pages()

    def on_wait(waiting: Sequence[Acted], news: Sequence[Acted], sleep_s: float) -> None:
        interruption.waits()
        bars = session.stream().has_bars
        show_waiting(waiting, news, sleep_s, session.common, has_bars=bars)

    acted = acting.act_on(
        session,
        command,
        taken,
        lambda run: phase(session, run),
        _waits(patience),
        worth_waiting,
        when_done=when_done,
        on_wait=on_wait,
    )
    if patience is not None and patience.wait:
        _tell_how_to_go_on(acted)
    return acted


def _tell_how_to_go_on(acted: Sequence[Acted]) -> None:
    """Let trouble that passes, and was not waited for, end with the command to type then."""
    for each in acted:
        error = each.result
        if isinstance(error, BatchError) and is_retryable(error):
            hints = (error.hint, f"to go on, type: {interruption.typed_again()}")
            error.hint = "; ".join(filter(None, hints))


def _waits(patience: WaitOptions | None) -> WaitChoices | None:
    if patience is None or not patience.wait:
        return None
    return WaitChoices(patience.interval, patience.timeout)
