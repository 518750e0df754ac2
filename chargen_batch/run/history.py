"""What the runs of a project say of its targets: read from their ledgers, oldest run first."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk
from chargen_batch.errors import DocumentError
from chargen_batch.model.history import Drawn, History, Refusal, name_in
from chargen_batch.model.task import TaskKind
from chargen_batch.run import spending
from chargen_batch.run.documents import lines
from chargen_batch.run.runs import all_runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.model.history import TargetName
    from chargen_batch.model.outcome import TaskError, TaskResult
    from chargen_batch.run.directory import RunDirectory

# Dead letters that say nothing of the request: what they tell of is mended in the story.
NOT_REFUSALS: Final = frozenset({"REFERENCE_CHANGED", "TARGET_VANISHED"})


class _Brief(msgspec.Struct, rename="camel"):
    """Of a task, what is needed here: prompts make the file large, and are passed over."""

    key: str
    kind: TaskKind
    variant: int = 1


@dataclass(slots=True)
class _Ledgers:
    """What was gathered so far, of tasks of one kind.

    ``rehearsal`` says which backend's pictures count.
    """

    kind: TaskKind
    rehearsal: bool
    ended: list[str] = field(default_factory=list)
    drawn: dict[TargetName, tuple[Drawn, tuple[str, ...]]] = field(default_factory=dict)
    highest: dict[TargetName, int] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)

    def take(self, run: RunDirectory) -> None:
        """Take in a run's ledger.

        Raises:
            DocumentError: A document of the run is damaged, or from a newer version.

        """
        state = run.state()
        counts = (state.config.backend == "emulator") == self.rehearsal
        if state.is_finished:  # before its ledger is read, so that the whole of it is known
            self.ended.append(run.run_id)
        last = {outcome.key: outcome for outcome in run.outcomes()}
        for key, outcome in last.items():
            self._judge(run, key, outcome.error)
        drawn = {key for key, outcome in last.items() if _is_drawn(outcome)}
        for task in _briefs(run) if drawn else ():
            if task.key in drawn and task.kind == self.kind:
                self._draw(run, task, last[task.key], counts=counts)

    def _judge(self, run: RunDirectory, key: str, error: TaskError | None) -> None:
        """Remember a refusal; whatever the same request came to later goes over it."""
        self.refused.pop(key, None)
        if error and not error.retryable and error.code not in NOT_REFUSALS:
            self.refused[key] = Refusal(run_id=run.run_id, code=error.code)

    def _draw(self, run: RunDirectory, task: _Brief, outcome: TaskResult, *, counts: bool) -> None:
        name = name_in(task.key)
        self.highest[name] = max(self.highest.get(name, 0), task.variant)
        known = self.drawn.get(name)
        if counts and (known is None or known[0].variant <= task.variant):
            drawn = Drawn(key=task.key, variant=task.variant, run_id=run.run_id, is_there=False)
            self.drawn[name] = (drawn, tuple(picture.path for picture in outcome.pictures))


def read(runs_dir: Path, project: Path, *, rehearsal: bool, kind: TaskKind = "generate") -> History:
    """Read what a project's runs say.

    Args:
        runs_dir: The folder of the runs.
        project: The project's folder, where their pictures are.
        rehearsal: Whether the emulator's pictures count; else all but these do.
        kind: Whether what was drawn counts as done, or what was analysed.

    Returns:
        The history. A run whose ledger cannot be read is told of in its warnings, and passed over.

    Raises:
        DocumentError: The state of a run cannot be read, so it is not known what it holds.

    """
    in_flight = spending.in_flight(runs_dir, rehearsal=rehearsal)
    ledgers, warnings = _Ledgers(kind, rehearsal), []
    for run in all_runs(runs_dir):
        try:
            ledgers.take(run)
        except DocumentError as err:
            warnings.append(f"run {run.run_id} is passed over: {err.message}")
    drawn = {
        name: msgspec.structs.replace(each, is_there=_any_is_there(project, paths))
        for name, (each, paths) in ledgers.drawn.items()
    }
    return History(
        in_flight=in_flight,
        drawn=drawn,
        highest=ledgers.highest,
        refused=ledgers.refused,
        ended=tuple(ledgers.ended),
        warnings=tuple(warnings),
    )


def _is_drawn(outcome: TaskResult) -> bool:
    """Say whether a task came to something that is still meant to be in the story."""
    return outcome.stage == "settled" and outcome.status == "success"


def _briefs(run: RunDirectory) -> Iterator[_Brief]:
    return lines(disk.whole_lines(run.tasks_file), _Brief, run.tasks_file)


def _any_is_there(project: Path, paths: tuple[str, ...]) -> bool:
    return any(os.path.lexists(project / path) for path in paths)
