"""What all runs say of their tasks: a document is read once for as long as it does not change."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from chargen_batch.run import lineage
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.ledgers import Ledgers
from tests import samples
from tests.run.test_lineage import KEYS, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import RunState

NAMES = tuple(f"r{number}" for number in range(8))


@pytest.fixture
def read() -> Iterator[Counter[str]]:
    """Count how often each run's state and ledger is read."""
    counted: Counter[str] = Counter()
    state, outcomes = RunDirectory.state, RunDirectory.outcomes

    def counting_state(run: RunDirectory) -> RunState:
        counted[f"{run.run_id} state"] += 1
        return state(run)

    def counting_outcomes(run: RunDirectory) -> Iterator[TaskResult]:
        counted[f"{run.run_id} outcomes"] += 1
        return outcomes(run)

    with mock.patch.multiple(RunDirectory, state=counting_state, outcomes=counting_outcomes):
        yield counted


def ask_all(ledgers: Ledgers, runs_dir: Path) -> None:
    for said in ledgers.runs:
        lineage.retryable(runs_dir, said.run, ledgers=ledgers)
        lineage.holds_for(runs_dir, said.run, ledgers=ledgers)


def test_each_run_is_read_a_few_times_however_many_others_there_are(
    tmp_path: Path, read: Counter[str]
) -> None:
    for name in NAMES:
        make(tmp_path, name)
    ledgers = Ledgers(tmp_path)
    read.clear()
    ask_all(ledgers, tmp_path)
    # What it holds, what is retryable, and when it is asked about itself.
    assert max(read.values()) <= 4
    assert set(read) == {f"{name} {what}" for name in NAMES for what in ("state", "outcomes")}


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, read: Counter[str]) -> None:
    make(tmp_path, "r1")
    second = make(tmp_path, "r2")
    ledgers = Ledgers(tmp_path)
    assert [said.held for said in ledgers.runs] == [frozenset(KEYS)] * 2
    second.add_outcomes([samples.failure("a/new/one@0123456789abcdef")])
    read.clear()
    ledgers.look()
    assert [len(said.held) for said in ledgers.runs] == [2, 3]
    assert dict(read) == {"r2 outcomes": 1, "r2 state": 1}


def test_runs_that_come_and_go_are_noticed(tmp_path: Path) -> None:
    make(tmp_path, "r1")
    ledgers = Ledgers(tmp_path)
    make(tmp_path, "r2", "planned")
    (tmp_path / "r1").rename(tmp_path / ".r1.removed")
    ledgers.look()
    assert [said.run_id for said in ledgers.runs] == ["r2"]
    assert ledgers.runs[0].held == frozenset(KEYS)


def test_a_state_that_is_saved_anew_is_read_anew(tmp_path: Path) -> None:
    run = make(tmp_path, "r1", "planned")
    ledgers = Ledgers(tmp_path)
    assert not ledgers.runs[0].state.is_finished
    run.save(samples.state("failed", run_id="r1"))
    ledgers.look()
    assert ledgers.runs[0].state.is_finished
