"""What other runs have drawn since a run was planned is not paid for again, whatever clocks say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import DocumentError, ExecutionError
from chargen_batch.phases import apply, download, poll, stage, submit
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.run import spending
from chargen_batch.run.directory import RunDirectory
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from tests.phases.world import World

HOUR_S = 3600


def planned(world: World) -> RunDirectory:
    world.do_all("plan")
    return RunDirectory(world.run.path)


def to_its_end(world: World, run: RunDirectory) -> None:
    """Bring a run that is not the current one to its end."""
    stage.run(run, world.project, world.connect, clock=world.clock)
    submit.run(run, world.project, world.connect, clock=world.clock)
    poll.run(run, world.connect, clock=world.clock)
    download.run(run, world.connect, clock=world.clock)
    apply.run(run, world.project, clock=world.clock, rehearsal_ok=True)


def test_a_clock_that_was_set_back_hides_nothing_that_was_drawn(world: World) -> None:
    first = planned(world)
    world.clock.passes(60)
    world.do_all("plan")
    world.clock.passes(-HOUR_S)
    to_its_end(world, first)
    world.do_all("stage")
    before = len(world.service.jobs)
    with pytest.raises(ExecutionError, match=f"were drawn after .* by run {first.run_id}"):
        world.submit()
    assert len(world.service.jobs) == before


def test_what_was_taken_out_again_was_never_drawn(world: World) -> None:
    first = planned(world)
    world.clock.passes(60)
    world.do_all("plan")
    to_its_end(world, first)
    assert len(world.revert(first).reverted) == 5
    assert len(world.do_all("stage").submit().created) == 3


def test_a_plan_names_the_runs_that_had_ended(world: World) -> None:
    first = planned(world)
    assert first.plan().known_runs == ()
    to_its_end(world, first)
    unfinished = world.do("plan").run_id
    world.clock.passes(60)
    world.plan(PlanChoices(skip="none"))
    assert (unfinished, world.run.plan().known_runs) == (None, (first.run_id,))


def test_what_a_plan_knew_of_may_be_drawn_again(world: World) -> None:
    to_its_end(world, planned(world))
    world.clock.passes(-HOUR_S)
    world.plan(PlanChoices(skip="none"))
    assert len(world.do_all("stage").submit().created) == 3


def test_a_retry_knows_what_had_ended_when_it_was_made(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED")
    world.poll()
    parent = world.run
    world.clock.passes(60)
    world.retry()
    assert world.run.plan().known_runs == (parent.run_id,)


def test_only_runs_that_are_not_known_are_read(world: World) -> None:
    first = planned(world)
    to_its_end(world, first)
    world.clock.passes(60)
    world.plan(PlanChoices(skip="none"))
    first.outcomes_file.write_bytes(b"{}\n")
    runs_dir, plan = first.path.parent, world.run.plan()
    assert spending.drawn_since(runs_dir, plan) == {}
    with pytest.raises(DocumentError, match="damaged"):
        spending.drawn_since(runs_dir, msgspec.structs.replace(plan, known_runs=()))


@pytest.mark.parametrize(("later_s", "refused"), [(0, 5), (-1, 5), (1, 0)])
def test_of_an_older_plan_the_times_decide_and_its_very_second_counts(
    world: World, later_s: int, refused: int
) -> None:
    world.do_all("plan", *COMMANDS)
    ended = world.run
    at = world.clock.now.replace(second=30 + later_s)
    state = msgspec.structs.replace(ended.state(), completed_at="2026-11-22T08:00:30Z")
    ended.save(state)
    plan = msgspec.structs.replace(
        ended.plan(), run_id="another", known_runs=None, created_at=f"{at:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert len(spending.drawn_since(ended.path.parent, plan)) == refused
