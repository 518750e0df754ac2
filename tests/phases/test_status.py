"""status and runs: what a run's documents say, without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.phases import history, status, story_status
from chargen_batch.phases.plan import PlanChoices
from tests.phases import story
from tests.phases.story import PHASES, TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase
    from chargen_batch.phases.status import StatusReport
    from tests.phases.world import World

NEXT: dict[Phase, str | None] = {
    "planned": "stage",
    "staging": "stage",
    "staged": "submit",
    "submitted": "poll --wait",
    "running": "poll --wait",
    "downloading": "download",
    "applying": "apply",
    "completed": "report",
    "failed": "report",
    "cancelled": "report",
}


def looked_at(world: World) -> StatusReport:
    return status.run(world.run, world.project, clock=world.clock)


@pytest.mark.parametrize("phase", PHASES)
def test_status_names_the_next_command_calls_nothing_and_writes_nothing(
    tmp_path: Path, phase: Phase
) -> None:
    world = story.in_phase(tmp_path, phase)
    before, calls, connections = world.tree(), list(world.service.calls), world.connections
    report = looked_at(world)
    assert (report.phase, report.next_command) == (phase, f"{NEXT[phase]} --run {report.run_id}")
    assert (world.tree(), world.service.calls) == (before, calls)
    assert world.connections == connections


def test_after_the_report_no_command_is_next(world: World) -> None:
    world.do_all("plan", "resume")
    assert looked_at(world).next_command is None


def test_live_job_has_an_age_and_a_deadline_an_ended_one_what_it_took(world: World) -> None:
    world.service.looks = 3
    world.do_all("plan", "stage", "submit")
    world.clock.passes(3600)
    world.service.end(next(iter(world.service.jobs)))
    world.do("poll")
    world.clock.passes(3600)
    ended, live, _ = looked_at(world).jobs
    assert (ended.status, ended.age_s, ended.deadline) == ("ended", 3600, None)
    assert (live.status, live.age_s, live.deadline) == ("running", 7200, "2026-11-24T08:00:00Z")
    assert (live.state, live.task_count) == ("JOB_STATE_RUNNING", 2)


def test_lost_job_says_why(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED", 2)
    world.do("poll")
    lost = looked_at(world).jobs[1]
    assert (lost.status, "JOB_STATE_EXPIRED" in (lost.error or "")) == ("lost", True)


def test_cost_so_far_stands_beside_the_estimate(world: World) -> None:
    world.do_all("plan")
    first = looked_at(world)
    assert first.estimate_usd
    assert (first.spent_usd, first.open) == (0.0, len(TARGETS))
    world.do_all("resume")
    last = looked_at(world)
    assert 0 < last.spent_usd < 2 * first.estimate_usd
    assert (last.open, last.unpriced) == (0, 0)


def test_failed_run_says_why(tmp_path: Path) -> None:
    report = looked_at(story.in_phase(tmp_path, "failed"))
    assert (report.error_code, report.failed, report.open) == ("JOB_FAILED", len(TARGETS), 0)


def test_history_has_every_run_oldest_first_and_names_damaged_ones(world: World) -> None:
    first = world.plan(PlanChoices(scope="characters")).run_id
    broken = world.plan(PlanChoices(scope="locations")).run_id
    last = world.plan(PlanChoices(scope="chapters")).run_id
    (world.project.runs_dir / f"{broken}" / "plan.json").write_text("{")
    report = history.run(world.project, clock=world.clock)
    assert [line.run_id for line in report.runs] == [first, last]
    assert [(each.run_id, "plan.json" in each.error) for each in report.damaged] == [(broken, True)]
    assert report.current == last
    assert [(line.phase, line.scope, line.open) for line in report.runs] == [
        ("planned", "characters", 2),
        ("planned", "chapters", 1),
    ]


def test_costs_stand_by_month_beside_the_budget(world: World) -> None:
    world.settings("monthly_budget_usd: 10")
    world.do_all("plan", "resume")
    report = history.costs(world.project, clock=world.clock)
    assert list(report.months) == ["2026-11"]
    assert report.left_usd == 10 - report.months["2026-11"]
    assert (report.rehearsed, report.unreadable) == ({}, ())


def test_without_a_budget_nothing_is_said_to_be_left(world: World) -> None:
    report = history.costs(world.project, clock=world.clock)
    assert (report.months, report.budget_usd, report.left_usd) == ({}, None, None)


def test_story_is_counted_by_entity_and_nothing_is_written(world: World) -> None:
    world.do_all("plan", "resume")
    world.write(story.IDEAS, world.read(story.IDEAS).replace("ash wood", "oak"))
    before = world.tree()
    report = story_status.run(world.project, PlanChoices(), clock=world.clock)
    ines = report.entities[0]
    assert (ines.entity, ines.wanted, ines.done, ines.changed) == ("character/ines", 2, 1, 1)
    assert (report.total.wanted, report.total.done) == (5, 4)
    assert world.tree() == before


def test_broken_file_is_told_and_the_rest_of_the_story_counted(world: World) -> None:
    world.write(story.KILN, "zones: [")
    report = story_status.run(world.project, PlanChoices(), clock=world.clock)
    assert [problem.file for problem in report.problems] == [story.KILN]
    assert report.total.wanted == 3
