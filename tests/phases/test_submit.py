from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import (
    DocumentError,
    ExecutionError,
    ExitCode,
    LockedError,
    NetworkError,
    ServiceError,
)
from chargen_batch.model.state import IntendedJob, LostJob, RunningJob, StagedJob
from chargen_batch.phases import stage, submit
from chargen_batch.run.directory import RunDirectory
from chargen_batch.run.lock import held
from tests.phases.world import NOW
from tests.service.lines import refusal

if TYPE_CHECKING:
    from tests.phases.world import World


@pytest.fixture
def staged(world: World) -> World:
    return world.do_all("plan", "stage")


def kinds(world: World) -> list[type]:
    return [type(job) for job in world.state.jobs]


def created(world: World) -> int:
    return len(world.service.called("create_job"))


def request_file(world: World) -> str:
    return next(job.request_file_name for job in world.state.jobs if isinstance(job, StagedJob))


def test_submit_lists_first_and_creates_each_job_once(staged: World) -> None:
    before = len(staged.service.calls)
    report = staged.submit()
    asked = [call[0] for call in staged.service.calls[before:]]
    assert asked == ["list_jobs", "list_files", *["create_job"] * 3]
    assert report.created == tuple(staged.service.jobs)
    assert (report.exit_code, report.open_jobs) == (ExitCode.DONE, 0)
    assert kinds(staged) == [RunningJob] * 3


def test_429_leaves_the_job_staged_and_is_not_ready(staged: World) -> None:
    staged.service.max_live_jobs = 1
    before = staged.state.jobs
    report = staged.submit()
    assert (report.exit_code, report.open_jobs, created(staged)) == (ExitCode.NOT_READY, 2, 2)
    assert (staged.state.phase, staged.state.jobs[1:]) == ("submitted", before[1:])
    assert "job 2 waits for quota" in report.warnings[0]
    staged.service.max_live_jobs = 3
    assert staged.submit().exit_code is ExitCode.DONE
    assert len(staged.service.jobs) == 3


def test_400_loses_the_job_and_the_others_go_on(staged: World) -> None:
    staged.service.fail("create_job", refusal(400, "INVALID_ARGUMENT", "bad rows"))
    report = staged.submit()
    assert (report.exit_code, report.rejected, len(report.created)) == (ExitCode.DONE, (1,), 2)
    assert kinds(staged) == [LostJob, RunningJob, RunningJob]
    staged.do_all("poll", "download", "apply")
    assert staged.codes() == dict.fromkeys(["throwing-a-bowl", "carrying-wood"], "JOB_REJECTED")
    assert not staged.outcomes["carrying-wood"].error.retryable  # type: ignore[union-attr]


def test_a_run_whose_jobs_are_all_refused_fails_at_poll(staged: World) -> None:
    staged.service.fail("create_job", *[refusal(400, "INVALID_ARGUMENT", "bad")] * 3)
    assert staged.submit().rejected == (1, 2, 3)
    assert staged.poll().exit_code is ExitCode.FAILED
    assert set(staged.codes().values()) == {"JOB_REJECTED"}


@pytest.mark.parametrize(
    ("http_status", "status"),
    [
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (400, "API_KEY_INVALID"),
        (400, "FAILED_PRECONDITION"),
    ],
)
def test_a_refused_key_or_model_stops_with_the_state_as_before(
    staged: World, http_status: int, status: str
) -> None:
    staged.service.fail("create_job", refusal(http_status, status, "no"))
    before = staged.tree()
    with pytest.raises(ServiceError) as told:
        staged.submit()
    assert told.value.exit_code is ExitCode.SERVICE
    assert (staged.tree(), created(staged)) == (before, 1)


UNKNOWN = [
    NetworkError("dropped"),
    refusal(408, "DEADLINE_EXCEEDED", "slow"),
    refusal(409, "ABORTED", "odd"),
    refusal(503, "UNAVAILABLE", "no"),
    ServiceError("a web page", http_status=403),
    ServiceError("nameless", http_status=200),
]


@pytest.mark.parametrize("error", UNKNOWN, ids=str)
def test_a_lost_answer_is_adopted_and_never_sent_again(
    staged: World, error: ServiceError | NetworkError
) -> None:
    staged.service.fail("create_job", error, after=True)
    report = staged.submit()
    assert (report.exit_code, kinds(staged)[0]) == (ExitCode.NOT_READY, IntendedJob)
    again = staged.submit()
    assert (again.exit_code, len(again.adopted), len(again.created)) == (ExitCode.DONE, 1, 2)
    assert (created(staged), len(staged.service.jobs)) == (3, 3)
    assert kinds(staged) == [RunningJob] * 3


