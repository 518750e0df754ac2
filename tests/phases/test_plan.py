from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ConfigError, ExitCode, PlanningError
from chargen_batch.phases.plan import PlanChoices
from tests.phases import story
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase
    from chargen_batch.phases.plan import PlanReport
    from tests.phases.world import World


def planned(report: PlanReport) -> list[str]:
    return [verdict.target.target_id for verdict in report.planned]


def test_a_plan_asks_for_every_target_in_the_order_of_the_story(world: World) -> None:
    assert planned(world.plan()) == list(TARGETS)
    state = world.state
    assert (state.task_count, state.total_tasks, state.skipped_tasks) == (5, 5, 0)
    assert [task.target_id for task in world.run.tasks()] == list(TARGETS)


def test_a_plan_tells_kinds_states_and_cost(world: World) -> None:
    report = world.plan()
    assert report.summary.by_entity_type == {"character": 2, "location": 2, "chapter": 1}
    assert report.summary.by_state == {"new": 5}
    assert report.cost.batch_usd == pytest.approx(5 * 0.134 / 2, rel=0.1)


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (PlanChoices(scope="characters"), TARGETS[:2]),
        (PlanChoices(scope="locations"), TARGETS[2:4]),
        (PlanChoices(only=("first-*",)), TARGETS[4:]),
        (PlanChoices(target="*-smoke"), ("first-smoke",)),
        (PlanChoices(max_tasks=3), TARGETS[:3]),
        (PlanChoices(scope="chapters", target="none"), ()),
    ],
)
def test_filters_let_through_what_they_name(
    world: World, choices: PlanChoices, expected: tuple[str, ...]
) -> None:
    assert planned(world.plan(choices)) == list(expected)


def test_what_is_over_max_tasks_counts_as_left_out(world: World) -> None:
    world.plan(PlanChoices(max_tasks=2))
    assert (world.state.task_count, world.state.skipped_tasks) == (2, 3)


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = world.tree()
    report = world.plan(PlanChoices(dry_run=True))
    assert (report.run_id, len(report.planned), world.tree()) == (None, 5, before)


def test_a_plan_without_targets_leaves_no_current_run(world: World) -> None:
    world.plan()
    assert world.plan(PlanChoices(target="none")).run_id is None
    assert world.read(".chargen/batch/current") == ""


def test_options_reach_every_task(world: World) -> None:
    world.plan(PlanChoices(model="gemini-nano-banana-2.1", aspect_ratio="1:1", image_size="2K"))
    shapes = {(task.model, task.aspect_ratio, task.image_size) for task in world.run.tasks()}
    assert shapes == {("gemini-nano-banana-2.1", "1:1", "2K")}


def test_a_shape_that_the_model_does_not_offer_is_refused(world: World) -> None:
    with pytest.raises(ConfigError, match="does not offer the aspect ratio 7:5") as told:
        world.plan(PlanChoices(aspect_ratio="7:5"))
    assert "16:9" in told.value.hint


@pytest.mark.parametrize("most", [0.0, 0.1])
def test_a_plan_that_costs_more_than_it_may_is_refused(world: World, most: float) -> None:
    before = world.tree()
    with pytest.raises(PlanningError, match="would cost about") as told:
        world.plan(PlanChoices(max_cost_usd=most))
    assert (told.value.exit_code, world.tree()) == (ExitCode.PROBLEMS, before)


def test_a_model_without_a_price_passes_no_cap(world: World) -> None:
    with pytest.raises(PlanningError, match="no known price") as told:
        world.plan(PlanChoices(model="some-new-model"))
    assert "prices:" in told.value.hint


def test_a_model_without_a_price_is_planned_where_no_cap_is(world: World) -> None:
    world.settings("max_cost_usd: null")
    assert world.plan(PlanChoices(model="some-new-model")).cost.batch_usd is None


def test_problems_stop_the_plan_with_their_places(world: World) -> None:
    world.write(story.KILN, "zones: [\n")
    with pytest.raises(PlanningError) as told:
        world.plan()
    (problem,) = told.value.problems
    assert (problem.file, problem.line) == (story.KILN, 2)
    assert "--skip-invalid" in told.value.hint


def test_skip_invalid_plans_the_rest(world: World) -> None:
    world.write(story.KILN, "zones: [\n")
    report = world.plan(PlanChoices(skip_invalid=True))
    assert planned(report) == ["throwing-a-bowl", "carrying-wood", "door-opens"]
    assert len(report.problems) == 1


@pytest.mark.parametrize("last", ["submit", "poll", "download"])
def test_what_an_unfinished_run_has_sent_is_not_planned(world: World, last: str) -> None:
    world.do_all(*("plan", *COMMANDS)[: COMMANDS.index(last) + 2])
    run_id = world.run.run_id
    report = world.plan()
    reasons = {(verdict.state, verdict.reason) for verdict in report.verdicts}
    assert (report.planned, reasons) == ((), {("in_flight", f"run {run_id} holds it")})


def test_what_a_lost_answer_may_have_sent_is_not_planned(world: World) -> None:
    world.do_all("plan", "stage")
    world.service.fail("create_job", OSError("cut"), after=True)
    with pytest.raises(OSError, match="cut"):
        world.submit()
    assert planned(world.plan()) == []


@pytest.mark.parametrize("phase", ["planned", "staging", "staged", "failed", "cancelled"])
def test_what_no_job_holds_is_planned_again(tmp_path: Path, phase: Phase) -> None:
    assert planned(story.in_phase(tmp_path, phase).plan()) == list(TARGETS)


def test_a_changed_prompt_is_shown_and_waits_for_skip_key(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    world.write(story.IDEAS, world.read(story.IDEAS).replace("ash wood", "oak"))
    states = [verdict.state for verdict in world.plan().verdicts]
    assert states == ["done", "changed", "done", "done", "done"]
    assert planned(world.plan(PlanChoices(skip="key"))) == ["carrying-wood"]


def test_skip_none_plans_what_is_done_as_the_next_variant(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    assert planned(world.plan(PlanChoices(skip="none"))) == list(TARGETS)
    assert {task.variant for task in world.run.tasks()} == {2}


def test_a_rejected_picture_is_planned_as_the_next_variant(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    rejected = world.read(story.CHAPTER).replace('status: "draft"', 'status: "rejected"')
    world.write(story.CHAPTER, rejected)
    (verdict,) = world.plan().planned
    assert (verdict.state, verdict.task.variant) == ("rejected", 2)
