"""A process is killed at every write, rename, fsync and call, and its run finishes all the same."""

from __future__ import annotations

import shutil
from collections import Counter
from difflib import unified_diff
from typing import TYPE_CHECKING, Final

import pytest

from tests.killing.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.killing.world import World
    from tests.killing.worlds import Worlds

SHARDS: Final = 4
BAR: Final = 400
# Where all is as if nobody had died, what comes next is the same: each third goes on to its end.
EVERY: Final = 3
# By so many points a command may be over before it is killed at its last ones.
BLOCKS: Final = 1


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return the lines in which two end states differ, by file."""
    texts = {name: (one.get(name, ""), other.get(name, "")) for name in sorted({*one, *other})}
    return {
        name: "\n".join(unified_diff(left.splitlines(), right.splitlines(), n=0, lineterm=""))
        for name, (left, right) in texts.items()
        if left != right or (name in one) != (name in other)
    }


def paid(world: World) -> list[int]:
    """Return how often the service was made to create each job of the run."""
    names = [job["displayName"] for job in world.state["jobs"] if job.get("displayName")]
    return [world.created.count(f"job main {name}") for name in names]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_anywhere_and_typed_again_a_run_ends_as_one_that_never_died(
    worlds: Worlds, name: str, shard: int
) -> None:
    scenario = SCENARIOS[name]
    known, missed = worlds.know(scenario), 0
    for at in known.points[shard::SHARDS]:
        world = known.start.copy(worlds.new_folder())
        missed += not world.kill(scenario.command, at)
        world.to_end(scenario.command)
        assert differences(world.end_state(), known.after) == {}, known.events[at]
        if at % EVERY == 0:
            world.to_end(*scenario.after)
            assert paid(world) == [1] * len(paid(world)), known.events[at]
            assert differences(world.end_state(), known.end_state) == {}, known.events[at]
        shutil.rmtree(world.folder)
    assert missed <= BLOCKS


def test_a_run_is_killed_at_400_points_and_more(
    worlds: Worlds, record_property: Callable[[str, object], None]
) -> None:
    table = {}
    for name, scenario in SCENARIOS.items():
        known = worlds.know(scenario)
        table[name] = Counter(known.events[at].kind for at in known.points)
    for name, kinds in table.items():
        record_property("killed", (name, dict(kinds)))
    assert sum(sum(kinds.values()) for kinds in table.values()) >= BAR