@pytest.mark.parametrize("error", UNKNOWN, ids=str)
def test_a_job_that_never_came_is_created_after_two_listings_and_the_wait(
    staged: World, error: ServiceError | NetworkError
) -> None:
    staged.service.fail("create_job", error)
    staged.submit()
    assert staged.submit().exit_code is ExitCode.NOT_READY
    assert staged.submit().exit_code is ExitCode.NOT_READY
    assert "not known yet" in staged.submit().warnings[0]
    staged.clock.passes(59)
    assert (staged.submit().open_jobs, created(staged)) == (1, 3)
    staged.clock.passes(1)
    assert (staged.submit().exit_code, len(staged.service.jobs)) == (ExitCode.DONE, 3)


def test_one_listing_is_not_enough_however_long_it_was(world: World) -> None:
    world.settings("max_tasks_per_job: 2, adopt_wait_s: 0")
    staged = world.do_all("plan", "stage")
    staged.service.fail("create_job", NetworkError("dropped"))
    staged.submit()
    staged.clock.passes(3600)
    staged.submit()
    assert kinds(staged)[0] is IntendedJob
    staged.submit()
    assert kinds(staged) == [RunningJob] * 3


def test_a_clock_that_is_set_right_has_not_waited(staged: World) -> None:
    staged.clock.passes(-3 * 86_400)
    staged.service.unlisted = 2
    staged.service.fail("create_job", NetworkError("dropped"), after=True)
    staged.submit()
    staged.service.unlisted = 0
    staged.clock.passes(3 * 86_400)
    for _ in range(3):
        staged.submit()
        staged.clock.passes(1)
    assert (kinds(staged), created(staged)) == ([RunningJob] * 3, 3)


def test_a_listing_that_lacks_our_live_jobs_proves_nothing(staged: World) -> None:
    staged.service.fail("create_job", NetworkError("dropped"))
    staged.submit()
    staged.submit()
    for stored in staged.service.jobs.values():
        stored.unlisted = 3
    staged.clock.passes(3600)
    for _ in range(3):
        assert staged.submit().exit_code is ExitCode.NOT_READY
    assert created(staged) == 3


def test_nothing_is_created_again_on_a_listing_that_proves_nothing(staged: World) -> None:
    staged.service.fail("create_job", NetworkError("dropped"))
    for _ in range(3):
        staged.submit()
    for stored in staged.service.jobs.values():
        stored.unlisted = 1
    staged.clock.passes(3600)
    assert staged.submit().exit_code is ExitCode.NOT_READY
    assert staged.submit().exit_code is ExitCode.DONE
    assert len(staged.service.jobs) == 3


def test_an_intention_is_looked_for_before_file_lives_are(staged: World) -> None:
    staged.service.fail("create_job", NetworkError("dropped"), after=True)
    staged.submit()
    staged.clock.passes(49 * 3600)
    before, sent = created(staged), len(staged.service.called("upload"))
    staged.submit()
    assert created(staged) - before == 2
    # Two references and two request files: none for the job that was found.
    assert len(staged.service.called("upload")) - sent == 4


def test_a_job_that_is_listed_late_is_adopted(staged: World) -> None:
    staged.service.unlisted = 2
    staged.service.fail("create_job", NetworkError("dropped"), after=True)
    for _ in range(3):
        staged.submit()
    assert staged.submit().exit_code is ExitCode.DONE
    assert (len(staged.service.jobs), created(staged)) == (3, 3)


