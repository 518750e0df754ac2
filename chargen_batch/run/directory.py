"""A run's directory: where its files are, and its documents read and written."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chargen_batch import disk
from chargen_batch.core import state_machine
from chargen_batch.errors import DocumentError
from chargen_batch.model.files import FilesCacheEntry
from chargen_batch.model.outcome import DeadLetter, TaskResult
from chargen_batch.model.plan import BatchPlan
from chargen_batch.model.report import BatchReport
from chargen_batch.model.state import RunState
from chargen_batch.model.task import BatchTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_Document = TypeVar("_Document", BatchPlan, RunState, BatchReport)
_Line = TypeVar("_Line", BatchTask, TaskResult, FilesCacheEntry)

SCHEMA_VERSION = 1


class _Version(msgspec.Struct, rename="camel"):
    schema_version: int


def encode(document: msgspec.Struct) -> bytes:
    """Return a document as indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def decode(raw: bytes, kind: type[_Document], where: object) -> _Document:
    """Read a document strictly, its version first.

    Raises:
        DocumentError: It is damaged, or from a newer version.

    """
    try:
        version = msgspec.json.decode(raw, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise DocumentError(
                f"{where} is from a newer version of chargen-batch (schema {version})",
                hint="update chargen-batch: pip install --upgrade chargen-batch",
            )
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise DocumentError(
            f"{where} is damaged: {err}", hint="restore it from a backup; nothing was changed"
        ) from err


class RunDirectory:
    """The files of one run. Writing is for whoever holds the run's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan_file = path / "plan.json"
        self.tasks_file = path / "tasks.jsonl"
        self.state_file = path / "state.json"
        self.files_cache_file = path / "files-cache.jsonl"
        self.outcomes_file = path / "outcomes.jsonl"
        self.report_file = path / "report.json"
        self.report_page = path / "report.html"
        self.log_file = path / "log.ndjson"
        self.lock_file = path / "run.lock"
        self._task_starts = {0: 0}  # the offset of a task's line, by its number
        self.failed_dir = path / "failed"
        self.orphans_dir = path / "orphans"

    @property
    def run_id(self) -> str:
        """Return the run's id: its folder's name."""
        return self.path.name

    def plan(self) -> BatchPlan:
        """Read plan.json."""
        return decode(_read(self.plan_file), BatchPlan, self.plan_file)

    def report(self) -> BatchReport:
        """Read report.json."""
        return decode(_read(self.report_file), BatchReport, self.report_file)

    def state(self) -> RunState:
        """Read state.json and check that it does not contradict itself.

        Raises:
            DocumentError: It is damaged, newer, or impossible.

        """
        state = decode(_read(self.state_file), RunState, self.state_file)
        state_machine.check(state)
        return state

    def save(self, state: RunState) -> RunState:
        """Write state.json in one step and return what was written."""
        disk.replace(self.state_file, encode(state))
        return state

    def tasks(self, first: int = 0, count: int | None = None) -> Iterator[BatchTask]:
        """Go through the plan's tasks in order, or through ``count`` of them from ``first`` on."""
        if not self.tasks_file.is_file():
            raise DocumentError(f"{self.tasks_file} is missing", hint="restore it, or plan anew")
        return _lines(self._task_lines(first, count), BatchTask, self.tasks_file, first=first)

    def _task_lines(self, first: int, count: int | None) -> Iterator[bytes]:
        """Go through the tasks' lines, and remember where the next job's ones begin.

        Jobs hold tasks one after another: none of them reads the file from its beginning.
        """
        before = max(number for number in self._task_starts if number <= first)
        offset = self._task_starts[before]
        lines = disk.whole_lines(self.tasks_file, start=offset)
        for line in itertools.islice(lines, first - before):
            offset += len(line) + 1
        number = first
        for line in itertools.islice(lines, count):
            offset, number = offset + len(line) + 1, number + 1
            yield line
        self._task_starts[number] = offset

    def check_plan(self, state: RunState) -> BatchPlan:
        """Read the plan and check that the state belongs to it.

        Raises:
            DocumentError: plan.json is not the one that the run was made with.

        """
        raw = _read(self.plan_file)
        if hashlib.sha256(raw).hexdigest() != state.plan_sha256:
            raise DocumentError(
                f"{self.plan_file} was changed after the run was made",
                hint="restore it, or plan anew",
            )
        return decode(raw, BatchPlan, self.plan_file)

    def check_tasks(self, plan: BatchPlan) -> None:
        """Check that tasks.jsonl is the one that the plan was written with.

        Raises:
            DocumentError: It was changed; what was planned is not what would be sent.

        """
        with self.tasks_file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != plan.tasks_sha256:
            raise DocumentError(
                f"{self.tasks_file} was changed after the run was made",
                hint="restore it, or plan anew",
            )

    def uploads(self) -> Iterator[FilesCacheEntry]:
        """Go through the ledger of uploads, in the order in which they came."""
        lines = disk.whole_lines(self.files_cache_file)
        return _lines(lines, FilesCacheEntry, self.files_cache_file)

    def uploaded(self) -> dict[str, FilesCacheEntry]:
        """Return the newest upload of each content, by SHA-256."""
        return {entry.sha256: entry for entry in self.uploads()}

    def add_uploaded(self, entry: FilesCacheEntry) -> None:
        """Enter an upload into the ledger."""
        disk.append(self.files_cache_file, [msgspec.json.encode(entry)])

    def outcomes(self) -> Iterator[TaskResult]:
        """Go through the ledger of outcomes, in the order in which they came."""
        return _lines(disk.whole_lines(self.outcomes_file), TaskResult, self.outcomes_file)

    def add_outcomes(self, outcomes: Iterable[TaskResult]) -> None:
        """Enter outcomes into the ledger, with one fsync for all."""
        lines = [msgspec.json.encode(outcome) for outcome in outcomes]
        if lines:
            disk.append(self.outcomes_file, lines)

    def add_dead_letter(self, letter: DeadLetter) -> None:
        """Write a failed task's letter; one that is there and the same is left alone."""
        name = hashlib.sha256(letter.task.key.encode()).hexdigest()[:16]
        disk.make_directory(self.failed_dir)
        disk.replace_if_changed(self.failed_dir / f"{name}.json", encode(letter))

    def orphans(self, task: BatchTask) -> Path:
        """Return where the pictures of a task go whose target is not in the story any more."""
        return self.orphans_dir / f"{task.entity_type}-{task.entity_slug}"

    def request_file(self, index: int) -> Path:
        """Return where a job's request lines are."""
        return self.path / f"requests-{index:04d}.jsonl"

    def results_file(self, index: int) -> Path:
        """Return where a job's result lines are."""
        return self.path / f"results-{index:04d}.jsonl"

    def log(self, at: str, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are for people
        """Add a line to the structured log; no key, no upload URL, no image data may be in it."""
        line = msgspec.json.encode({"at": at, "pid": os.getpid(), "event": event, **facts})
        disk.append(self.log_file, [line], durable=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as err:
        raise DocumentError(f"{path} is missing", hint="is this a run's directory?") from err


def _lines(
    lines: Iterable[bytes], kind: type[_Line], where: Path, *, first: int = 0
) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(lines, first + 1):
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise DocumentError(f"{where}, line {number}, is damaged: {err}") from err
