from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExecutionError, ExitCode, NetworkError, ServiceError, StateError
from chargen_batch.model.state import DownloadedJob, EndedJob, JobCounts, LostJob, RunningJob
from tests.phases import story
from tests.service.lines import refusal

if TYPE_CHECKING:
    from tests.phases.world import World


@pytest.fixture
def submitted(world: World) -> World:
    return world.do_all("plan", "stage", "submit")


def kinds(world: World) -> list[type]:
    return [type(job) for job in world.state.jobs]


def end_in(world: World, number: int, state: str, *, output: str | None = None) -> None:
    """Put the service's job in a state, with results or without."""
    stored = list(world.service.jobs.values())[number - 1]
    world.service.end(stored.job.name, "JOB_STATE_SUCCEEDED" if output else state)
    stored.job = replace(stored.job, state=state)


def test_jobs_that_run_are_not_ready(submitted: World) -> None:
    submitted.service.looks = 2
    report = submitted.poll()
    assert (report.exit_code, report.live, report.asked) == (ExitCode.NOT_READY, 3, 3)
    assert submitted.state.phase == "running"


def test_the_second_poll_asks_only_about_unfinished_jobs(submitted: World) -> None:
    first = next(iter(submitted.service.jobs))
    submitted.service.end(first)
    submitted.service.looks = 2
    submitted.poll()
    calls = len(submitted.service.calls)
    assert submitted.poll().phase == "downloading"
    assert [call[1] for call in submitted.service.calls[calls:]] == list(submitted.service.jobs)[1:]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("JOB_STATE_FAILED", "JOB_FAILED"),
        ("JOB_STATE_EXPIRED", "JOB_EXPIRED"),
        ("JOB_STATE_CANCELLED", "JOB_CANCELLED"),
    ],
)
def test_a_job_without_output_is_lost_and_the_others_go_on(
    submitted: World, state: str, code: str
) -> None:
    end_in(submitted, 2, state)
    assert submitted.poll().exit_code is ExitCode.DONE
    assert kinds(submitted) == [EndedJob, LostJob, EndedJob]
    submitted.do_all("download", "apply")
    assert submitted.codes() == {"fire-mouth": code, "first-smoke": code}
    assert all(end.error is None or end.error.retryable for end in submitted.outcomes.values())


@pytest.mark.parametrize("state", ["JOB_STATE_FAILED", "JOB_STATE_EXPIRED", "JOB_STATE_CANCELLED"])
def test_a_job_with_output_has_results_however_it_ended(submitted: World, state: str) -> None:
    for number in (1, 2, 3):
        end_in(submitted, number, state, output="yes")
    assert submitted.poll().phase == "downloading"
    submitted.do_all("download", "apply")
    assert (submitted.state.completed_tasks, submitted.codes()) == (5, {})


def test_partially_succeeded_is_an_end(submitted: World) -> None:
    story.lose_jobs(submitted, "JOB_STATE_PARTIALLY_SUCCEEDED")
    assert submitted.poll().phase == "downloading"


def test_all_jobs_lost_fail_the_run_with_a_dead_letter_a_task(submitted: World) -> None:
    story.lose_jobs(submitted, "JOB_STATE_FAILED")
    report = submitted.poll()
    assert (report.exit_code, submitted.state.phase) == (ExitCode.FAILED, "failed")
    assert submitted.codes() == dict.fromkeys(story.TARGETS, "JOB_FAILED")
    assert (submitted.state.failed_tasks, submitted.state.completed_at is None) == (5, False)


def test_an_unknown_state_keeps_running_with_a_warning(submitted: World) -> None:
    submitted.service.looks = 9
    end_in(submitted, 1, "JOB_STATE_DREAMING")
    report = submitted.poll()
    assert (report.exit_code, report.live) == (ExitCode.NOT_READY, 3)
    assert "unknown state, JOB_STATE_DREAMING" in report.warnings[0]


def test_success_without_a_result_file_keeps_running_with_a_warning(submitted: World) -> None:
    end_in(submitted, 1, "JOB_STATE_SUCCEEDED")
    stored = next(iter(submitted.service.jobs.values()))
    stored.job = replace(stored.job, result_file_name=None)
    report = submitted.poll()
    assert report.live == 1
    assert "has no result file yet" in report.warnings[0]
    assert report.warnings[0].endswith(f"poll --run {submitted.run.run_id} --give-up 1")


def without_results(world: World, *numbers: int, state: str = "JOB_STATE_SUCCEEDED") -> None:
    """Let jobs have ended well, and have no result file."""
    for number in numbers:
        end_in(world, number, state)
        stored = list(world.service.jobs.values())[number - 1]
        stored.job = replace(stored.job, result_file_name=None)


