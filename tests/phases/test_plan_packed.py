"""A plan whose verdicts wait in a file is the plan that it would be in memory."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import packed
from chargen_batch.packed import Packed
from chargen_batch.phases.plan import PlanChoices
from tests.phases import story

if TYPE_CHECKING:
    from tests.phases.world import World

DRY: Final = PlanChoices(dry_run=True, variants=2, max_tasks=7)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let five targets be many."""
    monkeypatch.setattr(packed, "FEW", 1)
    monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 100)


def test_the_report_of_many_targets_is_that_of_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = world.plan(DRY)
    monkeypatch.setattr(packed, "FEW", 1)
    found = world.plan(DRY)
    assert isinstance(found.verdicts, Packed)
    verdicts, planned = tuple(found.verdicts), tuple(found.planned)
    assert dataclasses.replace(found, verdicts=verdicts, planned=planned) == few


def test_the_tasks_of_many_targets_are_those_of_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.plan()
    few = world.run.tasks_file.read_bytes()
    monkeypatch.setattr(packed, "FEW", 1)
    world.plan()
    assert world.run.tasks_file.read_bytes() == few


@pytest.mark.usefixtures("many")
def test_many_targets_are_remembered_and_changed_as_few_are(world: World) -> None:
    keys = [verdict.task.key for verdict in world.plan(DRY).verdicts]
    world.plan()
    assert [verdict.task.key for verdict in world.plan(DRY).verdicts] == keys
    world.write(story.KILN, "zones: [{slug: door, description: A door.}]\n")
    assert [verdict.task.key for verdict in world.plan(DRY).verdicts] != keys


@pytest.mark.usefixtures("many")
def test_nothing_is_left_of_the_files_that_verdicts_waited_in(world: World) -> None:
    before = world.tree()
    report = world.plan(DRY)
    assert (len(report.planned), world.tree()) == (7, before)
