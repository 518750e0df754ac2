"""A reference portrait from plan to the scenes that are drawn after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.phases.plan import PlanChoices
from tests.phases import story
from tests.phases.world import COMMANDS, Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

ASKED = PlanChoices(scope="characters", portraits=True, target="portrait")
TOMAS = "characters/tomas/imagery.yaml"


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """Give a story whose characters have no portraits; one of them has no scenes either."""
    world = story.make(tmp_path / "bare", Service)
    for name in ("ines", "tomas"):
        (world.root / f"characters/{name}/images/portrait.png").unlink()
    world.write("characters/tomas/profile.md", "# Tomas\n\nA tall man with a red beard.\n")
    return world


def test_portraits_are_planned_for_all_that_lack_one(bare: World) -> None:
    tasks = [verdict.task for verdict in bare.plan(ASKED).planned]
    assert [(task.entity_slug, task.target_id) for task in tasks] == [
        ("ines", "portrait"),
        ("tomas", "portrait"),
    ]
    assert "red beard" in tasks[1].prompt


def test_a_drawn_portrait_is_the_reference_from_then_on(bare: World) -> None:
    bare.plan(ASKED)
    bare.do_all(*COMMANDS)
    assert "is_reference_portrait: true" in bare.read(TOMAS)
    assert bare.plan(ASKED).verdicts == ()
    scenes = bare.plan(PlanChoices(target="carrying-wood", dry_run=True)).planned
    (reference,) = scenes[0].task.reference_images
    assert (reference.role, reference.path.split("/")[:2]) == ("portrait", ["characters", "ines"])


def test_a_rejected_portrait_is_drawn_again_as_the_next_variant(bare: World) -> None:
    bare.plan(ASKED)
    bare.do_all(*COMMANDS)
    bare.write(TOMAS, bare.read(TOMAS).replace('"draft"', '"rejected"'))
    (verdict,) = bare.plan(ASKED).planned
    assert (verdict.state, verdict.task.entity_slug, verdict.task.variant) == (
        *("rejected", "tomas"),
        2,
    )


def test_a_portrait_that_a_run_holds_is_in_flight(bare: World) -> None:
    bare.plan(ASKED)
    bare.do_all("stage", "submit")
    assert {verdict.state for verdict in bare.plan(ASKED).verdicts} == {"in_flight"}


def test_several_candidates_for_a_portrait_are_all_entered(bare: World) -> None:
    bare.plan(PlanChoices(only=("tomas",), portraits=True, variants=2))
    bare.do_all(*COMMANDS)
    assert bare.read(TOMAS).count("task_key: ") == 2
