"""A whole story on Vertex AI, whose submit and download are killed at every call they make."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from unittest import mock

import pytest

from chargen_batch.emulator import painter
from tests.e2e.test_real_story import BROKEN, SHARED, generated, imagery
from tests.e2e.test_vertex_story import TASKS, TINY, lines, with_the_story
from tests.killing.scenarios import Scenario, of
from tests.killing.test_killed import differences
from tests.killing.vertex import calls, kill_at_call, paid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.killing.vertex import VertexWorlds
    from tests.killing.world import World

SETTINGS: Final = "batch: {backend: vertex, max_tasks_per_job: 100, adopt_wait_s: 60}\n"
PLAN: Final = "plan --scope all --skip none"
JOBS: Final = 5
# Where all is as if nobody had died, what comes next is the same: a few go on to their end.
ENDS: Final = 3


@dataclass(frozen=True, slots=True)
class WholeStory(Scenario):
    """A command on the real story."""

    def write_story(self, project: Path) -> None:
        """Write the story's files."""
        shutil.copytree(SHARED, project, copy_function=shutil.copyfile)
        (project / BROKEN).unlink()
        (project / "chargen.yaml").write_text(SETTINGS, "utf-8")


@pytest.fixture(autouse=True)
def _tiny_pictures() -> Iterator[None]:
    """Let the emulator paint quickly."""
    with mock.patch.dict(painter.SCALES, TINY):
        yield


def assert_drawn_once(whole: World) -> None:
    """Every target has one picture of its own, and one entry that names it."""
    tasks = {task["key"] for task in lines(whole.run / "tasks.jsonl")}
    entries = [
        (entry["generation"]["task_key"], (whole.project / path).parent / entry["path"])
        for path, data in imagery(whole.project).items()
        for entry in generated(data)
    ]
    assert len(entries) == len(tasks) == TASKS
    assert {key for key, _ in entries} == tasks
    assert len({picture.read_bytes() for _, picture in entries}) == TASKS


@with_the_story
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", ["submit", "download"])
def test_killed_at_every_call_a_whole_story_ends_as_if_nobody_had_died(
    vertex_worlds: VertexWorlds, command: str, record_property: Callable[[str, object], None]
) -> None:
    known = vertex_worlds.know(scenario := WholeStory(*of(command, plan=PLAN)))
    points = calls(known.events)
    ends = {*range(0, len(points), -(-len(points) // ENDS))}
    for number, event in enumerate(points):
        killed = known.start.copy(vertex_worlds.new_folder())
        kill_at_call(killed, command, number)
        killed.to_end(command)
        assert paid(killed) == [1] * JOBS, event
        assert differences(killed.end_state(), known.after) == {}, event
        if number in ends:
            killed.to_end(*scenario.after)
            assert differences(killed.end_state(), known.end_state) == {}, event
            assert {name.split("/")[1] for name in vertex_worlds.stored(killed)} == {"refs"}
        if not number:
            assert_drawn_once(killed)
        shutil.rmtree(killed.folder)
    record_property(
        "killed", (f"{command} on Vertex AI", dict(Counter(each.kind for each in points)))
    )