def test_no_more_than_max_concurrent_jobs_are_live(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 2")
    world.service.looks = 99
    world.do_all("plan", "stage")
    report = world.submit()
    assert (report.exit_code, report.open_jobs) == (ExitCode.NOT_READY, 1)
    assert world.submit().created == ()
    world.service.end(next(iter(world.service.jobs)), "JOB_STATE_SUCCEEDED")
    assert world.poll().exit_code is ExitCode.NOT_READY
    assert world.submit().open_jobs == 0
    assert len(world.service.jobs) == 3


def test_an_open_intention_takes_a_slot(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.do_all("plan", "stage")
    world.service.fail("create_job", NetworkError("dropped"))
    world.submit()
    world.submit()
    assert created(world) == 1


def test_of_two_jobs_with_one_name_the_older_is_followed(staged: World) -> None:
    staged.service.fail("create_job", NetworkError("dropped"), after=True)
    staged.submit()
    (stored,) = staged.service.jobs.values()
    twin = replace(stored.job, name="batches/another", created_at=NOW.replace(hour=9))
    staged.service.jobs[twin.name] = replace(stored, job=twin)
    report = staged.submit()
    assert report.adopted == (stored.job.name,)
    assert f"{twin.name} is a second job named {twin.display_name}" in report.warnings[0]
    assert "submit --yes cancels the second" in report.warnings[0]
    assert staged.service.called("cancel_job") == []


def test_the_second_of_two_jobs_with_one_name_is_cancelled_when_that_is_asked_for(
    staged: World,
) -> None:
    staged.submit()
    first = next(iter(staged.service.jobs.values()))
    older = replace(first.job, name="batches/another", created_at=NOW.replace(hour=7))
    staged.service.jobs[older.name] = replace(first, job=older)
    report = submit.run(
        staged.run, staged.project, staged.connect, clock=staged.clock, cancel_twins=True
    )
    # The one that the run follows stays the one, though the other turns out to be older.
    assert staged.service.called("cancel_job") == [("cancel_job", older.name)]
    assert "the second was cancelled" in report.warnings[0]
    assert kinds(staged) == [RunningJob] * 3


def test_an_adopted_job_was_submitted_when_the_service_says(staged: World) -> None:
    staged.service.fail("create_job", NetworkError("dropped"), after=True)
    staged.submit()
    staged.clock.passes(600)
    staged.submit()
    times = [job.submitted_at for job in staged.state.jobs if isinstance(job, RunningJob)]
    assert times == ["2026-11-22T08:00:00Z", *["2026-11-22T08:10:00Z"] * 2]


def test_jobs_of_others_are_not_ours(staged: World) -> None:
    staged.service.create_job(
        model="gemini-3-pro-image",
        request_file=request_file(staged),
        display_name="chargen-batch/another-run/0001/abcdef01",
    )
    assert staged.submit().adopted == ()


def test_a_service_that_is_not_reached_leaves_the_state_as_it_was(staged: World) -> None:
    staged.service.fail("list_jobs", NetworkError("no answer"))
    before = staged.tree()
    with pytest.raises(NetworkError):
        staged.submit()
    assert staged.tree() == before


def test_what_another_run_is_drawing_is_not_paid_for_again(world: World) -> None:
    world.do_all("plan")
    first = world.run.run_id
    world.do_all("plan", "stage", "submit")
    before = created(world)
    second = RunDirectory(world.run.path.parent / first)
    stage.run(second, world.project, world.connect, clock=world.clock)
    with pytest.raises(ExecutionError, match=f"drawn already: .* by run {world.run.run_id}"):
        submit.run(second, world.project, world.connect, clock=world.clock)
    assert created(world) == before


def test_paying_twice_takes_a_word(world: World) -> None:
    world.do_all("plan")
    second = RunDirectory(world.run.path)
    world.do_all("plan", "stage", "submit")
    stage.run(second, world.project, world.connect, clock=world.clock)
    report = submit.run(
        second, world.project, world.connect, clock=world.clock, allow_duplicates=True
    )
    assert len(report.created) == 3


def test_jobs_that_ended_make_room_for_those_that_wait(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.service.looks = 99
    world.do_all("plan", "stage", "submit")
    assert created(world) == 1
    for _round in range(4):
        for job in world.service.jobs:
            world.service.end(job, "JOB_STATE_SUCCEEDED")
        world.submit()
    assert created(world) == 3
    assert world.submit().exit_code == ExitCode.DONE


def test_uploads_that_would_not_outlive_the_job_are_renewed(staged: World) -> None:
    before = len(staged.service.called("upload"))
    names = [job.display_name for job in staged.state.jobs if isinstance(job, StagedJob)]
    staged.clock.passes(49 * 3600)
    assert staged.submit().exit_code == ExitCode.DONE
    assert len(staged.service.called("upload")) == 2 * before
    assert [job.display_name for job in staged.state.jobs if isinstance(job, RunningJob)] == names


def test_only_one_submit_of_a_project_creates_at_a_time(staged: World) -> None:
    lock = staged.root / ".chargen" / "spend.lock"
    with held(lock, command="submit", since="now"), pytest.raises(LockedError):
        staged.submit()
    assert created(staged) == 0


def test_a_run_that_cannot_be_read_is_not_taken_for_one_that_holds_nothing(world: World) -> None:
    world.do_all("plan")
    first = world.run
    world.do_all("plan", "stage")
    first.state_file.write_bytes(b"{}")
    with pytest.raises(DocumentError, match=r"state\.json is damaged"):
        world.submit()
    assert created(world) == 0
