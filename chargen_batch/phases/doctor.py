"""doctor: whether everything is there that the other commands need; nothing is changed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch import __version__, disk
from chargen_batch.config import STORY_FOLDERS
from chargen_batch.core import backends, checkup
from chargen_batch.core.checkup import Check
from chargen_batch.core.polling import has_ended
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import BatchError, ExitCode, of_the_system
from chargen_batch.run import runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.service.api import BatchService, RemoteModel

_LIBRARIES: Final = ("google-genai", "httpx", "msgspec", "pyyaml", "typer")


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What was looked at, in order."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 where nothing failed, else the worst of what did."""
        return checkup.exit_code(self.checks)


def run(project: Project | BatchError, connect: Connect, *, clock: Clock) -> DoctorReport:
    """Look at everything that can be looked at, whatever else is wrong.

    Args:
        project: The project, or why its settings do not hold: then only the program is looked at.
        connect: Opens the service that the settings name.
        clock: The time.

    """
    if isinstance(project, BatchError):
        return DoctorReport((_versions(), _configuration(project)))
    return DoctorReport(
        (
            _versions(),
            Check(
                "configuration", "ok", f"{project.root}, {len(project.origins)} setting(s) given"
            ),
            _story(project),
            *_runs(project),
            *_service(project, connect, clock),
        )
    )


def _versions() -> Check:
    seen = f"chargen-batch {__version__}, Python {platform.python_version()}"
    try:
        libraries = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    except importlib.metadata.PackageNotFoundError as err:
        advice = "install it: pip install --upgrade chargen-batch"
        return Check("versions", "failed", f"{err.name} is not installed", advice, ExitCode.FAILED)
    return Check("versions", "ok", ", ".join((seen, *libraries)))


def _configuration(error: BatchError) -> Check:
    problems = "; ".join(str(problem) for problem in getattr(error, "problems", ()))
    seen = f"{error.message}: {problems}" if problems else error.message
    return Check("configuration", "failed", seen, error.hint, error.exit_code)


def _story(project: Project) -> Check:
    folders = [name for name in STORY_FOLDERS if (project.story_root / name).is_dir()]
    if folders:
        return Check("story", "ok", f"{project.story_root} has {', '.join(folders)}")
    return Check(
        "story",
        "warning",
        f"{project.story_root} has no {', '.join(STORY_FOLDERS)}",
        "give --project DIR, or begin with an example: chargen-batch init --example",
    )


def _runs(project: Project) -> Iterator[Check]:
    states = [(run, runs.readable(run)) for run in runs.all_runs(project.runs_dir)]
    unfinished = [state for _, state in states if state is not None and not state.is_finished]
    yield checkup.runs(len(unfinished), (run.run_id for run, state in states if state is None))
    folder = next(path for path in _upwards(project.runs_dir) if path.exists())
    yield _writing(folder)
    wanted = sum(
        state.total_tasks - state.completed_tasks - state.failed_tasks for state in unfinished
    )
    yield checkup.room(shutil.disk_usage(folder).free, wanted)


def _upwards(path: Path) -> Iterator[Path]:
    yield path
    yield from path.parents


def _writing(folder: Path) -> Check:
    """Write a file as all others are written: with fsync, rename, and fsync of the folder."""
    probe = folder / f".doctor-{os.getpid()}"
    try:
        disk.replace(probe, b"", locked=False)
        probe.unlink()
    except OSError as err:
        advice = "runs are kept there: mend that, or set batch.runs_dir"
        return Check("writing", "failed", of_the_system(err).message, advice, ExitCode.FAILED)
    return Check("writing", "ok", f"{folder} takes files, and keeps them (fsync)")


def _service(project: Project, connect: Connect, clock: Clock) -> Iterator[Check]:
    """Ask the service for what costs nothing; where the first call fails, so would the others."""
    try:
        service = connect()
    except BatchError as err:
        words = backends.words(project.settings.batch.backend)
        yield checkup.failed(words.key, err)
        return
    address = service.address
    words = backends.words(address.backend)
    seen = f"{words.there}, for {address.backend} at {address.base_url}"
    if address.backend == EMULATOR:
        seen = f"none is needed for the emulator ({address.base_url})"
    yield Check(words.key, "ok", seen)
    try:
        yield from _answers(project, service, clock)
    except BatchError as err:
        yield checkup.failed("service", err)


def _answers(project: Project, service: BatchService, clock: Clock) -> Iterator[Check]:
    jobs = list(service.list_jobs())
    words, most = backends.words(service.address.backend), service.limits
    yield Check("service", "ok", f"it answers, and takes the {words.key}")
    live = sum(not has_ended(job.state) for job in jobs)
    wanted = project.settings.batch.max_concurrent_jobs
    yield checkup.slots(live, wanted, most.live_jobs)
    if most.stored_bytes is not None:
        used = sum(file.size for file in service.list_files())
        yield checkup.storage(used, most.stored_bytes, life_h=most.file_life_h)
    yield from service.checks()
    names = project.settings.models
    for name in dict.fromkeys((names.generate, names.analyze)):
        yield from _model(service, name, clock, is_needed=name == names.generate)


def _model(service: BatchService, name: str, clock: Clock, *, is_needed: bool) -> Iterator[Check]:
    try:
        model = service.get_model(name)
    except BatchError as err:
        level: checkup.Level = "failed" if is_needed else "warning"
        yield Check(f"model {name}", level, err.message, err.hint, err.exit_code)
        return
    yield checkup.model(name, can_batch=model.can_batch, is_needed=is_needed)
    if is_needed:
        yield from _clock(model, clock)


def _clock(model: RemoteModel, clock: Clock) -> Iterator[Check]:
    if model.told_at is not None:
        yield checkup.clock((model.told_at - clock()).total_seconds())
