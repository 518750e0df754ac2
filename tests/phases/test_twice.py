from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExitCode
from tests.phases import story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

# After submit a run awaits the service: what poll and later ones do is theirs.


@pytest.mark.parametrize("command", COMMANDS)
def test_the_second_time_nothing_is_called_or_written(world: World, command: str) -> None:
    world.before(command).do(command)
    before, calls, connections = world.tree(), list(world.service.calls), world.connections
    assert world.do(command).exit_code is ExitCode.DONE
    assert world.tree() == before
    assert (world.service.calls, world.connections) == (calls, connections)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_done_once_the_run_is(world: World, command: str) -> None:
    world.do_all("plan", *COMMANDS)
    before, connections = world.tree(), world.connections
    world.do(command)
    assert (world.tree(), world.connections) == (before, connections)


@pytest.mark.parametrize("command", ["restore", "revert"])
def test_what_was_put_back_or_taken_out_is_so_once(world: World, command: str) -> None:
    world.before("report").do_all(command)
    before = world.tree()
    assert world.do(command).exit_code is ExitCode.DONE
    assert world.tree() == before


def test_a_plan_after_apply_has_nothing_to_do(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    report = world.plan()
    assert (report.run_id, report.planned) == (None, ())
    assert [verdict.state for verdict in report.verdicts] == ["done"] * len(TARGETS)
    before = world.tree()
    world.plan()
    assert world.tree() == before


def test_a_plan_makes_no_call(world: World) -> None:
    world.plan()
    assert (world.service.calls, world.connections) == ([], 0)


@pytest.mark.parametrize("state", ["JOB_STATE_FAILED", "JOB_STATE_EXPIRED"])
def test_a_second_poll_leaves_a_failed_run_alone(tmp_path: Path, state: str) -> None:
    world = story.make(tmp_path).do_all("plan", "stage", "submit")
    story.lose_jobs(world, state)
    assert world.poll().exit_code is ExitCode.FAILED
    before, connections = world.tree(), world.connections
    again = world.poll()
    assert (again.exit_code, again.was_over) == (ExitCode.DONE, True)
    assert (world.tree(), world.connections) == (before, connections)
