"""That a run is to be cancelled outlives the command: from then on nothing is paid for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ExecutionError, ExitCode, NetworkError, StateError
from chargen_batch.model.state import LostJob
from chargen_batch.service.api import ServiceAddress

if TYPE_CHECKING:
    from tests.phases.world import World


@pytest.fixture
def wanted(world: World) -> World:
    """Give a run that was to be cancelled while nobody knew whether its first job exists."""
    world.do_all("plan", "stage").service.fail("create_job", NetworkError("lost"))
    world.submit()
    assert world.cancel().exit_code is ExitCode.NOT_READY
    return world


def created(world: World) -> int:
    return len(world.service.called("create_job"))


@pytest.mark.parametrize("command", ["submit", "resume"])
def test_after_a_cancel_nothing_is_created_whatever_cron_types(wanted: World, command: str) -> None:
    before = created(wanted)
    for _ in range(3):
        wanted.clock.passes(100)
        wanted.do(command)
    assert (created(wanted), wanted.state.phase) == (before, "cancelled")
    assert {job.code for job in wanted.state.jobs if isinstance(job, LostJob)} == {"JOB_CANCELLED"}
    assert set(wanted.codes().values()) == {"JOB_CANCELLED"}


@pytest.mark.parametrize("command", ["submit", "resume"])
def test_a_job_that_comes_to_light_after_a_cancel_is_stopped(world: World, command: str) -> None:
    world.do_all("plan", "stage").service.unlisted = 1
    world.service.fail("create_job", NetworkError("lost"), after=True)
    world.submit()
    world.cancel()
    world.do(command)
    (call,) = world.service.called("cancel_job")
    assert (call[1], world.state.phase) == (next(iter(world.service.jobs)), "cancelled")


def test_the_wish_is_on_disk_before_the_first_call(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    world.service.fail("list_jobs", NetworkError("no answer"))
    with pytest.raises(NetworkError):
        world.cancel()
    first = world.state.cancel_requested_at
    world.clock.passes(60)
    world.service.stops_at_once = False
    world.cancel()
    assert (bool(first), world.state.cancel_requested_at) == (True, first)


def test_a_command_for_another_service_wants_nothing(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    before = world.tree()
    world.service.address = ServiceAddress("gemini", "https://other.test", "key")
    with pytest.raises(StateError):
        world.cancel()
    assert world.tree() == before


def test_who_said_it_once_is_not_asked_again(wanted: World) -> None:
    wanted.clock.passes(100)
    wanted.cancel(sure=False)
    assert wanted.cancel(sure=False).phase == "cancelled"


def test_what_comes_next_for_such_a_run_is_cancel(wanted: World) -> None:
    typed = f"type: chargen-batch cancel --run {wanted.run.run_id}"
    for command in ("poll", "download", "retry", "cleanup"):
        with pytest.raises(StateError) as told:
            wanted.do(command)
        assert told.value.hint == typed
    report = wanted.submit()
    assert (report.is_cancelling, report.exit_code) == (True, ExitCode.NOT_READY)
    assert "is to be cancelled: nothing is created" in report.warnings[0]


def test_poll_goes_on_and_never_says_to_submit(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.service.looks = 9
    world.do_all("plan", "stage", "submit")
    world.service.fail("list_jobs", NetworkError("no answer"))
    with pytest.raises(NetworkError):
        world.cancel()
    world.service.end(next(iter(world.service.jobs)))
    report = world.poll()
    assert (report.waiting, report.may_submit, report.is_cancelling) == (2, False, True)
    assert world.submit().phase == "downloading"


def test_a_job_that_goes_by_another_name_there_is_left_alone(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    mine = next(iter(world.service.jobs.values())).job
    foreign = world.service.create_job(
        model=mine.model, request_file=mine.input_file_name, display_name="not ours"
    )
    text = world.run.state_file.read_text()
    world.run.state_file.write_text(text.replace(mine.name, foreign.name))
    with pytest.raises(ExecutionError, match=f"{foreign.name} was not made by run"):
        world.cancel()
    stopped = {call[1] for call in world.service.called("cancel_job")}
    assert stopped == set(world.service.jobs) - {foreign.name, mine.name}


@pytest.mark.parametrize("command", ["submit", "resume"])
def test_results_that_may_come_are_not_given_up_by_what_cron_types(
    world: World, command: str
) -> None:
    world.settings("max_tasks_per_job: 9, adopt_wait_s: 60")
    world.service.looks = 9
    world.do_all("plan", "stage", "submit")
    (stored,) = world.service.jobs.values()
    stored.job = replace(stored.job, state="JOB_STATE_SUCCEEDED", ended_at=world.clock())
    world.cancel()
    for _ in range(2):
        world.do(command)
    world.service.end(stored.job.name, "JOB_STATE_SUCCEEDED")
    assert world.cancel().phase == "downloading"
