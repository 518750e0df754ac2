from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import DocumentError, ExitCode, PlanningError
from chargen_batch.model.outcome import DeadLetter
from chargen_batch.phases import retry
from chargen_batch.phases.plan import PlanChoices
from tests.phases import lines, story
from tests.phases.world import COMMANDS
from tests.service.lines import error_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.run.directory import RunDirectory
    from tests.phases.world import World

ZONE = "fire-mouth"


def with_failures(world: World) -> RunDirectory:
    """Bring a run to its end: one target failed for now, one was refused, and three were drawn."""
    answers = lines.by_target(fire_mouth=error_line, first_smoke=lines.blocked_line)
    world.service.results = answers
    run = world.do_all("plan", "stage", "submit", "poll", "download", "apply").run
    world.service.results = lines.by_target()
    world.clock.passes(60)
    return run


def all_lost(world: World) -> RunDirectory:
    """Bring a run to where its jobs were all lost."""
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED")
    world.poll()
    world.clock.passes(60)
    return world.run


def targets(run: RunDirectory) -> list[str]:
    return [task.target_id for task in run.tasks()]


def letters(run: RunDirectory) -> Iterable[DeadLetter]:
    for path in run.failed_dir.glob("*.json"):
        yield msgspec.json.decode(path.read_bytes(), type=DeadLetter)


def test_a_child_has_what_may_be_sent_again_with_the_same_keys(world: World) -> None:
    parent = with_failures(world)
    report = world.retry()
    child, state = world.run, world.state
    assert (child.run_id, state.parent_run_id) == (report.child, parent.run_id)
    (task,) = child.tasks()
    (letter,) = (letter for letter in letters(parent) if letter.error.retryable)
    assert task == msgspec.structs.replace(letter.task, attempt=2)
    assert (report.retried, report.refused) == (1, {"BLOCKED_PROHIBITED_CONTENT": 1})


def test_a_child_is_drawn_as_any_run_and_the_parents_dead_letters_stay(world: World) -> None:
    parent = with_failures(world)
    before = sorted(letter.error.code for letter in letters(parent))
    world.retry()
    world.do_all(*COMMANDS)
    assert (world.state.phase, world.state.completed_tasks) == ("completed", 1)
    assert 'target_id: "fire-mouth"' in world.read(story.KILN)
    assert sorted(letter.error.code for letter in letters(parent)) == before


def test_a_child_takes_over_the_parents_choices_and_costs_what_its_tasks_cost(world: World) -> None:
    parent = with_failures(world)
    report = world.retry()
    plan = world.run.plan()
    assert plan.config == parent.plan().config
    assert (plan.task_count, plan.summary.by_state) == (1, {"retried": 1})
    (task,) = world.run.tasks()
    assert task.estimate.cost_usd
    assert plan.cost.batch_usd == report.cost_usd == round(task.estimate.cost_usd, 4)


def test_attempts_are_counted_from_child_to_child(world: World) -> None:
    all_lost(world)
    for attempt in (2, 3):
        world.retry()
        assert {task.attempt for task in world.run.tasks()} == {attempt}
        world.do_all("stage", "submit")
        story.lose_jobs(world, "JOB_STATE_FAILED")
        world.poll()
        assert {letter.attempts for letter in letters(world.run)} == {attempt}
        world.clock.passes(60)


def test_tasks_stand_in_plan_order(world: World) -> None:
    parent = all_lost(world)
    world.retry()
    assert [task.key for task in world.run.tasks()] == [task.key for task in parent.tasks()]


def test_what_a_child_holds_is_not_retried_again(world: World) -> None:
    parent = all_lost(world)
    world.retry()
    before = world.tree()
    report = world.retry(parent)
    assert (report.retried, report.left) == (0, {"held": 5})
    assert (world.tree(), report.exit_code) == (before, ExitCode.DONE)


def test_a_child_that_is_still_only_planned_is_named_again(world: World) -> None:
    parent = all_lost(world)
    child = world.retry().child
    world.project.runs_dir.joinpath("current").write_text(f"{parent.run_id}\n")
    assert retry.candidates(world.project) == []
    (unsent,) = retry.unsent(world.project)
    assert (unsent.run_id, world.retry(unsent).child) == (parent.run_id, child)
    assert world.run.run_id == child
    world.do_all("stage")
    assert (world.retry(parent).child, retry.unsent(world.project)) == (None, [])


