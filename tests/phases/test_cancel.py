from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExecutionError, ExitCode, NetworkError, ServiceError
from chargen_batch.model.state import LostJob
from tests.phases import story
from tests.phases.story import TARGETS
from tests.service.lines import refusal

if TYPE_CHECKING:
    from tests.phases.world import World


def submitted(world: World) -> World:
    """Bring a run to where its three jobs are at work, and take their time."""
    world.service.looks = 5
    return world.do_all("plan", "stage", "submit")


@pytest.mark.parametrize("commands", [("plan",), ("plan", "stage")])
def test_a_run_that_was_never_submitted_is_cancelled_without_the_service(
    world: World, commands: tuple[str, ...]
) -> None:
    world.do_all(*commands)
    before = world.connections
    report = world.cancel(sure=False)
    assert (report.phase, world.state.phase, report.exit_code) == ("cancelled",) * 2 + (0,)
    assert (world.connections, world.codes()) == (before, {})


def test_a_cancelled_plan_does_not_keep_its_targets(world: World) -> None:
    world.do_all("plan", "cancel")
    assert len(world.plan().planned) == len(TARGETS)


def test_jobs_at_work_are_stopped_only_when_somebody_says_so(world: World) -> None:
    submitted(world)
    before = world.tree()
    with pytest.raises(ExecutionError, match=r"at work on 3 job\(s\)") as told:
        world.cancel(sure=False)
    assert told.value.hint.endswith(f"chargen-batch cancel --run {world.run.run_id} --yes")
    assert (world.tree(), world.service.called("cancel_job")) == (before, [])


def test_every_live_job_is_stopped_and_its_tasks_may_be_sent_again(world: World) -> None:
    report = submitted(world).cancel()
    assert (report.phase, report.stopped, len(report.asked)) == ("cancelled", 3, 3)
    assert set(world.codes().values()) == {"JOB_CANCELLED"}
    assert (world.state.failed_tasks, len(world.codes())) == (5, 5)
    assert all(outcome.error and outcome.error.retryable for outcome in world.outcomes.values())


def test_a_job_that_ended_with_results_is_kept_and_the_run_goes_on(world: World) -> None:
    submitted(world)
    world.service.end(next(iter(world.service.jobs)))
    report = world.cancel()
    assert (report.phase, report.ended, report.stopped) == ("downloading", 1, 2)
    assert world.do_all("download", "apply").state.completed_tasks == 2
    assert sorted(world.codes().values()) == ["JOB_CANCELLED"] * 3


def test_partial_results_of_a_stopped_job_are_kept(world: World) -> None:
    submitted(world).service.keeps_partial = True
    report = world.cancel()
    assert (report.phase, report.ended) == ("downloading", 3)
    assert world.do_all("download", "apply").state.phase == "completed"


def test_a_job_that_takes_its_time_to_stop_stays_live(world: World) -> None:
    submitted(world).service.stops_at_once = False
    report = world.cancel()
    assert (report.stopping, report.exit_code) == (3, ExitCode.NOT_READY)
    for name in world.service.jobs:
        world.service.end(name)
    assert world.cancel().phase == "cancelled"


def test_a_job_whose_creation_was_never_answered_is_found_and_stopped(world: World) -> None:
    world.do_all("plan", "stage").service.fail("create_job", NetworkError("lost"), after=True)
    world.submit()
    assert world.cancel().phase == "cancelled"
    (call,) = world.service.called("cancel_job")
    assert call[1] in world.service.jobs
    assert len(world.service.called("create_job")) == 1


def test_a_creation_that_is_not_known_keeps_the_run_open(world: World) -> None:
    world.do_all("plan", "stage").service.fail("create_job", NetworkError("lost"))
    world.submit()
    report = world.cancel()
    assert (report.unknown, report.exit_code) == (1, ExitCode.NOT_READY)
    for _ in range(2):
        world.clock.passes(40)
        report = world.cancel()
    assert (report.phase, report.unknown) == ("cancelled", 0)
    assert world.service.jobs == {}


