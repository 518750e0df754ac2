"""cleanup: remove what a finished run left on the service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core import cleaning, limits, state_machine, strays
from chargen_batch.core.jobs import JSONL, NAME_PREFIX
from chargen_batch.core.polling import has_ended
from chargen_batch.errors import ExitCode, ServiceError
from chargen_batch.model.state import DownloadedJob
from chargen_batch.phases import binding, settling
from chargen_batch.phases.download import is_here
from chargen_batch.phases.effects import iso, parse_iso, silent
from chargen_batch.phases.telling import on_run
from chargen_batch.run import runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

_GONE: Final = frozenset({403, 404})  # what the service says of a file, and of a job, that is gone


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """The files and jobs that were removed, or would be; ``kept`` says what stays, and why."""

    run_id: str
    phase: Phase
    files: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    dry_run: bool = False
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Left:
    """What a run has on the service; ``is_final`` where nothing of it waits for a later cleanup."""

    files: tuple[str, ...]
    jobs: tuple[str, ...]
    kept: tuple[str, ...]
    is_final: bool


@on_run("cleanup")
def run(
    run: RunDirectory,
    connect: Connect,
    *,
    clock: Clock,
    dry_run: bool = False,
    sure: bool = False,
    tell: Tell = silent,  # noqa: ARG001 - on_run tells for it
) -> CleanupReport:
    """Remove the uploads and the jobs of a run that is finished; nothing that is not its own.

    A job goes, and its results with it, only where these are here and each of its tasks ended in
    what they say. What is gone already is fine, so that a killed cleanup is just typed again. What
    goes by another name on the service than ours is left alone, whatever the documents say.

    Args:
        run: The run's directory, under its lock.
        connect: Opens the service; not asked for where nothing can be left.
        clock: The time.
        dry_run: Only say what would be removed.
        sure: Whether jobs go too that were found and not made here.
        tell: Who is told that it begins and ends.

    Raises:
        StateError: The run is not finished.
        ServiceError: The service refused.
        NetworkError: The service was not reached.

    """
    state = run.state()
    state_machine.require(state, "cleanup")
    if state.cleaned_at:
        return CleanupReport(state.run_id, state.phase, dry_run=dry_run)
    left = _left(run, state, now=clock(), sure=sure)
    if not dry_run:
        if left.files or left.jobs or _was_named(state):
            service, state = binding.connected(run, state, connect, clock=clock)
            left = _there(service, state, left)
            _remove(service, left, at_once=state.config.upload_concurrency)
        at = iso(clock())
        run.log(at, "cleanup", files=len(left.files), jobs=left.jobs, kept=left.kept)
        if left.is_final:
            run.save(msgspec.structs.replace(state, cleaned_at=at, updated_at=at))
    return CleanupReport(
        state.run_id, state.phase, left.files, left.jobs, left.kept, dry_run=dry_run
    )


def _was_named(state: RunState) -> bool:
    """Say whether the service may have a job of the run, known of or not."""
    return any(getattr(job, "display_name", None) for job in state.jobs)


def _left(run: RunDirectory, state: RunState, *, now: datetime, sure: bool) -> _Left:
    # What only a rule of a bucket removes may be there still, or have no such rule.
    is_certain = limits.of(state.config.backend).file_life_h is not None
    alive = {
        entry.name: entry.local_path
        for entry in run.uploads()
        if entry.expires_at is None or parse_iso(entry.expires_at) > now or not is_certain
    }
    needed = _needed_elsewhere(run) if alive else set()
    outcomes = settling.ledger(run)
    jobs, kept, is_final = [], [], True
    for job in state.jobs:
        name = cleaning.name_of(job)
        if name is None:
            continue
        keys = (task.key for task in run.tasks(job.first_task, job.task_count))
        here = isinstance(job, DownloadedJob) and is_here(run, job)
        odd = state.warnings
        stays = cleaning.kept(job, keys, outcomes, is_here=here, odd=odd, sure=sure)
        if stays is None:
            jobs.append(name)
        else:
            kept.append(f"job {job.index} ({name}): {stays.why}")
            is_final = is_final and stays.for_good
    shared = _shared(run, state)
    held = [name for name in alive if name in needed and name not in shared]
    kept += [f"{alive[name]} ({name}): another run needs it" for name in held]
    if shared:
        kept.append(f"{len(shared)} reference(s): all runs share them, and the bucket keeps them")
    files = tuple(name for name in alive if name not in needed | shared)
    return _Left(files, tuple(jobs), tuple(kept), is_final=is_final and not held)


def _shared(run: RunDirectory, state: RunState) -> set[str]:
    """Return the names of the uploads that are every run's: no run removes them."""
    if not limits.of(state.config.backend).shares_references:
        return set()
    return {entry.name for entry in run.uploads() if entry.mime != JSONL}


def _needed_elsewhere(run: RunDirectory) -> set[str]:
    """Return the names of the uploads of all runs that are not finished, or cannot be read."""
    names: set[str] = set()
    for other in runs.all_runs(run.path.parent):
        state = runs.readable(other)
        if state is None or not state.is_finished:
            names.update(entry.name for entry in other.uploads())
    return names


def _there(service: BatchService, state: RunState, left: _Left) -> _Left:
    """Leave out what a killed cleanup has removed: so it ends, however often it is killed.

    What is not ours by its name there stays, and what is ours and not known of is told.
    """
    files = {file.name: file for file in service.list_files()} if left.files else {}
    jobs = {job.name: job for job in service.list_jobs()}
    ours = {name for name, file in files.items() if file.display_name.startswith(NAME_PREFIX)}
    ours |= {name for name, job in jobs.items() if strays.is_of(state.run_id, job.display_name)}
    foreign = [n for n in (*left.files, *left.jobs) if n in {*files, *jobs} and n not in ours]
    unknown = strays.unknown(state, jobs.values())
    kept = [
        f"{name}: on the service it has another name, and is not this run's" for name in foreign
    ]
    kept += [f"{job.name} ({job.state}): state.json does not know it" for job in unknown]
    return _Left(
        files=tuple(name for name in left.files if name in ours),
        jobs=tuple(name for name in left.jobs if name in ours),
        kept=(*left.kept, *kept),
        is_final=left.is_final and all(has_ended(job.state) for job in unknown),
    )


def _remove(service: BatchService, left: _Left, *, at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(lambda name: _gone(service.delete_file, name), left.files):
            pass
    for name in left.jobs:
        _gone(service.delete_job, name)


def _gone(delete: Callable[[str], None], name: str) -> None:
    try:
        delete(name)
    except ServiceError as err:
        if err.http_status not in _GONE:
            raise
