"""Whole stories: applied again and again, and taken out again, byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from chargen_batch.errors import ExitCode
from chargen_batch.phases.plan import PlanChoices
from tests.phases import analysing
from tests.phases.world import COMMANDS, Clock, Service, World

ROOT: Final = Path(__file__).parents[2]
STORIES: Final = {
    "shared": ROOT.parent / "shared" / "story",
    "example": ROOT / "examples/lantern-coast",
}
EVERY_TARGET: Final = PlanChoices(skip="none", skip_invalid=True, max_cost_usd=10_000)
EVERY_PICTURE: Final = PlanChoices(mode="analyze", skip_invalid=True, max_cost_usd=10_000)


def copied(source: Path, root: Path) -> World:
    if not source.is_dir():
        pytest.skip("no story beside the repository")
    shutil.copytree(source, root, copy_function=shutil.copyfile)
    clock = Clock()
    world = World(root, Service(looks=1, now=clock), clock)
    world.settings("max_tasks_per_job: 400, max_cost_usd: null")
    return world


def story_files(world: World) -> dict[str, bytes]:
    return {name: raw for name, raw in world.tree().items() if not name.startswith(".chargen/")}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["generate", "analyze"])
@pytest.mark.parametrize("name", STORIES)
def test_applied_five_times_it_is_the_same_and_reverted_it_is_what_it_was(
    tmp_path: Path, name: str, mode: str
) -> None:
    world = copied(STORIES[name], tmp_path / "story")
    before = story_files(world)
    if mode == "analyze":
        world.service.results = analysing.answered()
    choices = EVERY_PICTURE if mode == "analyze" else EVERY_TARGET
    if world.plan(choices).run_id is None:
        pytest.skip("nothing to do in this story")
    world.do_all(*COMMANDS[:-1])
    applied = world.tree()
    assert story_files(world) != before
    for command in ("apply", "restore") * 4:
        assert world.do(command).exit_code is ExitCode.DONE
        assert world.tree() == applied
    report = world.revert()
    assert (report.left, report.problems) == ((), ())
    assert story_files(world) == before
