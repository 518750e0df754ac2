"""revert beside what was there before: comments, line ends, what was adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.phases import analysing, story
from tests.phases.adopting import BOWL, adopted, by_hand, entries, painted, states
from tests.phases.test_revert import story_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

TO_APPLY = ("stage", "submit", "poll", "download", "apply")
ZONE = "zones:\n  - slug: fire-mouth\n    description: A brick arch\n"
BY_HAND = "  - {id: bowl, path: images/bowl.png} # the blue one\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (story.INES, "appearance: x\nimage_inventory: [{id: a, path: images/q.png}] # mine\n"),
        (story.INES, "appearance: x\nimage_inventory: [ # none\n]\n"),
        (story.KILN, "zones:\n  - {slug: fire-mouth, description: A brick arch} # zone one\n"),
        (story.KILN, f"{ZONE}    image_inventory:\n      [] # none\n"),
        (story.INES, "# mine\r\n# by hand\n"),
        (story.INES, "a: 1\r\nb: |\n  x\n\n  y"),
        (story.INES, "a: 1\n \t\n"),
    ],
)
def test_what_stood_beside_an_entry_before_is_there_again(
    world: World, file: str, text: str
) -> None:
    world.write(file, text)
    world.before("report")
    assert world.revert().left == ()
    assert (world.root / file).read_bytes() == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        "image_inventory: [{id: bowl, path: images/bowl.png}] # all of them\n",
        f"image_inventory:\n{BY_HAND}",
        "image_inventory:\n  - id: bowl\n    path: images/bowl.png\n    analysis: {} # to come\n",
        "{}\n",
    ],
)
def test_so_it_is_beside_what_was_seen_in_a_picture(tmp_path: Path, text: str) -> None:
    world = analysing.make(tmp_path / "story")
    world.write(story.INES, text)
    before = story_files(world)
    analysing.run(world, *TO_APPLY)
    assert world.read(story.INES) != text
    assert world.revert().left == ()
    assert story_files(world) == before


def test_empty_braces_take_a_look_and_a_picture(tmp_path: Path) -> None:
    world = analysing.make(tmp_path / "story")
    world.write("characters/tomas/imagery.yaml", "{}\n")
    world.write("characters/tomas/images/flour.png", story.portrait("white"))
    before = story_files(world)
    analysing.run(world, *TO_APPLY)
    (entry,) = entries(world, "characters/tomas/imagery.yaml")
    assert entry["path"] == "images/flour.png"
    world.revert()
    assert story_files(world) == before


@pytest.mark.parametrize("target", [BOWL, "door-opens"])
def test_what_was_adopted_beside_a_runs_picture_stays(world: World, target: str) -> None:
    world.before("report")
    report = adopted(world, by_hand(world, painted("blue")), target, as_variant=True)
    assert world.revert().left == ()
    assert (world.root / report.picture).read_bytes() == painted("blue")
    assert states(world)[target] == "done"
    assert world.run.run_id not in world.read(report.file)
    assert not adopted(world, by_hand(world, painted("blue")), target).entered


def test_a_file_that_was_adopted_into_before_a_run_is_as_it_was_then(world: World) -> None:
    adopted(world)
    adopted(world, by_hand(world, painted(size=(160, 90))), "door-opens")
    before = story_files(world)
    world.do_all("plan", *TO_APPLY)
    assert story_files(world) != before
    world.revert()
    assert story_files(world) == before