@pytest.mark.parametrize("state", ["JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"])
def test_a_job_that_ended_without_a_result_file_is_lost_once_it_is_given_up(
    submitted: World, state: str
) -> None:
    without_results(submitted, 1, state=state)
    assert submitted.poll().exit_code is ExitCode.NOT_READY
    submitted.give_up = ("1",)
    report = submitted.poll()
    assert (report.exit_code, report.phase) == (ExitCode.DONE, "downloading")
    assert "job 1 was lost, RESULTS_GONE" in report.warnings[0]
    submitted.give_up = ()
    submitted.do_all("download", "apply")
    assert submitted.codes() == dict.fromkeys(("throwing-a-bowl", "carrying-wood"), "RESULTS_GONE")
    assert all(end.error is None or end.error.retryable for end in submitted.outcomes.values())


def test_giving_up_all_that_have_no_result_file_fails_the_run(submitted: World) -> None:
    without_results(submitted, 1, 2, 3)
    submitted.give_up = ("1", "2", "3")
    assert submitted.poll().exit_code is ExitCode.FAILED
    assert (submitted.state.phase, submitted.state.error_code) == ("failed", "RESULTS_GONE")


def test_a_result_file_that_came_after_all_is_not_given_up(submitted: World) -> None:
    without_results(submitted, 1)
    submitted.poll()
    end_in(submitted, 1, "JOB_STATE_SUCCEEDED", output="yes")
    submitted.give_up = ("1",)
    report = submitted.poll()
    assert report.warnings == ("job 1 was not given up: the service has it",)
    assert kinds(submitted) == [EndedJob] * 3


def test_a_job_that_is_gone_is_an_error_and_the_others_are_asked(submitted: World) -> None:
    gone = next(iter(submitted.service.jobs))
    del submitted.service.jobs[gone]
    with pytest.raises(ExecutionError, match=gone) as told:
        submitted.poll()
    assert (told.value.exit_code, told.value.job) == (ExitCode.FAILED, gone)
    assert kinds(submitted) == [RunningJob, EndedJob, EndedJob]
    assert submitted.state.phase == "running"


@pytest.mark.parametrize("error", [NetworkError("cut"), refusal(401, "UNAUTHENTICATED", "no")])
def test_an_error_keeps_what_was_seen_before_it(
    submitted: World, error: NetworkError | ServiceError
) -> None:
    first, second, _ = submitted.service.jobs
    assert submitted.service.get_job(first).state == "JOB_STATE_SUCCEEDED"
    submitted.service.looks = 2
    submitted.poll()
    submitted.service.fail("get_job", error)
    with pytest.raises(type(error)):
        submitted.poll()
    assert kinds(submitted) == [EndedJob, RunningJob, RunningJob]
    assert submitted.poll().phase == "downloading", second


def test_counts_are_the_services(submitted: World) -> None:
    submitted.service.looks = 2
    stored = next(iter(submitted.service.jobs.values()))
    stored.job = replace(stored.job, counts=JobCounts(total=2, succeeded=1, pending=1))
    submitted.poll()
    job = submitted.state.jobs[0]
    assert isinstance(job, RunningJob)
    assert (job.counts.total, job.counts.succeeded, job.counts.pending) == (2, 1, 1)


def end_all(world: World) -> None:
    for name in world.service.jobs:
        world.service.end(name, "JOB_STATE_SUCCEEDED")


