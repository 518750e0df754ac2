"""The user's files win: what was taken out or changed stays so, until it is asked back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExitCode
from tests.phases import analysing, story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS, target_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

TO_APPLY = COMMANDS[:-1]


def restored(world: World) -> list[str]:
    return [target_of(key) for key in world.restore().restored]


@pytest.fixture
def held_up(world: World) -> World:
    """Give a run that was applied but for one broken file."""
    world.before("apply")
    world.write(story.CHAPTER, "images: [\n")
    assert world.apply().exit_code is ExitCode.FAILED
    return world


def test_an_entry_that_was_taken_out_is_not_put_back_by_a_second_apply(held_up: World) -> None:
    held_up.write(story.KILN, story.STORY[story.KILN])
    held_up.write(story.CHAPTER, story.STORY[story.CHAPTER])
    assert held_up.apply().phase == "completed"
    assert held_up.read(story.KILN).encode() == story.STORY[story.KILN]


def test_an_entry_that_was_changed_is_not_overwritten_by_a_second_apply(held_up: World) -> None:
    edited = held_up.read(story.KILN).replace("fire-mouth@", "mine@").replace("draft", "approved")
    held_up.write(story.KILN, edited)
    held_up.write(story.CHAPTER, story.STORY[story.CHAPTER])
    held_up.apply()
    assert held_up.read(story.KILN) == edited


def test_a_target_whose_entry_was_taken_out_is_removed_until_it_is_restored(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    world.write(story.KILN, story.STORY[story.KILN])
    states = {each.task.target_id: each.state for each in world.plan().verdicts}
    assert states == {
        each: "removed" if each in {"fire-mouth", "first-smoke"} else "done" for each in TARGETS
    }


def test_restore_writes_the_bytes_that_the_first_apply_wrote(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    whole = world.tree()
    for name in (story.INES, story.KILN, story.CHAPTER):
        world.write(name, story.STORY[name])
    assert restored(world) == [*TARGETS]
    assert world.tree() == whole


def test_a_second_restore_does_nothing(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    world.write(story.INES, story.STORY[story.INES])
    assert restored(world) == ["throwing-a-bowl", "carrying-wood"]
    before = world.tree()
    assert restored(world) == []
    assert world.tree() == before


def test_restore_leaves_an_entry_that_was_changed(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    edited = world.read(story.INES).replace("draft", "approved")
    world.write(story.INES, edited)
    assert restored(world) == []
    assert world.read(story.INES) == edited


def test_restore_leaves_out_what_lost_its_picture_too(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    world.write(story.INES, story.STORY[story.INES])
    (world.root / str(world.outcomes["carrying-wood"].image_path)).unlink()
    assert restored(world) == ["throwing-a-bowl"]


def test_restore_says_which_target_is_gone(world: World) -> None:
    world.do_all("plan", *TO_APPLY)
    world.write(story.KILN, story.STORY[story.KILN])
    story.vanish_zone(world)
    report = world.restore()
    (told,) = report.warnings
    assert "fire-mouth" in told
    assert [target_of(key) for key in report.restored] == ["first-smoke"]
    assert world.codes() == {}


def test_restore_finishes_a_run_that_was_not_applied(world: World) -> None:
    world.before("apply")
    report = world.restore()
    assert (report.phase, report.completed, report.restored) == ("completed", len(TARGETS), ())


def test_descriptions_come_back_only_where_they_are_gone(tmp_path: Path) -> None:
    studio = analysing.run(analysing.make(tmp_path), *TO_APPLY)
    whole = studio.tree()
    sidecar = f"{analysing.BOWL}.analysis.json"
    (studio.root / sidecar).unlink()
    studio.write(story.INES, story.STORY[story.INES])
    assert restored(studio) == ["bowl.png"]
    assert studio.tree() == whole
    studio.write(sidecar, studio.read(sidecar).replace("{", "{ ", 1))
    studio.write(story.INES, studio.read(story.INES).replace("draft", "approved"))
    before = studio.tree()
    assert restored(studio) == []
    assert studio.tree() == before
