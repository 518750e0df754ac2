"""What a project's runs have cost, by month."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import DocumentError
from chargen_batch.model.outcome import Usage
from chargen_batch.model.settings import ModelFacts
from chargen_batch.model.task import TaskEstimate
from chargen_batch.run import expenses, runs
from chargen_batch.run.expenses import Expenses
from tests import samples

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.settings import Backend
    from chargen_batch.run.directory import RunDirectory

FIRST = samples.task(estimate=TaskEstimate(images=1, cost_usd=0.07))
SECOND = samples.task(variant=2)
PRICES = ModelFacts(image_prices={"1K": 0.2}, image_tokens={"1K": 1000}, input_price_per_mtok=1.0)
COUNTED = Usage(candidates_tokens=1000, image_tokens=1000)


def make(
    project: Path, run_id: str, *outcomes: TaskResult, backend: Backend = "gemini"
) -> RunDirectory:
    """Write a run of two tasks, of which the first is expected to cost 0.07, and its ledger."""
    config = samples.config(backend=backend)
    state = samples.state(run_id=run_id, config=config)
    run = runs.make(project, samples.plan(run_id=run_id, config=config), state, [FIRST, SECOND])
    run.add_outcomes(outcomes)
    return run


def drawn(key: str, month: str, usage: Usage | None = COUNTED) -> TaskResult:
    return samples.success(key, at=f"{month}-30T23:59:59Z", usage=usage)


def facts(_model: str) -> ModelFacts:
    return PRICES


def test_run_without_outcomes_has_cost_nothing(tmp_path: Path) -> None:
    assert expenses.of_run(make(tmp_path, "r1"), facts=facts) == Expenses()


def test_each_task_counts_once_in_the_month_in_which_it_ended(tmp_path: Path) -> None:
    received = msgspec.structs.replace(drawn(FIRST.key, "2026-10"), stage="received")
    settled = drawn(FIRST.key, "2026-10")
    run = make(tmp_path, "r1", received, drawn(SECOND.key, "2026-11"), settled)
    found = expenses.of_run(run, facts=facts)
    assert found == Expenses({"2026-10": 0.1, "2026-11": 0.1}, tasks=2)
    assert found.usd == 0.2


def test_task_that_was_not_counted_costs_its_estimate_where_it_has_one(tmp_path: Path) -> None:
    outcomes = (drawn(task.key, "2026-11", None) for task in (FIRST, SECOND))
    run = make(tmp_path, "r1", *outcomes)
    assert expenses.of_run(run, facts=facts) == Expenses({"2026-11": 0.07}, tasks=2, unpriced=1)


def test_picture_whose_target_vanished_was_paid_for(tmp_path: Path) -> None:
    vanished = samples.failure(FIRST.key, pictures=(samples.PICTURE,))
    refused = samples.failure(SECOND.key)
    run = make(tmp_path, "r1", vanished, refused)
    assert expenses.of_run(run, facts=facts).usd == 0.07


def test_runs_are_added_up_and_the_same_request_paid_twice_costs_twice(tmp_path: Path) -> None:
    for run_id in ("r1", "r2"):
        make(tmp_path, run_id, drawn(FIRST.key, "2026-11"), drawn(SECOND.key, "2026-12"))
    assert expenses.by_month(tmp_path, facts=facts).months == {"2026-11": 0.2, "2026-12": 0.2}
    assert expenses.spent_usd(tmp_path, month="2026-11", facts=facts) == 0.2
    assert expenses.spent_usd(tmp_path, month="2026-10", facts=facts) == 0.0


def test_rehearsals_are_counted_apart(tmp_path: Path) -> None:
    make(tmp_path, "r1", drawn(FIRST.key, "2026-11"), backend="emulator")
    make(tmp_path, "r2", drawn(FIRST.key, "2026-12"))
    assert expenses.by_month(tmp_path, facts=facts).months == {"2026-12": 0.1}
    rehearsed = expenses.by_month(tmp_path, facts=facts, backend="emulator")
    assert rehearsed.months == {"2026-11": 0.1}


@pytest.mark.parametrize("backend", ["gemini", "vertex", None])
def test_what_costs_money_is_one_purse_whatever_backend(
    tmp_path: Path, backend: Backend | None
) -> None:
    make(tmp_path, "r1", drawn(FIRST.key, "2026-11"), backend="vertex")
    make(tmp_path, "r2", drawn(FIRST.key, "2026-11"))
    found = expenses.by_month(tmp_path, facts=facts, backend=backend)
    assert found.months == {"2026-11": 0.2}


@pytest.mark.parametrize("name", ["state.json", "tasks.jsonl", "outcomes.jsonl"])
def test_run_that_cannot_be_read_is_named_and_the_others_count(tmp_path: Path, name: str) -> None:
    make(tmp_path, "r1", drawn(FIRST.key, "2026-11"))
    make(tmp_path, "r2", drawn(FIRST.key, "2026-11"))
    (tmp_path / "r1" / name).write_text("{\n", "utf-8")
    found = expenses.by_month(tmp_path, facts=facts)
    assert (found.months, found.tasks) == ({"2026-11": 0.1}, 1)
    assert found.unreadable[0].startswith("run r1: ")


@pytest.fixture
def long_run(tmp_path: Path) -> RunDirectory:
    """Give a run whose ledger is long enough for its sum to be kept, which it is."""
    run = make(tmp_path, "r1", *(drawn(FIRST.key, "2026-11") for _ in range(1000)))
    assert expenses.of_run(run, facts=facts) == Expenses({"2026-11": 0.1}, tasks=1)
    return run


def unread(run: RunDirectory) -> None:
    """Damage a ledger so that nobody sees it without reading it."""
    seen = run.outcomes_file.stat()
    run.outcomes_file.write_bytes(run.outcomes_file.read_bytes().replace(b'"key"', b'"yek"'))
    os.utime(run.outcomes_file, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def test_sum_of_a_long_ledger_is_kept_beside_it(long_run: RunDirectory) -> None:
    unread(long_run)
    assert expenses.of_run(long_run, facts=facts) == Expenses({"2026-11": 0.1}, tasks=1)


def test_ledger_that_grew_is_added_up_anew(long_run: RunDirectory) -> None:
    long_run.add_outcomes([drawn(SECOND.key, "2026-11")])
    assert expenses.of_run(long_run, facts=facts).usd == 0.2


def test_other_prices_are_added_up_anew(long_run: RunDirectory) -> None:
    dearer = msgspec.structs.replace(PRICES, image_prices={"1K": 2.0})
    assert expenses.of_run(long_run, facts=lambda _model: dearer).usd == 1.0


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x80"])
def test_damaged_sum_counts_as_none(long_run: RunDirectory, content: bytes) -> None:
    (long_run.path / "spent.msgpack").write_bytes(content)
    assert expenses.of_run(long_run, facts=facts).usd == 0.1


def test_short_ledger_leaves_nothing_beside_it(tmp_path: Path) -> None:
    run = make(tmp_path, "r1", drawn(FIRST.key, "2026-11"))
    expenses.of_run(run, facts=facts)
    assert not (run.path / "spent.msgpack").exists()


def test_damaged_ledger_is_told_with_its_line(tmp_path: Path) -> None:
    run = make(tmp_path, "r1", drawn(FIRST.key, "2026-11"))
    run.outcomes_file.write_text('{"key": 1}\n', "utf-8")
    with pytest.raises(DocumentError, match=r"outcomes\.jsonl, line 1, is damaged"):
        expenses.of_run(run, facts=facts)
