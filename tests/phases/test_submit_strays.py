"""Jobs on the service that go by a run's name, and that its state does not know, or knows twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExecutionError, NetworkError
from chargen_batch.phases import submit
from tests.phases import story

if TYPE_CHECKING:
    from chargen_batch.phases.submit import SubmitReport
    from tests.phases.world import World


def submit_sure(world: World) -> SubmitReport:
    return submit.run(world.run, world.project, world.connect, clock=world.clock, cancel_twins=True)


def submit_twice(world: World) -> SubmitReport:
    return submit.run(
        world.run, world.project, world.connect, clock=world.clock, allow_duplicates=True
    )


def created(world: World) -> int:
    return len(world.service.called("create_job"))


@pytest.fixture
def older(world: World) -> World:
    """Give a run whose one job was split and created, and whose state.json is from before that."""
    world.settings("max_tasks_per_job: 9, adopt_wait_s: 60")
    world.do_all("plan", "stage")
    before = world.run.state_file.read_bytes()
    world.service.max_job_requests = 3
    world.submit()
    world.service.max_job_requests = 9
    world.run.state_file.write_bytes(before)
    return world


def test_beside_a_live_job_that_the_state_does_not_know_nothing_is_created(older: World) -> None:
    before, calls = older.tree(), created(older)
    live = list(older.service.jobs.values())[-1].job
    with pytest.raises(ExecutionError, match=f"{live.name} .*{live.state}.*does not know") as told:
        older.submit()
    assert f"chargen-batch submit --run {older.run.run_id} --yes" in told.value.hint
    assert "restore the newer state.json" in told.value.hint
    assert (older.tree(), created(older)) == (before, calls)


def test_with_a_word_such_jobs_are_cancelled_and_the_rest_is_created(older: World) -> None:
    halves = list(older.service.jobs)
    report = submit_sure(older)
    assert sorted(call[1] for call in older.service.called("cancel_job")) == halves
    assert (len(report.created), sum("was cancelled" in told for told in report.warnings)) == (1, 2)
    assert older.submit().warnings == ()


def test_results_that_are_paid_for_are_not_paid_for_again(older: World) -> None:
    halves = list(older.service.jobs)
    for name in halves:
        older.service.end(name)
    with pytest.raises(ExecutionError, match="its results are paid for") as told:
        older.submit()
    assert "--allow-duplicates" in told.value.hint
    assert list(older.service.jobs) == halves
    report = submit_twice(older)
    assert (len(report.created), len(report.warnings)) == (1, 2)
    assert "its results are not fetched" in report.warnings[0]


def test_cancel_stops_them_too(older: World) -> None:
    halves = list(older.service.jobs)
    for stored in older.service.jobs.values():
        stored.unlisted = 1
    older.service.fail("create_job", NetworkError("lost"))
    older.submit()
    older.cancel()
    assert sorted(call[1] for call in older.service.called("cancel_job")) == halves


def test_a_job_that_came_to_light_when_its_run_was_cancelled_keeps_a_child_from_paying(
    world: World,
) -> None:
    world.do_all("plan", "stage").service.unlisted = 3
    world.service.fail("create_job", NetworkError("lost"), after=True)
    for command in ("submit", "cancel", "cancel"):
        world.do(command)
        world.clock.passes(60)
    assert (world.cancel().phase, len(world.service.jobs)) == ("cancelled", 1)
    parent = world.run
    world.retry()
    world.do_all("stage")
    world.service.jobs[next(iter(world.service.jobs))].unlisted = 0
    with pytest.raises(ExecutionError, match=f"is a job of run {parent.run_id} that"):
        world.submit()
    assert len(submit_sure(world).created) == 3


def test_of_two_jobs_with_one_name_one_that_came_to_nothing_is_not_followed(world: World) -> None:
    world.settings("max_tasks_per_job: 9, adopt_wait_s: 60")
    world.do_all("plan", "stage").service.fail("create_job", NetworkError("lost"), after=True)
    world.submit()
    (older,) = world.service.jobs
    newer = twin(world, older)
    world.service.end(older, "JOB_STATE_FAILED")
    report = submit_sure(world)
    assert (report.adopted, world.service.called("cancel_job")) == ((newer,), [])
    assert world.do_all("poll", "download", "apply").state.completed_tasks == 5


def test_a_good_job_takes_the_place_of_one_of_its_name_that_came_to_nothing(world: World) -> None:
    world.settings("max_tasks_per_job: 9, adopt_wait_s: 60")
    world.do_all("plan", "stage", "submit")
    (followed,) = world.service.jobs
    newer = twin(world, followed)
    world.service.end(followed, "JOB_STATE_FAILED")
    assert submit_sure(world).adopted == (newer,)
    assert world.do_all("poll", "download", "apply").state.completed_tasks == 5


def twin(world: World, name: str) -> str:
    """Let the service have a second job of one's name, a little younger."""
    stored = world.service.jobs[name]
    at = world.clock.now.replace(minute=1)
    job = replace(stored.job, name="batches/twin", created_at=at)
    world.service.jobs[job.name] = replace(stored, job=job)
    return job.name


def test_jobs_that_ended_badly_under_an_unknown_name_are_nothing_to_tell(older: World) -> None:
    story.lose_jobs(older, "JOB_STATE_EXPIRED")
    for name in list(older.service.jobs):
        older.service.end(name)
    report = older.submit()
    assert (len(report.created), report.warnings) == (1, ())
