"""The folder of a project's runs: making one, and which one a command takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chargen_batch import disk
from chargen_batch.core import state_machine
from chargen_batch.errors import DocumentError, NotReadyError, StateError
from chargen_batch.run import leftovers
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.documents import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.plan import BatchPlan
    from chargen_batch.model.state import RunState
    from chargen_batch.model.task import BatchTask

# These act on the run that was planned last; the others on every run that they apply to.
_TAKES_CURRENT = frozenset({"stage", "submit", "cancel", "show", "status"})
_AWAITING_SERVICE = frozenset({"submitted", "running"})


@dataclass(frozen=True, slots=True)
class Selection:
    """The runs that a command acts on, oldest first; ``note`` says why there is none."""

    runs: tuple[RunDirectory, ...]
    note: str = ""


def make(
    runs_dir: Path, plan: BatchPlan, state: RunState, tasks: Iterable[BatchTask]
) -> RunDirectory:
    """Write a new run beside its place and rename it, so that a half-made one is never seen.

    ``plan.tasks_sha256`` and ``state.plan_sha256`` are filled in here.
    """
    _make_private_folder(runs_dir)
    leftovers.sweep(runs_dir, now=datetime.fromisoformat(plan.created_at))
    building = RunDirectory(runs_dir / f".{plan.run_id}.tmp")
    disk.make_directory(building.path)
    digest = hashlib.sha256()
    with disk.replacing(building.tasks_file) as stream:
        for task in tasks:
            line = msgspec.json.encode(task) + b"\n"
            digest.update(line)
            stream.write(line)
    header = encode(msgspec.structs.replace(plan, tasks_sha256=digest.hexdigest()))
    disk.replace(building.plan_file, header)
    building.save(msgspec.structs.replace(state, plan_sha256=hashlib.sha256(header).hexdigest()))
    run = RunDirectory(runs_dir / plan.run_id)
    disk.rename(building.path, run.path)
    set_current(runs_dir, plan.run_id)
    return run


def set_current(runs_dir: Path, run_id: str) -> None:
    """Name the run that the last plan made; an empty name where it found nothing to do."""
    _make_private_folder(runs_dir)
    content = f"{run_id}\n".encode() if run_id else b""
    disk.replace_if_changed(runs_dir / "current", content, locked=False)


def _make_private_folder(runs_dir: Path) -> None:
    """Make the folder of the runs; ``.chargen/`` keeps itself out of the user's git."""
    disk.make_directory(runs_dir)
    if runs_dir.parent.name == ".chargen":
        disk.replace_if_changed(runs_dir.parent / ".gitignore", b"*\n", locked=False)


def all_runs(runs_dir: Path) -> list[RunDirectory]:
    """Return the runs of a project, oldest first (their ids sort by time)."""
    if not runs_dir.is_dir():
        return []
    folders = sorted(path for path in runs_dir.iterdir() if not path.name.startswith("."))
    return [RunDirectory(path) for path in folders if (path / "state.json").is_file()]


def select(runs_dir: Path, command: str, explicit: str | None = None) -> Selection:
    """Return the runs that a command acts on (docs/run-directory.md).

    Raises:
        StateError: The run asked for does not exist, or another command's turn comes first.
        NotReadyError: Only the service is awaited.

    """
    if explicit:
        return Selection((_named(runs_dir, explicit),))
    if command in _TAKES_CURRENT:
        return _current(runs_dir)
    if command == "report":
        return _to_report(runs_dir)
    if command == "cleanup":
        return _to_clean(runs_dir)
    states = [(run, readable(run)) for run in all_runs(runs_dir)]
    # A run that cannot be read is taken too: its error is told, and the others are done.
    ready = [
        run
        for run, state in states
        if state is None or state.phase in state_machine.PHASES_FOR[command]
    ]
    if ready:
        return Selection(tuple(ready))
    return _nothing_for(command, [state for _, state in states if state is not None])


def readable(run: RunDirectory) -> RunState | None:
    """Return a run's state, ``None`` where it cannot be read."""
    try:
        return run.state()
    except DocumentError:
        return None


def _named(runs_dir: Path, name: str) -> RunDirectory:
    """Return a run of this project by its id or its path."""
    for path in (runs_dir / name, Path(name)):
        if _is_run(path):
            if path.resolve().parent != runs_dir.resolve():
                raise StateError(
                    f"{path} is a run of another project",
                    hint="give that project's folder with --project",
                )
            return RunDirectory(path.resolve())
    known = [run.run_id for run in all_runs(runs_dir)]
    hint = f"the newest is {known[-1]}" if known else "make one: chargen-batch plan"
    raise StateError(f"there is no run {name}", hint=hint)


def _is_run(path: Path) -> bool:
    try:
        return (path / "state.json").is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _current(runs_dir: Path) -> Selection:
    pointer = runs_dir / "current"
    name = pointer.read_text("utf-8", "replace").strip() if pointer.is_file() else ""
    if name and _is_run(runs_dir / name):
        return Selection((RunDirectory(runs_dir / name),))
    if pointer.is_file():
        return Selection((), "nothing to do: the last plan made no run")
    return Selection((), "nothing to do: no run was planned yet (type: chargen-batch plan)")


def _to_report(runs_dir: Path) -> Selection:
    """Take the current run, and every finished one that has no report yet."""
    current = _current(runs_dir).runs
    names = {run.run_id for run in current}
    unreported = [
        run for run in all_runs(runs_dir) if run.run_id not in names and lacks_report(run)
    ]
    return Selection((*unreported, *current), "nothing to report")


def _to_clean(runs_dir: Path) -> Selection:
    """Take every finished run that may still have something on the service."""
    states = [(run, readable(run)) for run in all_runs(runs_dir)]
    left = [
        run
        for run, state in states
        if state is None or (state.is_finished and state.cleaned_at is None)
    ]
    return Selection(tuple(left), "nothing to clean up")


def lacks_report(run: RunDirectory) -> bool:
    """Say whether a run is finished, and has no report from after its end."""
    state = readable(run)
    if state is None or not state.is_finished:
        return False
    try:
        return run.report().phase != state.phase
    except DocumentError:
        return True


def _nothing_for(command: str, states: list[RunState]) -> Selection:
    before = [state for state in states if not state_machine.is_past(state, command)]
    before = [state for state in before if not state.is_finished]
    if not before:
        return Selection((), f"nothing to {command}")
    first = next((state for state in before if state.phase not in _AWAITING_SERVICE), None)
    if first is None:
        raise NotReadyError(
            f"nothing to {command} yet: the service is at work on run {before[0].run_id}",
            hint="type: chargen-batch poll",
        )
    raise StateError(
        f"nothing to {command} yet: run {first.run_id} is {first.phase}",
        hint=f"type: chargen-batch {state_machine.next_command(first)} --run {first.run_id}",
    )
