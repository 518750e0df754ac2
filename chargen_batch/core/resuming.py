"""What resume decides: which command a run needs next, and whether it was ever paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.core import state_machine
from chargen_batch.core.submission import is_live
from chargen_batch.model.state import DownloadedJob, EndedJob, IntendedJob, StagedJob, WaitingJob

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from chargen_batch.model.plan import RunConfig
    from chargen_batch.model.state import Job, Phase, RunState

_UNPAID: frozenset[Phase] = frozenset({"planned", "staging", "staged"})
_AT_WORK: frozenset[Phase] = frozenset({"submitted", "running"})
_OPEN = frozenset({WaitingJob, StagedJob, IntendedJob})
# Of what a run was planned with, what says which targets it is about.
_ASKED: Final = (
    *("mode", "scope", "model", "backend", "entity_filter", "target_filter", "image_type_filter"),
    *("skip", "retry_refused", "variants", "portraits", "prompt_mode"),
)


def is_unpaid(state: RunState) -> bool:
    """Say whether no job of an unfinished run was ever asked for: going on begins to cost money."""
    return state.phase in _UNPAID and not any(isinstance(job, IntendedJob) for job in state.jobs)


def is_awaited(state: RunState) -> bool:
    """Say whether the service has jobs of a run, or has yet to take some."""
    return state.phase in _AT_WORK


def next_command(state: RunState, done: Container[str], *, is_reported: bool) -> str | None:
    """Return the command that moves a run on, or ``None`` where there is none now.

    Args:
        state: The run's state.
        done: The commands that this round has been through, but those that are due again: so a
            round ends whatever the service says.
        is_reported: Whether a run that has ended has its report.

    """
    return next(
        (each for each in _wanted(state, is_reported=is_reported) if each not in done), None
    )


def due_again(command: str, before: RunState, after: RunState) -> frozenset[str]:
    """Return the commands that may have work again once another was done, though they had been.

    Submit looks at live jobs too, and may find that some have ended; jobs that poll saw end have
    left their slots. Poll itself comes once, so a round ends.
    """
    if command == "submit":
        return frozenset({"download"})
    if command == "poll" and live_jobs(after) < live_jobs(before):
        return frozenset({"submit"})
    return frozenset()


def _wanted(state: RunState, *, is_reported: bool) -> Iterator[str]:
    """Go through the commands that have work on a run, in the order in which they are due.

    While jobs run, results that are there are fetched before more is asked for. What is to be
    cancelled is stopped, and no more is asked for.
    """
    if state_machine.is_cancelling(state):
        yield "cancel"
        if state.phase == "running" and any(map(_is_unfetched, state.jobs)):
            yield "download"
        return
    match state.phase:
        case "planned" | "staging":
            yield "stage"
        case "staged":
            yield "submit"
        case "submitted" | "running":
            yield from _while_running(state)
        case "downloading":
            yield "download"
        case "applying":
            yield "apply"
        case "completed" | "failed" | "cancelled":
            if not is_reported:
                yield "report"


def _while_running(state: RunState) -> Iterator[str]:
    if state.phase == "submitted" or any(map(is_live, state.jobs)) or not _is_open(state):
        yield "poll"
    if state.phase == "running" and any(map(_is_unfetched, state.jobs)):
        yield "download"
    if _is_open(state):
        yield "submit"


def _is_open(state: RunState) -> bool:
    """Say whether a job was not created yet, or is not known to be."""
    return any(type(job) in _OPEN for job in state.jobs)


def _is_unfetched(job: Job) -> bool:
    return isinstance(job, EndedJob) and not isinstance(job, DownloadedJob)


def live_jobs(state: RunState) -> int:
    """Return how many jobs the service is at work on."""
    return sum(map(is_live, state.jobs))


def asks_the_same(one: RunConfig, other: RunConfig) -> bool:
    """Say whether two runs were planned for the same part of the story, in the same way."""
    return all(getattr(one, name) == getattr(other, name) for name in _ASKED)
