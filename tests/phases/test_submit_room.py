"""What room the service has for jobs: slots and tokens of all runs, and jobs that never fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import ExitCode, NetworkError, ServiceError
from chargen_batch.model.state import IntendedJob, RunningJob, StagedJob
from chargen_batch.phases import stage, submit
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.service.api import RemoteJob
from tests.service.lines import refusal
from tests.service.memory import StoredJob

if TYPE_CHECKING:
    from chargen_batch.phases.submit import SubmitReport
    from chargen_batch.run.directory import RunDirectory
    from tests.phases.world import World


def kinds(world: World) -> list[type]:
    return [type(job) for job in world.state.jobs]


def created(world: World) -> int:
    return len(world.service.called("create_job"))


def elsewhere(world: World, display_name: str = "chargen-batch/theirs/0001/01234567") -> None:
    """Let a job be at work that no run here knows."""
    job = RemoteJob("batches/theirs", display_name, "JOB_STATE_RUNNING", "gemini-3-pro-image")
    world.service.jobs[job.name] = StoredJob(job, [], "JOB_STATE_SUCCEEDED")


def two_runs(world: World) -> tuple[RunDirectory, RunDirectory]:
    """Plan and stage the characters as one run, and the locations as another."""
    runs = []
    for choices in (PlanChoices(scope="characters"), PlanChoices(scope="locations")):
        world.plan(choices)
        world.stage()
        runs.append(world.run)
    return runs[0], runs[1]


def submit_run(world: World, run: RunDirectory) -> SubmitReport:
    return submit.run(run, world.project, world.connect, clock=world.clock)


def tokens_of(world: World) -> list[int]:
    return [task.estimate.input_tokens for task in world.run.tasks()]


def test_jobs_keep_the_tokens_of_their_tasks_to_the_end(world: World) -> None:
    world.do_all("plan", "stage")
    one, two, three, four, five = tokens_of(world)
    weights = [one + two, three + four, five]
    assert [job.tokens for job in world.state.jobs] == weights
    world.do_all("submit", "poll", "download")
    assert [job.tokens for job in world.state.jobs] == weights


def test_a_run_is_cut_at_half_of_max_enqueued_tokens(world: World) -> None:
    world.do_all("plan")
    most = 2 * (max(tokens_of(world)) + 1)
    world.settings(f"max_enqueued_tokens: {most}")
    world.do_all("plan", "stage")
    assert len(world.state.jobs) > 3
    assert max(job.tokens for job in world.state.jobs) <= most // 2


def test_jobs_wait_while_the_queue_of_their_model_is_full(world: World) -> None:
    world.service.looks = 99
    world.do_all("plan")
    most = sum(tokens_of(world)) - 1
    world.settings(f"max_tasks_per_job: 1, max_enqueued_tokens: {most}")
    world.do_all("plan", "stage")
    report = world.submit()
    live = [job.tokens for job in world.state.jobs if isinstance(job, RunningJob)]
    assert (report.exit_code, sum(live) <= most) == (ExitCode.NOT_READY, True)
    waiting = [job.tokens for job in world.state.jobs if not isinstance(job, RunningJob)]
    assert sum(live) + waiting[0] > most
    for name in world.service.jobs:
        world.service.end(name)
    assert world.submit().exit_code is ExitCode.DONE


def test_a_job_larger_than_the_queue_goes_alone(world: World) -> None:
    world.service.looks = 99
    world.settings("max_enqueued_tokens: 2")
    world.do_all("plan", "stage")
    assert (world.submit().open_jobs, created(world)) == (4, 1)
    world.service.end(next(iter(world.service.jobs)))
    assert (world.submit().open_jobs, created(world)) == (3, 2)


def test_slots_are_counted_over_all_runs(world: World) -> None:
    world.settings("max_tasks_per_job: 1, max_concurrent_jobs: 3")
    world.service.looks = 99
    first, second = two_runs(world)
    assert submit_run(world, first).open_jobs == 0
    report = submit_run(world, second)
    assert (len(report.created), report.exit_code) == (1, ExitCode.NOT_READY)
    for name in world.service.jobs:
        world.service.end(name)
    assert submit_run(world, second).exit_code is ExitCode.DONE


def test_a_job_of_another_machine_takes_a_slot(world: World) -> None:
    world.settings("max_concurrent_jobs: 1")
    elsewhere(world)
    world.do_all("plan", "stage")
    assert (world.submit().open_jobs, created(world)) == (1, 0)
    world.service.end("batches/theirs", "JOB_STATE_FAILED")
    assert (world.submit().open_jobs, created(world)) == (0, 1)


def test_a_job_of_another_tool_takes_none(world: World) -> None:
    world.settings("max_concurrent_jobs: 1")
    elsewhere(world, "someone else's")
    world.do_all("plan", "stage", "submit")
    assert created(world) == 1


def test_an_intention_of_another_run_takes_a_slot(world: World) -> None:
    world.settings("max_concurrent_jobs: 1")
    first, second = two_runs(world)
    world.service.fail("create_job", NetworkError("dropped"))
    submit_run(world, first)
    assert submit_run(world, second).open_jobs == 1
    assert created(world) == 1


def test_a_job_that_the_listing_lacks_keeps_its_slot(world: World) -> None:
    world.settings("max_concurrent_jobs: 1")
    world.service.looks = 99
    first, second = two_runs(world)
    submit_run(world, first)
    for stored in world.service.jobs.values():
        stored.unlisted = 1
    assert submit_run(world, second).open_jobs == 1


def test_a_full_queue_of_one_model_does_not_keep_another_models_jobs(world: World) -> None:
    another = "gemini-nano-banana-2.1"
    world.service.looks, world.service.models = 99, ("gemini-3-pro-image", another)
    world.settings("max_tasks_per_job: 2, max_enqueued_tokens: 2")
    world.do_all("plan", "stage")
    *jobs, last = world.state.jobs
    other = msgspec.structs.replace(last, model=another)
    world.run.save(msgspec.structs.replace(world.state, jobs=(*jobs, other)))
    assert world.submit().open_jobs == sum(job.model != another for job in world.state.jobs) - 1
    assert isinstance(world.state.jobs[-1], RunningJob)


def test_429_with_nothing_of_ours_at_work_splits_the_job(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.service.max_live_requests = 3
    world.do_all("plan", "stage")
    whole = world.state.jobs[0]
    report = world.submit()
    first, second = world.state.jobs
    assert (report.exit_code, created(world)) == (ExitCode.NOT_READY, 3)
    assert (first.index, first.task_count, second.index, second.task_count) == (1, 3, 2, 2)
    assert first.tokens + second.tokens == whole.tokens
    assert kinds(world) == [RunningJob, StagedJob]
    assert "it was split in two, jobs 1 and 2" in report.warnings[0]
    assert first.display_name != whole.display_name  # type: ignore[union-attr]


def test_what_was_split_is_drawn_to_the_last_picture(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.service.max_live_requests = 2
    world.do_all("plan", "stage")
    for _ in range(3):
        world.do_all("submit", "poll", "download")
    world.do_all("apply")
    assert (world.state.phase, world.state.completed_tasks) == ("completed", 5)
    requests = [len(stored.requests) for stored in world.service.jobs.values()]
    assert (sum(requests), max(requests)) == (5, 2)


def test_a_split_job_is_numbered_on_and_keeps_its_place(world: World) -> None:
    world.service.fail("create_job", refusal(429, "RESOURCE_EXHAUSTED", "no"))
    world.do_all("plan", "stage", "submit")
    assert [job.index for job in world.state.jobs] == [1, 4, 2, 3]
    assert [job.first_task for job in world.state.jobs] == [0, 1, 2, 4]
    names = [job.display_name.split("/")[2] for job in jobs_of(world)]
    assert names == ["0001", "0004", "0002", "0003"]


def jobs_of(world: World) -> list[StagedJob]:
    return [job for job in world.state.jobs if isinstance(job, StagedJob)]


def test_a_single_request_that_does_not_fit_ends_the_command(world: World) -> None:
    world.settings("max_tasks_per_job: 4")
    world.service.max_live_requests = 0
    world.do_all("plan", "stage")
    with pytest.raises(ServiceError, match="is a single request and does not fit") as told:
        world.submit()
    assert (told.value.exit_code, world.state.phase) == (ExitCode.SERVICE, "staged")
    assert [job.task_count for job in world.state.jobs] == [1, 1, 2, 1]
    world.service.max_live_requests = 9
    assert world.submit().exit_code is ExitCode.DONE


@pytest.mark.parametrize("others", ["a live job", "an intention"])
def test_429_while_something_of_ours_may_be_at_work_splits_nothing(
    world: World, others: str
) -> None:
    first, second = two_runs(world)
    if others == "an intention":
        world.service.fail("create_job", NetworkError("dropped"))
    submit_run(world, first)
    world.service.fail("create_job", refusal(429, "RESOURCE_EXHAUSTED", "no"))
    before = second.state().jobs
    assert submit_run(world, second).exit_code is ExitCode.NOT_READY
    assert second.state().jobs == before


def test_a_half_whose_references_changed_is_lost_and_the_other_goes_on(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.service.fail("create_job", refusal(429, "RESOURCE_EXHAUSTED", "no"))
    world.do_all("plan", "stage")
    for task in world.run.tasks(0, 3):
        for image in task.images:
            (world.root / image.path).unlink(missing_ok=True)
    world.clock.passes(49 * 3600)
    with_nothing = world.submit()
    assert with_nothing.exit_code is ExitCode.DONE
    assert world.state.failed_tasks == len(world.codes())


def test_an_interrupted_split_is_staged_and_created_by_the_next_submit(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.service.max_live_requests = 3
    world.do_all("plan", "stage")
    world.service.fail("upload", NetworkError("dropped"))
    with pytest.raises(NetworkError):
        world.submit()
    assert [job.task_count for job in world.state.jobs] == [3, 2]
    assert world.submit().exit_code is ExitCode.NOT_READY
    assert kinds(world) == [RunningJob, StagedJob]


def test_jobs_of_a_finished_run_take_no_room(world: World) -> None:
    world.settings("max_concurrent_jobs: 1")
    first, second = two_runs(world)
    submit_run(world, first)
    stored = next(iter(world.service.jobs.values()))
    stored.job = replace(stored.job, state="JOB_STATE_FAILED")
    assert submit_run(world, second).exit_code is ExitCode.DONE
    assert IntendedJob not in kinds(world)
    assert stage.run(second, world.project, world.connect, clock=world.clock).uploaded == 0
