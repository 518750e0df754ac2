"""A chapter image's placeholders: filled by us, kept up by us, and left where a person wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from chargen_batch import yaml12
from chargen_batch.errors import ExitCode
from chargen_batch.phases.plan import PlanChoices
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from tests.phases.world import World

TO_APPLY: Final = COMMANDS[:-1]
AGAIN: Final = PlanChoices(skip="none", target="door-opens")


def item(world: World) -> dict[str, Any]:
    data = yaml12.load(world.read(story.CHAPTER).encode(), where=story.CHAPTER)
    return cast("dict[str, Any]", cast("Any", data)["images"][0])


def drawn(world: World, choices: PlanChoices = AGAIN) -> dict[str, Any]:
    """Draw the chapter's picture (once more), and return its item."""
    world.clock.passes(3600)
    assert world.plan(choices).run_id
    world.do_all(*TO_APPLY)
    return item(world)


def test_a_new_variant_takes_the_place_of_our_own_values(world: World) -> None:
    first = drawn(world)
    second = drawn(world)
    keys = [entry["generation"]["task_key"] for entry in second["image_inventory"]]
    assert len(keys) == 2
    assert (first["provider_metadata"]["task_key"], keys[0]) == (keys[0], keys[0])
    assert second["provider_metadata"] == {"task_key": keys[1], "run_id": world.run.run_id}
    assert second["file_name"] == second["image_inventory"][1]["path"].removeprefix("images/")
    assert second["file_path"].endswith(f"/images/{second['file_name']}")
    assert second["generated_at"] > first["generated_at"]


def test_a_new_variant_leaves_lines_that_are_not_its_own(world: World) -> None:
    world.write(story.CHAPTER, world.read(story.CHAPTER).replace("null", "null   # by us", 1))
    drawn(world)
    before = world.read(story.CHAPTER).split("\n")
    drawn(world)
    after = world.read(story.CHAPTER).split("\n")
    gone = [line for line in before if line not in after]
    assert {line.split(":")[0].strip() for line in gone} == {
        *("generated_at", "file_name", "file_path", "provider_metadata"),
    }
    assert sum("   # by us" in line for line in after) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("model", "my own brush"), ("provider", "me"), ("generated_at", "long ago")],
)
def test_a_value_that_a_person_wrote_there_stays(world: World, name: str, value: str) -> None:
    first = drawn(world)
    text = world.read(story.CHAPTER).replace(f'{name}: "{first[name]}"', f"{name}: {value}", 1)
    world.write(story.CHAPTER, text)
    second = drawn(world)
    assert second[name] == value
    assert second["file_name"] != first["file_name"]


def test_another_picture_that_a_person_chose_stays(world: World) -> None:
    first = drawn(world)
    world.write("chapters/first-firing/images/mine.png", story.portrait("red"))
    mine = first["file_path"].replace(first["file_name"], "mine.png")
    text = world.read(story.CHAPTER).replace(f'"{first["file_path"]}"', f'"{mine}"')
    world.write(story.CHAPTER, text)
    second = drawn(world)
    assert {name: second[name] for name in first if name != "image_inventory"} == {
        **{name: first[name] for name in first if name != "image_inventory"},
        "file_path": mine,
    }


def test_of_several_candidates_the_last_one_shows(world: World) -> None:
    choices = PlanChoices(target="door-opens", variants=3)
    chosen = drawn(world, choices)
    keys = [entry["generation"]["task_key"] for entry in chosen["image_inventory"]]
    assert len(keys) == 3
    assert chosen["provider_metadata"]["task_key"] == keys[-1]


def test_the_real_picture_takes_the_place_of_a_rehearsals(world: World) -> None:
    world.settings("backend: emulator, max_tasks_per_job: 9")
    real, world.service.address = world.service.address, story.REHEARSAL
    world.before("apply").apply(rehearsal_ok=True)
    assert item(world)["provider"] == "emulator"
    world.settings("max_tasks_per_job: 9")
    world.service.address = real
    assert drawn(world, PlanChoices())["provider"] == "google"
    assert world.apply().exit_code is ExitCode.DONE
    assert world.read(story.KILN).count('provider: "google"') == 2
