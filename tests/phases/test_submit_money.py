"""What submit may spend: the cap of the plan, and the budget of the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import ExecutionError, ExitCode
from chargen_batch.phases import stage, submit
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.run.directory import RunDirectory

if TYPE_CHECKING:
    from tests.phases.world import World

CHARACTERS = PlanChoices(scope="characters")
LOCATIONS = PlanChoices(scope="locations")


def usd_of(world: World) -> float:
    return sum(task.estimate.cost_usd or 0.0 for task in world.run.tasks())


def created(world: World) -> int:
    return len(world.service.called("create_job"))


def capped(world: World, most_usd: float | None) -> World:
    """Hold the current run to a cap that it did not have when it was planned."""
    config = msgspec.structs.replace(world.state.config, max_cost_usd=most_usd)
    world.run.save(msgspec.structs.replace(world.state, config=config))
    return world


def test_a_run_within_its_cap_is_created(world: World) -> None:
    world.do_all("plan", "stage")
    capped(world, usd_of(world) + 0.001).submit()
    assert created(world) == 3


def test_a_run_over_its_cap_is_not(world: World) -> None:
    world.do_all("plan", "stage")
    capped(world, usd_of(world) - 0.001)
    before = world.tree()
    with pytest.raises(ExecutionError, match=r"more than the .* of batch\.max_cost_usd") as told:
        world.submit()
    assert told.value.exit_code is ExitCode.FAILED
    assert (world.tree(), created(world)) == (before, 0)


def test_unfinished_runs_count_against_the_cap(world: World) -> None:
    world.plan(CHARACTERS)
    first, others = world.run.run_id, usd_of(world)
    world.plan(LOCATIONS)
    world.stage()
    capped(world, usd_of(world) + others - 0.001)
    with pytest.raises(ExecutionError, match=f"with {others:.2f} of what is unfinished .{first}"):
        world.submit()


def test_the_same_targets_in_another_plan_count_once(world: World) -> None:
    world.do_all("plan")
    world.do_all("plan", "stage")
    capped(world, usd_of(world) + 0.001).submit()
    assert created(world) == 3


def test_what_was_created_counts_no_more_against_the_cap(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.service.looks = 99
    world.do_all("plan", "stage", "submit")
    world.service.end(next(iter(world.service.jobs)))
    capped(world, usd_of(world) * 0.9)
    assert (len(world.submit().created), created(world)) == (1, 2)


def test_a_month_that_is_spent_creates_nothing(world: World) -> None:
    world.plan(CHARACTERS)
    world.do_all("stage", "submit", "poll", "download", "apply")
    world.plan(LOCATIONS)
    world.stage()
    usd = usd_of(world)
    world.settings(f"max_tasks_per_job: 2, monthly_budget_usd: {usd + 0.001}")
    with pytest.raises(ExecutionError, match=r"spent in 2026-11 .* batch\.monthly_budget_usd"):
        world.submit()
    assert created(world) == 1


def test_a_budget_is_new_each_month(world: World) -> None:
    world.plan(CHARACTERS)
    world.do_all("stage", "submit", "poll", "download", "apply")
    world.clock.passes(10 * 24 * 3600)
    world.plan(LOCATIONS)
    world.stage()
    world.settings(f"max_tasks_per_job: 2, monthly_budget_usd: {usd_of(world) + 0.001}")
    assert world.submit().exit_code is ExitCode.DONE


def test_a_run_whose_ledger_cannot_be_read_might_have_cost_anything(world: World) -> None:
    world.plan(CHARACTERS)
    world.do_all("stage", "submit", "poll", "download", "apply")
    world.run.outcomes_file.write_bytes(b"{}\n")
    damaged = world.run.run_id
    world.plan(LOCATIONS)
    world.stage()
    world.settings("max_tasks_per_job: 2, monthly_budget_usd: 1000")
    with pytest.raises(ExecutionError, match=f"is not known.*{damaged}"):
        world.submit()
    assert created(world) == 1


def test_what_is_at_work_counts_against_the_budget(world: World) -> None:
    world.plan(CHARACTERS)
    world.do_all("stage", "submit")
    at_work = usd_of(world)
    world.plan(LOCATIONS)
    world.stage()
    both = usd_of(world) + at_work
    world.settings(f"max_tasks_per_job: 2, monthly_budget_usd: {both - 0.001}")
    with pytest.raises(ExecutionError, match=f"and {at_work:.2f} at work"):
        world.submit()
    world.settings(f"max_tasks_per_job: 2, monthly_budget_usd: {both + 0.001}")
    assert world.submit().exit_code is ExitCode.DONE


def test_paying_twice_is_within_the_budget_too(world: World) -> None:
    world.do_all("plan")
    second = RunDirectory(world.run.path)
    world.do_all("plan", "stage", "submit")
    stage.run(second, world.project, world.connect, clock=world.clock)
    world.settings(f"max_tasks_per_job: 2, monthly_budget_usd: {usd_of(world) * 1.5}")
    with pytest.raises(ExecutionError, match="monthly_budget_usd"):
        submit.run(second, world.project, world.connect, clock=world.clock, allow_duplicates=True)


def test_a_price_that_is_not_known_passes_no_limit(world: World) -> None:
    world.service.models = ("gemini-x-image",)
    world.settings("max_tasks_per_job: 2, max_cost_usd: null")
    world.plan(PlanChoices(model="gemini-x-image"))
    world.stage()
    world.settings("max_tasks_per_job: 2, monthly_budget_usd: 1000")
    with pytest.raises(ExecutionError, match="gemini-x-image at 1K has no known price"):
        world.submit()
    world.settings("max_tasks_per_job: 2")
    assert world.submit().exit_code is ExitCode.DONE


def test_a_price_is_only_asked_for_where_there_is_a_limit(world: World) -> None:
    world.do_all("plan", "stage")
    capped(world, None).submit()
    assert created(world) == 3
