"""A process is killed at every call of Vertex AI and Cloud Storage, and its run finishes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from tests.killing import world
from tests.killing.scenarios import KEEP_ALL, Scenario, of
from tests.killing.test_killed import EVERY, differences
from tests.killing.vertex import VERTEX, calls, kill_at_call, paid

if TYPE_CHECKING:
    from tests.killing.vertex import VertexWorlds

SCENARIOS: Final = {
    "stage": Scenario(*of("stage"), settings=VERTEX),
    "stage, five uploads at once": Scenario(*of("stage"), settings=VERTEX, uploads_at_once=5),
    "submit": Scenario(*of("submit"), settings=VERTEX),
    "poll": Scenario(*of("poll"), settings=VERTEX),
    "download": Scenario(*of("download"), settings=VERTEX),
    "cancel": Scenario(("plan", "stage", "submit"), "cancel --yes", (), settings=VERTEX),
    "cleanup": Scenario(world.PIPELINE, "cleanup", (), settings=f"{VERTEX}, {KEEP_ALL}"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_call_and_typed_again_a_run_ends_as_one_that_never_died(
    vertex_worlds: VertexWorlds, name: str
) -> None:
    scenario = SCENARIOS[name]
    known = vertex_worlds.know(scenario)
    assert calls(known.events)
    for number, event in enumerate(calls(known.events)):
        killed = known.start.copy(vertex_worlds.new_folder())
        kill_at_call(killed, scenario.command, number)
        killed.to_end(scenario.command)
        assert differences(killed.end_state(), known.after) == {}, event
        if number % EVERY == 0:
            killed.to_end(*scenario.after)
            assert paid(killed) == [1] * len(paid(killed)), event
            assert differences(killed.end_state(), known.end_state) == {}, event
        shutil.rmtree(killed.folder)
