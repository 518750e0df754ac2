"""What the ledgers of a project's runs say of its targets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chargen_batch.errors import DocumentError
from chargen_batch.model.history import Drawn, History, Refusal, name_in
from chargen_batch.model.plan import BatchPlan
from chargen_batch.run import history, runs
from chargen_batch.run.documents import decode, encode
from tests import samples

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.settings import Backend
    from chargen_batch.model.task import BatchTask

PICTURE = samples.success().pictures[0].path


def make(project: Path, run_id: str, *outcomes: TaskResult, backend: Backend = "gemini") -> None:
    """Write a run of the sample task in two variants, and its ledger."""
    tasks = [samples.task(), samples.task(variant=2)]
    config = msgspec.structs.replace(samples.plan().config, backend=backend)
    plan = msgspec.structs.replace(samples.plan(), run_id=run_id, config=config, task_count=2)
    state = msgspec.structs.replace(
        samples.state("planned"), run_id=run_id, config=config, task_count=2, total_tasks=2
    )
    runs.make(project / "runs", plan, state, tasks).add_outcomes(outcomes)


def read(project: Path, **choices: Any) -> History:  # noqa: ANN401 - choices by name
    return history.read(project / "runs", project, **{"rehearsal": False, **choices})


def success(task: BatchTask, **changes: Any) -> TaskResult:  # noqa: ANN401 - fields by name
    return msgspec.structs.replace(samples.success(), key=task.key, stage="settled", **changes)


def failure(task: BatchTask, code: str, *, retryable: bool = False) -> TaskResult:
    error = samples.failure().error
    assert error
    told = msgspec.structs.replace(error, code=code, retryable=retryable)
    return msgspec.structs.replace(samples.failure(), key=task.key, error=told)


FIRST, SECOND = samples.task(), samples.task(variant=2)
NAME = name_in(FIRST.key)


def test_a_project_without_runs_has_no_history(tmp_path: Path) -> None:
    assert read(tmp_path) == History()


@pytest.mark.parametrize("is_there", [True, False])
def test_the_highest_variant_that_was_drawn_is_known_and_whether_its_picture_is_there(
    tmp_path: Path, *, is_there: bool
) -> None:
    if is_there:
        (tmp_path / PICTURE).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / PICTURE).touch()
    make(tmp_path, "r1", success(SECOND))
    make(tmp_path, "r2", success(FIRST))
    found = read(tmp_path)
    assert found.highest == {NAME: 2}
    assert found.drawn == {NAME: Drawn(key=SECOND.key, variant=2, run_id="r1", is_there=is_there)}


def test_a_rehearsal_counts_for_rehearsals_and_for_the_numbers_alone(tmp_path: Path) -> None:
    make(tmp_path, "r1", success(SECOND), backend="emulator")
    assert (read(tmp_path).drawn, read(tmp_path).highest) == ({}, {NAME: 2})
    assert read(tmp_path, rehearsal=True).drawn[NAME].variant == 2


def test_what_was_received_and_not_entered_yet_is_not_drawn(tmp_path: Path) -> None:
    make(tmp_path, "r1", msgspec.structs.replace(success(FIRST), stage="received"))
    assert read(tmp_path) == History()


def test_what_was_analysed_was_not_drawn(tmp_path: Path) -> None:
    make(tmp_path, "r1", success(FIRST))
    assert read(tmp_path, kind="analyze") == History()


def test_a_dead_letter_that_is_not_retryable_is_a_refusal(tmp_path: Path) -> None:
    make(tmp_path, "r1", failure(FIRST, "SAFETY"), failure(SECOND, "NO_IMAGE", retryable=True))
    assert read(tmp_path).refused == {FIRST.key: Refusal(run_id="r1", code="SAFETY")}


@pytest.mark.parametrize("code", ["REFERENCE_CHANGED", "TARGET_VANISHED"])
def test_a_dead_letter_of_our_own_is_no_refusal(tmp_path: Path, code: str) -> None:
    make(tmp_path, "r1", failure(FIRST, code))
    assert read(tmp_path).refused == {}


def test_a_later_run_has_the_last_word_on_a_refusal(tmp_path: Path) -> None:
    make(tmp_path, "r1", failure(FIRST, "SAFETY"))
    make(tmp_path, "r2", failure(SECOND, "SAFETY"), success(FIRST))
    assert set(read(tmp_path).refused) == {SECOND.key}
    make(tmp_path, "r3", failure(FIRST, "BLOCKED_OTHER"))
    assert read(tmp_path).refused[FIRST.key].run_id == "r3"


def test_of_a_run_whose_state_is_damaged_it_is_not_known_what_it_holds(tmp_path: Path) -> None:
    make(tmp_path, "r1", success(SECOND))
    (tmp_path / "runs/r1/state.json").write_text("{", "utf-8")
    with pytest.raises(DocumentError, match=r"state\.json is damaged"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["outcomes.jsonl", "tasks.jsonl"])
def test_a_run_whose_ledger_cannot_be_read_is_passed_over_and_told_of(
    tmp_path: Path, name: str
) -> None:
    make(tmp_path, "r1", success(SECOND))
    make(tmp_path, "r2", success(FIRST))
    (tmp_path / "runs/r1" / name).write_text("{\n", "utf-8")
    found = read(tmp_path)
    assert found.highest == {NAME: 1}
    (warning,) = found.warnings
    assert warning.startswith("run r1 is passed over: ")
    assert name in warning


def test_a_plan_from_before_variants_and_portraits_is_read() -> None:
    document = json.loads(encode(samples.plan()))
    for name in ("imageTypeFilter", "retryRefused", "variants", "portraits", "promptMode"):
        del document["config"][name]
    old = json.dumps(document).encode()
    assert decode(old, BatchPlan, "plan.json") == samples.plan()
