from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from chargen_batch.errors import DocumentError
from chargen_batch.model.outcome import TaskError
from chargen_batch.run import ledgers, lineage, runs
from tests import samples

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase
    from chargen_batch.run.directory import RunDirectory

KEYS: Final = (samples.task().key, samples.task(variant=2).key)
AGAIN: Final = TaskError(code="JOB_EXPIRED", message="too old", retryable=True)


def make(runs_dir: Path, name: str, phase: Phase = "failed", **changes: Any) -> RunDirectory:  # noqa: ANN401 - fields by name
    tasks = [samples.task(), samples.task(variant=2)]
    run = runs.make(
        runs_dir, samples.plan(run_id=name), samples.state(phase, run_id=name, **changes), tasks
    )
    if phase == "failed":
        run.add_outcomes([samples.failure(KEYS[0], error=AGAIN), samples.failure(KEYS[1])])
    return run


def test_dead_letters_are_the_tasks_whose_last_word_is_a_failure(tmp_path: Path) -> None:
    run = make(tmp_path, "r1")
    run.add_outcomes([samples.success(KEYS[1])])
    assert ledgers.dead(run) == {KEYS[0]: AGAIN}


@pytest.mark.parametrize(
    ("name", "phase", "parent", "backend", "held"),
    [
        ("r2", "planned", None, "emulator", True),
        ("r2", "failed", None, "emulator", True),
        ("r2", "cancelled", "r1", "emulator", False),
        ("r0", "planned", None, "emulator", False),
        ("r0", "planned", "r1", "emulator", True),
        ("r2", "planned", None, "gemini", False),
    ],
)
def test_a_later_run_holds_what_it_has_to_do_or_has_ended(
    tmp_path: Path, name: str, phase: Phase, parent: str | None, backend: str, *, held: bool
) -> None:
    run = make(tmp_path, "r1")
    config = samples.config(backend=backend)
    make(tmp_path, name, phase, parent_run_id=parent, config=config)
    expected = dict.fromkeys(KEYS, name) if held else {}
    assert lineage.holders(tmp_path, run, KEYS) == expected
    assert bool(lineage.retryable(tmp_path, run)) is not held


def test_a_later_run_says_for_which_older_one_it_holds_dead_letters(tmp_path: Path) -> None:
    make(tmp_path, "r1")
    child = make(tmp_path, "r2")
    assert lineage.holds_for(tmp_path, child) == "r1"
    assert lineage.holds_for(tmp_path, child, but=("r1",)) is None


def test_of_a_run_that_cannot_be_read_it_is_not_known_what_it_holds(tmp_path: Path) -> None:
    run = make(tmp_path, "r1")
    make(tmp_path, "r2").state_file.write_text("{}")
    with pytest.raises(DocumentError, match="damaged"):
        lineage.retryable(tmp_path, run)


def test_what_a_run_was_made_of_never_holds_its_tasks_whatever_the_clock_said(
    tmp_path: Path,
) -> None:
    first = make(tmp_path, "r9")
    child = make(tmp_path, "r5", parent_run_id="r9")
    grandchild = make(tmp_path, "r1", parent_run_id="r5")
    assert lineage.holders(tmp_path, grandchild, KEYS) == {}
    assert set(lineage.holders(tmp_path, child, KEYS).values()) == {"r1"}
    assert lineage.retryable(tmp_path, first) == {}
    assert lineage.holds_for(tmp_path, grandchild) == "r5"
    assert lineage.holds_for(tmp_path, first) is None


def test_the_newest_child_that_was_not_begun_is_found(tmp_path: Path) -> None:
    run = make(tmp_path, "r1")
    make(tmp_path, "r2", "staged", parent_run_id="r1")
    assert lineage.planned_child(tmp_path, run) is None
    made = make(tmp_path, "r3", "planned", parent_run_id="r1")
    found = lineage.planned_child(tmp_path, run)
    assert found is not None
    assert found.path == made.path
