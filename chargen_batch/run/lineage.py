"""Which dead letters of a run may be sent again, and which of them a later run holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.run.ledgers import Ledgers, dead
from chargen_batch.run.runs import all_runs, readable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

    from chargen_batch.model.outcome import TaskError
    from chargen_batch.model.state import RunState
    from chargen_batch.run.directory import RunDirectory


def holders(
    runs_dir: Path, run: RunDirectory, keys: Iterable[str], *, ledgers: Ledgers | None = None
) -> dict[str, str]:
    """Return the later run that holds each of a run's tasks, where one does.

    A run holds the tasks that it has still to do, and those that have ended in it, well or badly:
    its word is the newer one. One that was cancelled before it sent a task does not hold that. A
    rehearsal holds nothing of the real thing, nor the other way round. Later is what was made of a
    run's dead letters, whatever the clock said then, and nothing that these were of; else the ids.

    Args:
        runs_dir: The folder of the runs.
        run: The run whose tasks these are.
        keys: The tasks' keys.
        ledgers: The runs, where they were looked at already.

    Raises:
        DocumentError: A run cannot be read, so it is not known what it holds.

    """
    known = ledgers or Ledgers(runs_dir)
    return _holders(known, run.run_id, is_rehearsal=_is_rehearsal(run.state()), keys=keys)


def _holders(
    known: Ledgers, run_id: str, *, is_rehearsal: bool, keys: Iterable[str]
) -> dict[str, str]:
    held: dict[str, str] = {}
    parents, open_keys = known.parents(), set(keys)
    for other in reversed(known.runs):  # the newest has the last word
        if not open_keys:
            break
        if _is_later(other.run_id, run_id, parents) and other.is_rehearsal == is_rehearsal:
            found = open_keys & other.held
            held.update(dict.fromkeys(found, other.run_id))
            open_keys -= found
    return held


def _is_later(other: str, run_id: str, parents: Mapping[str, str | None]) -> bool:
    """Say whether a run has the newer word: ids tell only of those that are no kin."""
    if run_id in _ancestors(other, parents):
        return True
    return other > run_id and other not in _ancestors(run_id, parents)


def _ancestors(run_id: str, parents: Mapping[str, str | None]) -> set[str]:
    found: set[str] = set()
    above = parents.get(run_id)
    while above is not None and above not in found:
        found.add(above)
        above = parents.get(above)
    return found


def _is_rehearsal(state: RunState) -> bool:
    return state.config.backend == "emulator"


def retryable(
    runs_dir: Path, run: RunDirectory, *, ledgers: Ledgers | None = None
) -> dict[str, TaskError]:
    """Return the dead letters of a run that may be sent again and that no later run holds."""
    may_help = {key: error for key, error in dead(run).items() if error.retryable}
    held = holders(runs_dir, run, may_help, ledgers=ledgers) if may_help else {}
    return {key: error for key, error in may_help.items() if key not in held}


def holds_for(
    runs_dir: Path,
    run: RunDirectory,
    *,
    but: Container[str] = (),
    ledgers: Ledgers | None = None,
) -> str | None:
    """Return an older run of which a finished run holds dead letters, ``None`` where there is none.

    Args:
        runs_dir: The folder of the runs.
        run: The finished run.
        but: Runs that do not count.
        ledgers: The runs, where they were looked at already.

    Raises:
        DocumentError: A run cannot be read.

    """
    known = ledgers or Ledgers(runs_dir)
    own = {outcome.key for outcome in run.outcomes()}
    parents = known.parents()
    for other in known.runs:
        if other.run_id in but or not _is_later(run.run_id, other.run_id, parents):
            continue
        asked = own & other.retryable if other.state.is_finished else set()
        held = _holders(known, other.run_id, is_rehearsal=other.is_rehearsal, keys=asked)
        if run.run_id in held.values():
            return other.run_id
    return None


def planned_child(runs_dir: Path, run: RunDirectory) -> RunDirectory | None:
    """Return the newest run that was made of a run's dead letters and not begun yet, if any."""
    for other in reversed(all_runs(runs_dir)):
        state = readable(other)
        if state and state.parent_run_id == run.run_id and state.phase == "planned":
            return other
    return None