def test_what_a_grandchild_holds_is_not_retried_again(world: World) -> None:
    parent = all_lost(world)
    world.retry()
    world.do_all("stage", "submit")
    story.lose_jobs(world, "JOB_STATE_FAILED")
    world.poll()
    world.clock.passes(60)
    world.retry()
    assert world.retry(parent).left == {"held": 5}
    assert retry.candidates(world.project) == []


def test_what_a_cancelled_child_never_sent_may_be_retried_again(world: World) -> None:
    parent = all_lost(world)
    world.retry()
    world.cancel()
    assert world.retry(parent).retried == 5


def test_a_rehearsal_holds_nothing_of_the_real_thing(world: World) -> None:
    parent = all_lost(world)
    world.settings("backend: emulator")
    world.plan()
    world.settings("max_tasks_per_job: 2")
    assert world.retry(parent).retried == 5


def test_what_was_planned_anew_is_left_to_that_run(world: World) -> None:
    parent = all_lost(world)
    world.plan(PlanChoices(scope="locations"))
    report = world.retry(parent)
    assert (report.left, report.retried) == ({"held": 2}, 3)


def test_what_another_prompt_is_being_drawn_of_is_left_alone(world: World) -> None:
    parent = with_failures(world)
    world.write(story.KILN, world.read(story.KILN).replace("at dusk", "at dawn"))
    world.plan()
    world.do_all("stage", "submit")
    assert world.retry(parent).left == {"in_flight": 1}


def test_what_was_drawn_since_is_left_alone(world: World) -> None:
    parent = with_failures(world)
    world.write(story.KILN, world.read(story.KILN).replace("at dusk", "at dawn"))
    world.plan()
    world.do_all("stage", "submit", "poll", "download", "apply")
    assert world.retry(parent).left == {"drawn": 1}


def test_what_changed_in_the_story_is_left_to_plan(world: World) -> None:
    parent = with_failures(world)
    world.write(story.KILN, world.read(story.KILN).replace("at dusk", "at dawn"))
    before = world.tree()
    assert world.retry(parent).left == {"changed": 1}
    assert world.tree() == before
    assert [verdict.target.target_id for verdict in world.plan().planned] == [ZONE]


def test_what_vanished_from_the_story_is_left_out(world: World) -> None:
    parent = with_failures(world)
    story.vanish_zone(world)
    assert world.retry(parent).left == {"vanished": 1}


def test_only_the_codes_that_were_asked_for_are_retried(world: World) -> None:
    parent = with_failures(world)
    assert world.retry(parent, "NO_IMAGE_DATA").left == {"code": 1}
    assert world.retry(parent, "NO_IMAGE_DATA", "ROW_ERROR_13").retried == 1


def test_a_child_that_costs_too_much_is_not_made(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_cost_usd: 1")
    parent = all_lost(world)
    world.settings("max_tasks_per_job: 2, max_cost_usd: 0.01")
    before = world.tree()
    state = world.state
    config = msgspec.structs.replace(state.config, max_cost_usd=0.01)
    parent.save(msgspec.structs.replace(state, config=config))
    with pytest.raises(PlanningError, match=r"more than 0\.01"):
        world.retry()
    assert world.tree().keys() == before.keys()


def test_tasks_that_were_tampered_with_are_not_sent_again(world: World) -> None:
    parent = all_lost(world)
    parent.tasks_file.write_bytes(parent.tasks_file.read_bytes().replace(b"clay", b"gold"))
    with pytest.raises(DocumentError, match="was changed"):
        world.retry()


def test_candidates_are_finished_runs_with_dead_letters_of_their_own(world: World) -> None:
    first = with_failures(world)
    assert [run.run_id for run in retry.candidates(world.project)] == [first.run_id]
    assert retry.candidates(world.project, ("NO_IMAGE_DATA",)) == []
    world.clock.now += timedelta(minutes=1)
    world.retry()
    assert retry.candidates(world.project) == []


def test_a_run_without_dead_letters_has_nothing_to_retry(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    before = world.tree()
    report = world.retry()
    assert (report.child, report.retried, report.left, report.refused) == (None, 0, {}, {})
    assert world.tree() == before
