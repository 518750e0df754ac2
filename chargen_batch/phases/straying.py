"""Jobs of a run on the service that its state does not know: told of, or stopped; nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import strays
from chargen_batch.errors import ExecutionError
from chargen_batch.phases.submitting import pending_jobs
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.runs import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.model.state import RunState
    from chargen_batch.phases.submitting import Round
    from chargen_batch.service.api import RemoteJob


def hold(round_: Round, *, stop: bool, allow_duplicates: bool) -> None:
    """Let nothing be created beside a job that may be at the same tasks, or has done them.

    Args:
        round_: The round, its jobs adopted.
        stop: Whether those at work are cancelled instead.
        allow_duplicates: Whether to pay again for what some may have the results of.

    Raises:
        ExecutionError: There is one, and nobody said what to do about it.

    """
    run_id, states = round_.state.run_id, tuple(_kin(round_))
    if stop:
        for state in states:
            stop_all(round_, state)
    live = [(s, job) for s in states for job in strays.live(s, round_.listed) if not stop]
    if live:
        raise ExecutionError(
            f"{_told(*live[0])}; nothing was created",
            job=live[0][1].name,
            hint=f"cancel it: chargen-batch submit --run {run_id} --yes; or restore the newer "
            "state.json, where this is an older one",
        )
    paid = [(state, job) for state in states for job in strays.paid(state, round_.listed)]
    if paid and pending_jobs(round_.state) and not allow_duplicates:
        raise ExecutionError(
            f"{_told(*paid[0])}, and its results are paid for; nothing was created",
            job=paid[0][1].name,
            hint="restore the newer state.json, where this is an older one; or pay again for what "
            f"is in it: chargen-batch submit --run {run_id} --allow-duplicates",
        )
    round_.warnings.extend(f"{_told(*each)}, and its results are not fetched" for each in paid)


def stop_all(round_: Round, state: RunState) -> None:
    """Ask for the end of each such job of a run that is at work."""
    for remote in strays.live(state, round_.listed):
        round_.service.cancel_job(remote.name)
        round_.run.log(round_.now(), "cancel", name=remote.name, of=remote.display_name)
        round_.warnings.append(f"{_told(state, remote)}: it was cancelled")


def _kin(round_: Round) -> Iterator[RunState]:
    """Go through the run's state and its parent's: a job of that one has tasks of this one."""
    state = round_.state
    yield state
    if state.parent_run_id:
        parent = readable(RunDirectory(round_.run.path.parent / state.parent_run_id))
        if parent:
            yield parent


def _told(state: RunState, remote: RemoteJob) -> str:
    return (
        f"{remote.name} ({remote.display_name}, {remote.state}) is a job of run {state.run_id} "
        "that its state.json does not know"
    )
