"""A file that stands in the way holds up only itself, and can be given up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import ExitCode
from chargen_batch.phases import apply
from tests.phases import analysing, story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World

IMAGES: Final = "locations/old-kiln/images"


def broken(world: World) -> str:
    world.write(story.KILN, "zones: [\n")
    return story.KILN


def no_folder(world: World) -> str:
    world.write(IMAGES, b"a file where the folder should be")
    return IMAGES


def leads_out(world: World) -> str:
    (world.root / story.KILN).unlink()
    (world.root / story.KILN).symlink_to(world.root.parent / "elsewhere.yaml")
    return story.KILN


def excluded(world: World) -> str:
    folder = (world.root / story.KILN).parent
    folder.rename(world.root.parent / "kiln")
    folder.symlink_to(world.root.parent / "kiln")
    return "locations/old-kiln"


WAYS: Final = [broken, no_folder, leads_out, excluded]


@pytest.mark.parametrize("stand_in_the_way", WAYS)
def test_the_hint_names_the_command_and_it_completes_the_run(
    world: World, stand_in_the_way: Callable[[World], str]
) -> None:
    world.before("apply")
    name = stand_in_the_way(world)
    report = world.apply()
    command = f"chargen-batch apply --run {world.run.run_id}"
    assert (report.exit_code, report.phase) == (ExitCode.FAILED, "applying")
    assert (
        report.hint
        == f"mend that and type: {command}; or go on without it: {command} --give-up {name}"
    )
    world.give_up = (name,)
    report = world.apply()
    assert (report.exit_code, report.phase, report.hint) == (ExitCode.DONE, "completed", "")
    assert world.codes() == dict.fromkeys(TARGETS[2:4], "FILE_GIVEN_UP")


@pytest.mark.parametrize("stand_in_the_way", WAYS)
def test_pictures_of_what_was_given_up_are_kept(
    world: World, stand_in_the_way: Callable[[World], str]
) -> None:
    world.before("apply")
    world.give_up = (stand_in_the_way(world),)
    world.apply()
    kept = sorted(path.name for path in world.run.orphans_dir.glob("*/*"))
    assert [name[: name.index("-", 6)] for name in kept] == ["fire-mouth", "first-smoke"]
    for target in TARGETS[2:4]:
        end = world.outcomes[target]
        assert end.error is not None
        assert not end.error.retryable
        assert os.path.basename(str(end.image_path)) in end.error.message  # noqa: PTH119
        assert (world.root / str(end.image_path)).is_file()


def test_a_file_that_is_not_in_the_way_is_not_given_up(world: World) -> None:
    world.before("apply")
    world.give_up = (story.CHAPTER,)
    report = world.apply()
    assert report.warnings == (
        f"{story.CHAPTER} is not in the way of this run, so nothing was given up for it",
    )
    assert (report.phase, report.completed) == ("completed", len(TARGETS))
    assert world.apply().warnings == report.warnings


def test_only_what_is_named_is_given_up(world: World) -> None:
    world.before("apply")
    broken(world)
    world.write(story.CHAPTER, "images: [\n")
    world.give_up = (f"./{story.KILN}",)
    report = world.apply()
    assert [problem.file for problem in report.problems] == [story.CHAPTER]
    assert (report.phase, set(world.codes())) == ("applying", set(TARGETS[2:4]))


def test_what_was_given_up_is_not_planned_again_unasked(world: World) -> None:
    world.before("apply")
    broken(world)
    world.give_up = (story.KILN,)
    world.apply()
    world.write(story.KILN, story.STORY[story.KILN])
    states = {each.task.target_id: each.state for each in world.plan().verdicts}
    assert [states[target] for target in TARGETS[2:4]] == ["refused"] * 2


def test_the_answer_of_an_analysis_that_is_given_up_is_kept(tmp_path: Path) -> None:
    studio = analysing.run(analysing.make(tmp_path), *COMMANDS[:-2])
    studio.write(story.INES, "appearance: [\n")
    studio.give_up = (story.INES,)
    assert studio.apply().phase == "completed"
    assert studio.codes() == {"bowl.png": "FILE_GIVEN_UP"}
    assert studio.outcomes["bowl.png"].analysis_json


def test_a_picture_comes_home_with_the_entity_that_was_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    folder = (world.root / story.KILN).parent
    away = folder.rename(world.root / "locations/.away")
    with monkeypatch.context() as patched:
        patched.setattr(apply, "_write_back", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.apply()
    assert world.outcomes["fire-mouth"].stage == "received"
    away.rename(folder)
    assert world.apply().completed == len(TARGETS)
    path = str(world.outcomes["fire-mouth"].image_path)
    assert path.startswith(IMAGES)
    assert (world.root / path).is_file()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
