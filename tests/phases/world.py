"""A world in which a run goes from phase to phase: a project, its service and the time."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from chargen_batch import config
from chargen_batch.errors import ExitCode
from chargen_batch.model.outcome import DeadLetter
from chargen_batch.phases import (
    apply,
    cancel,
    cleanup,
    download,
    plan,
    poll,
    report,
    resume,
    retry,
    revert,
    stage,
    submit,
)
from chargen_batch.phases.apply import ApplyChoices
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.resume import ResumeChoices
from chargen_batch.run import runs
from tests.service.memory import MemoryService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.events import Event
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.apply import ApplyReport
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.cleanup import CleanupReport
    from chargen_batch.phases.download import DownloadReport
    from chargen_batch.phases.plan import PlanReport
    from chargen_batch.phases.poll import PollReport
    from chargen_batch.phases.report import ReportReport
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.phases.retry import RetryReport
    from chargen_batch.phases.revert import RevertReport
    from chargen_batch.phases.stage import StageReport
    from chargen_batch.phases.submit import SubmitReport
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, Download

NOW: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
COMMANDS: Final = ("stage", "submit", "poll", "download", "apply", "report")
EVERYTHING: Final = PlanChoices()


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def passes(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


class Service(MemoryService):
    """A service in memory where one content under one name is one file, however often it is sent.

    So what a crash makes us send again leads to the same bytes as never having crashed.
    """

    # Whether a download may begin behind the first byte; a service may also give the whole again.
    ranges = True

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        with super().download(name, offset=offset if self.ranges else 0) as opened:
            yield opened

    def _free_name(self, seed: str) -> str:
        return f"files/{hashlib.sha256(seed.encode()).hexdigest()[:12]}"


class Report(Protocol):
    """What every phase returns."""

    @property
    def run_id(self) -> str | None:
        """Return the run's id."""
        ...

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code."""
        ...


@dataclass(slots=True)
class World:
    """A project, its service and the time; each phase is a method."""

    root: Path
    service: Service
    clock: Clock
    connections: int = 0
    plans: int = 0
    give_up: tuple[str, ...] = ()
    told: list[Event] = field(default_factory=list)

    @property
    def project(self) -> Project:
        """Read the settings, as each command does."""
        return config.load(self.root, {}, {})

    @property
    def run(self) -> RunDirectory:
        """Return the current run."""
        (run,) = runs.select(self.project.runs_dir, "stage").runs
        return run

    @property
    def state(self) -> RunState:
        """Read the current run's state."""
        return self.run.state()

    @property
    def outcomes(self) -> dict[str, TaskResult]:
        """Return the last word on each task, by target; no task is settled twice."""
        lines = [(line.key, line.stage) for line in self.run.outcomes()]
        assert len(lines) == len(set(lines))
        return {target_of(outcome.key): outcome for outcome in self.run.outcomes()}

    def codes(self) -> dict[str, str]:
        """Return the error code of each dead letter, by target; the ledger says the same."""
        letters = [
            msgspec.json.decode(path.read_bytes(), type=DeadLetter)
            for path in self.run.failed_dir.glob("*.json")
        ]
        codes = {letter.task.target_id: letter.error.code for letter in letters}
        failed = {name: end.error.code for name, end in self.outcomes.items() if end.error}
        assert codes == failed
        return codes

    def connect(self) -> BatchService:
        """Return the service."""
        self.connections += 1
        return self.service

    def suffix(self) -> str:
        """Return another end of a run id each time."""
        self.plans += 1
        return f"p{self.plans:03d}"

    def plan(self, choices: PlanChoices = EVERYTHING) -> PlanReport:
        tell = self.told.append
        return plan.run(self.project, choices, clock=self.clock, suffix=self.suffix, tell=tell)

    def stage(self) -> StageReport:
        tell = self.told.append
        return stage.run(self.run, self.project, self.connect, clock=self.clock, tell=tell)

    def submit(self) -> SubmitReport:
        tell = self.told.append
        return submit.run(self.run, self.project, self.connect, clock=self.clock, tell=tell)

    def poll(self) -> PollReport:
        tell, give_up = self.told.append, self.give_up
        return poll.run(self.run, self.connect, clock=self.clock, give_up=give_up, tell=tell)

    def download(self) -> DownloadReport:
        tell, give_up = self.told.append, self.give_up
        return download.run(self.run, self.connect, clock=self.clock, give_up=give_up, tell=tell)

    def apply(self, *, rehearsal_ok: bool = False) -> ApplyReport:
        return apply.run(
            self.run,
            self.project,
            clock=self.clock,
            rehearsal_ok=rehearsal_ok,
            choices=ApplyChoices(give_up=self.give_up),
            tell=self.told.append,
        )

    def restore(self) -> ApplyReport:
        return apply.run(
            self.run,
            self.project,
            clock=self.clock,
            rehearsal_ok=True,
            choices=ApplyChoices(restore=True),
        )

    def revert(self, run: RunDirectory | None = None, *, dry_run: bool = False) -> RevertReport:
        return revert.run(
            run or self.run,
            self.project,
            clock=self.clock,
            dry_run=dry_run,
            tell=self.told.append,
        )

    def report(self) -> ReportReport:
        tell = self.told.append
        return report.run(self.run, self.project, self.connect, clock=self.clock, tell=tell)

    def resume(self, *, first_ok: bool = True) -> ResumeReport:
        return resume.run(
            self.run,
            self.project,
            self.connect,
            clock=self.clock,
            story_held=contextlib.nullcontext,
            choices=ResumeChoices(first_ok=first_ok),
            tell=self.told.append,
        )

    def cancel(self, *, sure: bool = True) -> CancelReport:
        tell = self.told.append
        return cancel.run(self.run, self.connect, clock=self.clock, sure=sure, tell=tell)

    def retry(self, run: RunDirectory | None = None, *codes: str) -> RetryReport:
        """Retry a run, or the one that ended last."""
        ended = [each for each in runs.all_runs(self.project.runs_dir) if each.state().is_finished]
        parent = run or (ended or [self.run])[-1]
        return retry.run(
            parent,
            self.project,
            clock=self.clock,
            suffix=self.suffix,
            codes=codes,
            tell=self.told.append,
        )

    def cleanup(self, *, dry_run: bool = False) -> CleanupReport:
        tell = self.told.append
        return cleanup.run(self.run, self.connect, clock=self.clock, dry_run=dry_run, tell=tell)

    def do(self, command: str) -> Report:
        """Run a phase by its name."""
        phases: dict[str, Callable[[], Report]] = {
            "plan": self.plan,
            "stage": self.stage,
            "submit": self.submit,
            "poll": self.poll,
            "download": self.download,
            "apply": self.apply,
            "report": self.report,
            "resume": self.resume,
            "cancel": self.cancel,
            "retry": self.retry,
            "cleanup": self.cleanup,
            "restore": self.restore,
            "revert": self.revert,
        }
        return phases[command]()

    def do_all(self, *commands: str) -> World:
        """Run phases, none of which fails."""
        for command in commands:
            assert self.do(command).exit_code in {ExitCode.DONE, ExitCode.NOT_READY}
        return self

    def before(self, command: str) -> World:
        """Go to where a command has its work."""
        commands = ("plan", *COMMANDS)
        return self.do_all(*commands[: commands.index(command)])

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the story, as its author does."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name: str) -> str:
        """Read a file of the project."""
        return (self.root / name).read_text("utf-8")

    def settings(self, text: str) -> None:
        """Write chargen.yaml's ``batch``."""
        self.write("chargen.yaml", f"batch: {{upload_concurrency: 1, {text}}}\n")

    def tree(self) -> dict[str, bytes]:
        """Return every file of the project but the cache, logs and locks."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not _is_log_or_lock(path)
        }

    def copy(self, root: Path) -> World:
        """Return a world that goes its own way from here."""
        shutil.copytree(self.root, root)
        clock = Clock(self.clock.now)
        service = dataclasses.replace(
            self.service,
            now=clock,
            files=dict(self.service.files),
            jobs={name: dataclasses.replace(job) for name, job in self.service.jobs.items()},
            outputs=dict(self.service.outputs),
            calls=[],
        )
        return dataclasses.replace(self, root=root, service=service, clock=clock, told=[])


def _is_log_or_lock(path: Path) -> bool:
    return path.name == "log.ndjson" or path.name.endswith((".lock", ".lock.json", ".msgpack"))


def target_of(key: str) -> str:
    """Return the target in a task's key."""
    return key.rpartition("@")[0].split("/", 2)[2]
