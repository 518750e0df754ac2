"""Which dead letters of a run may be sent again, and which of them a later run holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk
from chargen_batch.errors import DocumentError
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from chargen_batch.model.outcome import TaskError
    from chargen_batch.model.state import RunState
    from chargen_batch.run.directory import RunDirectory


class _Named(msgspec.Struct):
    """Of a task, its key alone: prompts make the file large, and are passed over."""

    key: str


def dead(run: RunDirectory) -> dict[str, TaskError]:
    """Return why each task of a run failed that did, by key."""
    last = {outcome.key: outcome for outcome in run.outcomes()}
    return {
        key: outcome.error
        for key, outcome in last.items()
        if outcome.stage == "settled" and outcome.error
    }


def holders(runs_dir: Path, run: RunDirectory, keys: Container[str]) -> dict[str, str]:
    """Return the later run that holds each of a run's tasks, where one does.

    A run holds the tasks that it has still to do, and those that have ended in it, well or badly:
    its word is the newer one. One that was cancelled before it sent a task does not hold that. A
    rehearsal holds nothing of the real thing, nor the other way round.

    Args:
        runs_dir: The folder of the runs.
        run: The run whose tasks these are.
        keys: The tasks' keys.

    Raises:
        DocumentError: A run cannot be read, so it is not known what it holds.

    """
    held: dict[str, str] = {}
    is_rehearsal = _is_rehearsal(run.state())
    for other in all_runs(runs_dir):
        if other.run_id == run.run_id:
            continue
        state = other.state()
        is_later = other.run_id > run.run_id or state.parent_run_id == run.run_id
        if is_later and _is_rehearsal(state) == is_rehearsal:
            held.update((key, other.run_id) for key in _held_by(other, state) if key in keys)
    return held


def _is_rehearsal(state: RunState) -> bool:
    return state.config.backend == "emulator"


def _held_by(run: RunDirectory, state: RunState) -> Iterator[str]:
    if state.is_finished:
        yield from (outcome.key for outcome in run.outcomes())
        return
    decoder = msgspec.json.Decoder(_Named)
    for number, line in enumerate(disk.whole_lines(run.tasks_file), 1):
        try:
            yield decoder.decode(line).key
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise DocumentError(f"{run.tasks_file}, line {number}, is damaged: {err}") from err


def retryable(runs_dir: Path, run: RunDirectory) -> dict[str, TaskError]:
    """Return the dead letters of a run that may be sent again and that no later run holds."""
    may_help = {key: error for key, error in dead(run).items() if error.retryable}
    held = holders(runs_dir, run, may_help) if may_help else {}
    return {key: error for key, error in may_help.items() if key not in held}


def holds_for(runs_dir: Path, run: RunDirectory, *, but: Container[str] = ()) -> str | None:
    """Return an older run of which a finished run holds dead letters, ``None`` where there is none.

    Args:
        runs_dir: The folder of the runs.
        run: The finished run.
        but: Runs that do not count.

    Raises:
        DocumentError: A run cannot be read.

    """
    own = {outcome.key for outcome in run.outcomes()}
    parent = run.state().parent_run_id
    for other in all_runs(runs_dir):
        is_older = other.run_id < run.run_id or other.run_id == parent
        if other.run_id in but or not is_older:
            continue
        if other.state().is_finished:
            asked = [key for key, error in dead(other).items() if error.retryable and key in own]
            if asked and run.run_id in holders(runs_dir, other, asked).values():
                return other.run_id
    return None


def planned_child(runs_dir: Path, run: RunDirectory) -> RunDirectory | None:
    """Return the newest run that was made of a run's dead letters and not begun yet, if any."""
    for other in reversed(all_runs(runs_dir)):
        state = readable(other)
        if state and state.parent_run_id == run.run_id and state.phase == "planned":
            return other
    return None
