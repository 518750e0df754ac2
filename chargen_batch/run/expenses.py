"""What a project's runs have cost: by month, from their ledgers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec

from chargen_batch import disk
from chargen_batch.core import spent
from chargen_batch.errors import DocumentError
from chargen_batch.model.bounds import Moment
from chargen_batch.model.outcome import OutcomeStatus, Usage
from chargen_batch.model.task import TaskEstimate
from chargen_batch.run import kept_sums
from chargen_batch.run.documents import lines
from chargen_batch.run.runs import all_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chargen_batch.model.settings import Backend, ModelFacts
    from chargen_batch.run.directory import RunDirectory

    Facts = Callable[[str], ModelFacts]

_EMULATOR = "emulator"


class _Asked(msgspec.Struct, rename="camel"):
    """Of a task, what its price depends on: prompts make the file large, and are passed over."""

    key: str
    model: str
    image_size: str | None = None
    estimate: TaskEstimate = TaskEstimate()


class _Ended(msgspec.Struct, rename="camel"):
    """Of an outcome, what was counted, when it ended, and how many pictures came."""

    key: str
    status: OutcomeStatus
    at: Moment
    pictures: tuple[msgspec.Raw, ...] = ()
    usage: Usage | None = None


_Brief = TypeVar("_Brief", _Asked, _Ended)


@dataclass(frozen=True, slots=True)
class Expenses:
    """USD at the batch price by month (``2026-11``), of every task that has ended.

    ``unpriced`` counts those whose price is not known; ``unreadable`` names the runs whose ledger
    could not be read, with why.
    """

    months: dict[str, float] = field(default_factory=dict)
    tasks: int = 0
    unpriced: int = 0
    unreadable: tuple[str, ...] = ()

    @property
    def usd(self) -> float:
        """Return the sum of all months."""
        return sum(self.months.values())


def of_run(run: RunDirectory, *, facts: Facts) -> Expenses:
    """Return what a run has cost so far, whatever it ran on; a rehearsal as if it were real.

    Raises:
        DocumentError: Its tasks or its ledger are damaged.

    """
    stamp = kept_sums.stamp(run)
    sums = kept_sums.read(run, stamp, facts) if stamp else None
    if sums is not None:
        return Expenses(sums.months, sums.tasks, sums.unpriced)
    found, models = _added_up(run, facts)
    if stamp:
        prices = kept_sums.prices(models, facts)
        kept_sums.keep(
            run,
            kept_sums.Sums(
                stamp=stamp,
                prices=prices,
                months=found.months,
                tasks=found.tasks,
                unpriced=found.unpriced,
            ),
        )
    return found


def _added_up(run: RunDirectory, facts: Facts) -> tuple[Expenses, set[str]]:
    """Read a run's ledger and tasks; return what it has cost, and the models that it took."""
    ended = {each.key: each for each in _lines(run.outcomes_file, _Ended)}
    months: defaultdict[str, float] = defaultdict(float)
    unpriced, models = 0, set[str]()
    for task in _lines(run.tasks_file, _Asked) if ended else ():
        if (outcome := ended.get(task.key)) is None:
            continue
        models.add(task.model)
        cost = _cost(task, outcome, facts)
        unpriced += cost is None
        months[outcome.at[:7]] += cost or 0.0
    rounded = {month: round(usd, 6) for month, usd in months.items()}
    return Expenses(rounded, len(ended), unpriced), models


def _cost(task: _Asked, outcome: _Ended, facts: Facts) -> float | None:
    return spent.usd(
        outcome.usage,
        came=outcome.status == "success" or bool(outcome.pictures),
        pictures=len(outcome.pictures),
        image_size=task.image_size,
        estimate_usd=task.estimate.cost_usd,
        facts=facts(task.model),
    )


def by_month(runs_dir: Path, *, facts: Facts, backend: Backend | None = None) -> Expenses:
    """Add up what a project's runs have cost.

    Args:
        runs_dir: The folder of the runs.
        facts: A model's prices by its name.
        backend: Whose purse it is: every backend's but the emulator's, which costs nothing, or
            that one's alone.

    """
    found, unreadable = [], []
    for run in all_runs(runs_dir):
        try:
            if _counts(run.state().config.backend, backend):
                found.append(of_run(run, facts=facts))
        except DocumentError as err:
            unreadable.append(f"run {run.run_id}: {err.message}")
    return _added(found, tuple(unreadable))


def spent_usd(runs_dir: Path, *, month: str, facts: Facts, backend: Backend | None = None) -> float:
    """Return what a project's runs have cost in a month (``2026-11``); see ``by_month``."""
    return by_month(runs_dir, facts=facts, backend=backend).months.get(month, 0.0)


def _counts(of_run: Backend, asked: Backend | None) -> bool:
    return (of_run == _EMULATOR) == (asked == _EMULATOR)


def _lines(path: Path, kind: type[_Brief]) -> Iterator[_Brief]:
    return lines(disk.whole_lines(path), kind, path)


def _added(found: list[Expenses], unreadable: tuple[str, ...]) -> Expenses:
    months: defaultdict[str, float] = defaultdict(float)
    for each in found:
        for month, usd in each.months.items():
            months[month] += usd
    return Expenses(
        {month: round(months[month], 6) for month in sorted(months)},
        sum(each.tasks for each in found),
        sum(each.unpriced for each in found),
        unreadable,
    )