def test_what_was_not_sent_is_not_sent_any_more(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    submitted(world).service.stops_at_once = False
    world.cancel()
    kinds = [isinstance(job, LostJob) for job in world.state.jobs]
    assert kinds == [False, True, True]
    world.submit()
    assert len(world.service.jobs) == 1


def test_jobs_that_only_wait_are_withdrawn_without_the_service(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    submitted(world)
    world.service.end(next(iter(world.service.jobs)), "JOB_STATE_FAILED")
    world.poll()
    connections = world.connections
    assert world.cancel(sure=False).phase == "cancelled"
    assert world.connections == connections
    assert sorted(world.codes().values()) == ["JOB_CANCELLED"] * 3 + ["JOB_FAILED"] * 2


def test_a_job_that_ended_while_it_was_to_be_stopped_is_no_error(world: World) -> None:
    submitted(world)
    world.service.end(next(iter(world.service.jobs)))
    world.service.fail("cancel_job", refusal(400, "FAILED_PRECONDITION", "it has ended."))
    assert world.cancel().phase == "downloading"


def test_a_job_that_is_gone_is_named_and_the_others_are_stopped(world: World) -> None:
    submitted(world)
    name = next(iter(world.service.jobs))
    del world.service.jobs[name]
    with pytest.raises(ExecutionError, match=name):
        world.cancel()
    assert [stored.ending for stored in world.service.jobs.values()] == ["JOB_STATE_CANCELLED"] * 2
    assert world.state.phase == "submitted"


def test_a_refusal_keeps_what_was_stopped_before_it(world: World) -> None:
    submitted(world)
    world.service.fail("get_job", refusal(503, "UNAVAILABLE", "later"))
    with pytest.raises(ServiceError):
        world.cancel()
    assert world.cancel().phase == "cancelled"


def test_a_second_job_of_one_name_is_stopped_too(world: World) -> None:
    submitted(world)
    first = next(iter(world.service.jobs.values())).job
    request_file = first.input_file_name
    world.service.create_job(
        model=first.model, request_file=request_file, display_name=first.display_name
    )
    report = world.cancel()
    assert len(world.service.called("cancel_job")) == 4
    assert "second job named" in report.warnings[0]


def test_the_second_time_nothing_is_called_or_written(world: World) -> None:
    submitted(world).cancel()
    before, connections = world.tree(), world.connections
    assert world.cancel().exit_code is ExitCode.DONE
    assert (world.tree(), world.connections) == (before, connections)


def test_a_run_whose_results_are_here_is_not_cancelled(world: World) -> None:
    world.before("apply")
    report = world.cancel()
    assert (report.phase, report.exit_code) == ("applying", ExitCode.DONE)


def test_a_portrait_that_changed_stays_the_reason(world: World) -> None:
    world.do_all("plan")
    story.change_portrait(world)
    submitted_later = world.do_all("stage", "submit")
    submitted_later.cancel()
    assert "REFERENCE_CHANGED" in set(world.codes().values())


def end_without_a_file(world: World, state: str = "JOB_STATE_SUCCEEDED") -> None:
    """Let every job have ended well, and have no result file."""
    for stored in world.service.jobs.values():
        stored.job = replace(stored.job, state=state, ended_at=world.clock())


@pytest.mark.parametrize("state", ["JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"])
def test_a_job_that_ended_without_a_result_file_is_lost_when_it_is_seen_so_again(
    world: World, state: str
) -> None:
    end_without_a_file(submitted(world), state)
    first = world.cancel()
    assert (first.exit_code, first.stopping) == (ExitCode.NOT_READY, 3)
    assert first.warnings[0].endswith(f"poll --run {world.run.run_id} --give-up 1")
    assert world.cancel().exit_code is ExitCode.DONE
    assert world.state.phase == "cancelled"
    assert set(world.codes().values()) == {"RESULTS_GONE"}


def test_a_result_file_that_comes_between_two_cancels_is_kept(world: World) -> None:
    end_without_a_file(submitted(world))
    assert world.cancel().exit_code is ExitCode.NOT_READY
    for name in world.service.jobs:
        world.service.end(name, "JOB_STATE_SUCCEEDED")
    assert world.cancel().phase == "downloading"