def test_while_a_job_waits_the_run_is_running(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 2")
    world.service.looks = 99
    world.do_all("plan", "stage", "submit")
    end_all(world)
    report = world.poll()
    assert (report.exit_code, report.live) == (ExitCode.NOT_READY, 0)
    assert world.download().exit_code is ExitCode.NOT_READY
    world.do_all("submit")
    end_all(world)
    world.do_all("poll")
    assert [type(job) for job in world.state.jobs] == [DownloadedJob, DownloadedJob, EndedJob]


def test_a_run_with_nothing_but_refused_and_unsure_jobs_is_running(world: World) -> None:
    world.do_all("plan", "stage")
    world.service.fail("create_job", refusal(400, "X", "bad"), NetworkError("cut"))
    world.submit()
    calls = len(world.service.calls)
    report = world.poll()
    assert (report.phase, world.state.phase, report.asked) == ("running", "running", 0)
    before = world.tree()
    world.poll()
    assert (world.tree(), len(world.service.calls)) == (before, calls)


def lose_track_of(world: World, *numbers: int) -> list[str]:
    """Let the service know nothing of some jobs any more; return their names."""
    names = [name for number, name in enumerate(world.service.jobs, 1) if number in numbers]
    for name in names:
        del world.service.jobs[name]
    return names


def test_the_error_of_jobs_that_are_gone_names_the_command_to_type(submitted: World) -> None:
    lose_track_of(submitted, 1, 3)
    with pytest.raises(ExecutionError) as told:
        submitted.poll()
    run_id = submitted.run.run_id
    typed = f"type: chargen-batch poll --run {run_id} --give-up 1 --give-up 3"
    assert told.value.hint.endswith(typed)


def test_a_job_that_is_gone_is_lost_once_it_is_given_up(submitted: World) -> None:
    lose_track_of(submitted, 2)
    submitted.give_up = ("2",)
    report = submitted.poll()
    assert (report.exit_code, report.phase) == (ExitCode.DONE, "downloading")
    assert "job 2 was lost, JOB_GONE" in report.warnings[0]
    submitted.do_all("download", "apply")
    assert submitted.codes() == dict.fromkeys(("fire-mouth", "first-smoke"), "JOB_GONE")
    assert all(end.error is None or end.error.retryable for end in submitted.outcomes.values())


@pytest.mark.parametrize("field", ["batch_job_name", "display_name"])
def test_a_job_is_given_up_by_any_of_its_names(submitted: World, field: str) -> None:
    lose_track_of(submitted, 2)
    submitted.give_up = (getattr(submitted.state.jobs[1], field),)
    submitted.poll()
    assert kinds(submitted) == [EndedJob, LostJob, EndedJob]


def test_giving_up_every_job_fails_the_run_as_losing_them_does(submitted: World) -> None:
    lose_track_of(submitted, 1, 2, 3)
    submitted.give_up = ("1", "2", "3")
    report = submitted.poll()
    assert (report.exit_code, submitted.state.phase) == (ExitCode.FAILED, "failed")
    assert submitted.codes() == dict.fromkeys(story.TARGETS, "JOB_GONE")
    assert submitted.state.error_code == "JOB_GONE"


def test_a_job_that_the_service_has_is_not_given_up(submitted: World) -> None:
    submitted.service.looks = 2
    submitted.give_up = ("2",)
    report = submitted.poll()
    assert report.warnings == ("job 2 was not given up: the service has it",)
    assert kinds(submitted) == [RunningJob] * 3


def test_only_googles_own_404_gives_a_job_up(submitted: World) -> None:
    submitted.give_up = ("1",)
    submitted.service.fail("get_job", ServiceError("a proxy's page", http_status=404))
    with pytest.raises(ExecutionError):
        submitted.poll()
    assert kinds(submitted) == [RunningJob, EndedJob, EndedJob]


def test_a_job_that_there_is_not_is_an_error_before_any_call(submitted: World) -> None:
    submitted.give_up = ("9",)
    calls = len(submitted.service.calls)
    with pytest.raises(StateError, match="has no job 9") as told:
        submitted.poll()
    assert told.value.hint.startswith("its jobs are 1 batches/")
    assert len(submitted.service.calls) == calls


def test_a_job_with_results_is_not_polls_to_give_up(submitted: World) -> None:
    submitted.service.looks = 2
    submitted.service.end(next(iter(submitted.service.jobs)))
    submitted.poll()
    submitted.give_up = ("1",)
    with pytest.raises(StateError, match="is not at work") as told:
        submitted.poll()
    assert told.value.hint.endswith(f"download --run {submitted.run.run_id} --give-up 1")


def test_a_job_that_was_given_up_may_be_named_again(submitted: World) -> None:
    submitted.service.looks = 2
    lose_track_of(submitted, 2)
    submitted.give_up = ("2",)
    submitted.poll()
    assert submitted.poll().phase == "downloading"


def test_live_jobs_have_an_age_and_a_deadline(submitted: World) -> None:
    submitted.service.looks = 9
    submitted.clock.passes(3 * 3600)
    report = submitted.poll()
    assert [age.age_s for age in report.ages] == [10_800] * 3
    assert {age.deadline for age in report.ages} == {"2026-11-24T08:00:00Z"}
    assert report.warnings == ()


def test_a_job_is_old_after_a_day_and_goes_on(submitted: World) -> None:
    submitted.service.looks = 9
    submitted.clock.passes(25 * 3600)
    report = submitted.poll()
    assert len(report.warnings) == report.live == 3
    assert "was created 25 h ago; the service ends it at 2026-11-24T08:00:00Z" in report.warnings[0]
    assert submitted.service.called("cancel_job") == []


def test_ended_jobs_have_no_age(submitted: World) -> None:
    assert submitted.poll().ages == ()


def test_jobs_that_wait_may_be_submitted_once_others_have_ended(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 2")
    world.service.looks = 99
    world.do_all("plan", "stage", "submit")
    report = world.poll()
    assert (report.live, report.waiting, report.may_submit) == (2, 1, False)
    world.service.end(next(iter(world.service.jobs)))
    report = world.poll()
    assert (report.live, report.waiting, report.may_submit) == (1, 1, True)


def test_results_may_be_fetched_while_other_jobs_are_at_work(submitted: World) -> None:
    submitted.service.looks = 9
    assert submitted.poll().may_download is False
    submitted.service.end(next(iter(submitted.service.jobs)))
    assert submitted.poll().may_download is True
    submitted.download()
    assert submitted.poll().may_download is False
