"""A run's directory: where its files are, and its documents read and written."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import TYPE_CHECKING, Any

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
from chargen_batch.run.documents import decode, encode, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


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
        self.originals_dir = path / "originals"

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
        """Read state.json and check that it is this run's, and does not contradict itself.

        Raises:
            DocumentError: It is damaged, newer, impossible, or another run's: a copy.

        """
        state = decode(_read(self.state_file), RunState, self.state_file)
        if state.run_id != self.run_id:
            raise self._misnamed(state.run_id)
        state_machine.check(state)
        return state

    def _misnamed(self, run_id: str) -> DocumentError:
        """Return the error of a folder that has not the name of the run in it.

        Jobs on the service go by the run's id: two folders with one id would follow, pay for and
        clean up the same ones.
        """
        named = self.path.parent / run_id
        told = f"{self.path} is the folder of run {run_id}, and not named so"
        if named.exists():
            return DocumentError(
                f"{told}: a copy of {named}",
                hint=f"move it out of {self.path.parent}, or remove it: rm -r {self.path}",
            )
        return DocumentError(
            f"{told}: was it renamed?", hint=f"rename it back: mv {self.path} {named}"
        )

    def save(self, state: RunState) -> RunState:
        """Write state.json in one step and return what was written."""
        disk.replace(self.state_file, encode(state))
        return state

    def tasks(self, first: int = 0, count: int | None = None) -> Iterator[BatchTask]:
        """Go through the plan's tasks in order, or through ``count`` of them from ``first`` on."""
        if not self.tasks_file.is_file():
            raise DocumentError(f"{self.tasks_file} is missing", hint="restore it, or plan anew")
        return lines(self._task_lines(first, count), BatchTask, self.tasks_file, first=first)

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
        if count is not None and number < first + count:
            raise DocumentError(
                f"{self.tasks_file} ends before task {first + count}: it was cut off",
                hint="restore it, or plan anew",
            )
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
        entries = disk.whole_lines(self.files_cache_file)
        return lines(entries, FilesCacheEntry, self.files_cache_file)

    def uploaded(self) -> dict[str, FilesCacheEntry]:
        """Return the newest upload of each content, by SHA-256."""
        return {entry.sha256: entry for entry in self.uploads()}

    def add_uploaded(self, entry: FilesCacheEntry) -> None:
        """Enter an upload into the ledger."""
        disk.append(self.files_cache_file, [msgspec.json.encode(entry)])

    def outcomes(self) -> Iterator[TaskResult]:
        """Go through the ledger of outcomes, in the order in which they came."""
        return lines(disk.whole_lines(self.outcomes_file), TaskResult, self.outcomes_file)

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

    def report_part(self, number: int) -> Path:
        """Return where a page of a report is that has several."""
        return self.path / f"report-{number:04d}.html"

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
