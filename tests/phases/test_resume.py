"""resume: from wherever a run is to its end, or to the next wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import ExecutionError, ExitCode, ServiceError, StateError
from chargen_batch.model.state import DownloadedJob
from tests.phases import story
from tests.phases.crashing import Crash, CrashingService, Power, under
from tests.phases.story import PHASES, TARGETS
from tests.phases.test_crashes import end_state, to_its_end
from tests.phases.world import COMMANDS
from tests.service.lines import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase
    from chargen_batch.phases.resume import ResumeReport
    from tests.phases.world import World

FROM_POLL: Final = ("poll", "download", "apply", "report")
# For each phase of a run: the commands that resume goes through, and what it ends with.
TABLE: Final[dict[Phase, tuple[tuple[str, ...], ExitCode]]] = {
    "planned": (("stage", "submit", *FROM_POLL), ExitCode.DONE),
    "staging": (("stage", "submit", *FROM_POLL), ExitCode.DONE),
    "staged": (("submit", *FROM_POLL), ExitCode.DONE),
    "submitted": (FROM_POLL, ExitCode.DONE),
    "running": (FROM_POLL, ExitCode.DONE),
    "downloading": (FROM_POLL[1:], ExitCode.DONE),
    "applying": (FROM_POLL[2:], ExitCode.DONE),
    "completed": (("report",), ExitCode.DONE),
    "failed": (("report",), ExitCode.FAILED),
    "cancelled": (("report",), ExitCode.DONE),
}


def commands(report: ResumeReport) -> tuple[str, ...]:
    return tuple(step.command for step in report.steps)


def test_the_table_has_every_phase() -> None:
    assert tuple(TABLE) == PHASES


@pytest.mark.parametrize("phase", PHASES)
def test_run_goes_on_from_every_phase_to_its_end(tmp_path: Path, phase: Phase) -> None:
    world = story.in_phase(tmp_path, phase)
    report = world.resume()
    assert (commands(report), report.exit_code) == TABLE[phase]
    assert world.state.is_finished
    assert world.run.report().phase == world.state.phase


@pytest.mark.parametrize("phase", PHASES)
def test_second_time_nothing_is_called_or_written(tmp_path: Path, phase: Phase) -> None:
    world = story.in_phase(tmp_path, phase)
    first = world.resume()
    before, calls, connections = world.tree(), list(world.service.calls), world.connections
    again = world.resume()
    assert (commands(again), again.exit_code) == ((), first.exit_code)
    assert world.tree() == before
    assert (world.service.calls, world.connections) == (calls, connections)


@pytest.mark.parametrize("phase", ["planned", "staging", "staged"])
def test_first_job_is_not_created_unless_it_may_be_paid_for(tmp_path: Path, phase: Phase) -> None:
    world = story.in_phase(tmp_path, phase)
    with pytest.raises(StateError, match=r"was never submitted, and submitting it costs") as told:
        world.resume(first_ok=False)
    assert told.value.exit_code is ExitCode.WRONG_PHASE
    assert told.value.hint == f"type: chargen-batch resume --run {world.run.run_id} --yes"
    assert world.state.phase == "staged"
    assert world.service.called("create_job") == []


def test_later_jobs_need_no_leave(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.do_all("plan", "stage", "submit")
    first = world.resume(first_ok=False)
    assert (commands(first)[:3], first.exit_code) == (("poll", "download", "submit"), 75)
    while world.resume(first_ok=False).exit_code is ExitCode.NOT_READY:
        assert len(world.service.calls) < 100
    assert len(world.service.called("create_job")) == 3
    assert world.state.completed_tasks == len(TARGETS)


def test_slot_that_a_job_has_left_is_taken_in_the_same_round(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.service.looks = 2
    report = world.do_all("plan", "stage").resume()
    assert commands(report) == ("submit", "poll", "download", "submit")
    assert (report.live_jobs, report.exit_code) == (1, ExitCode.NOT_READY)


def test_job_whose_creation_got_no_answer_counts_as_paid_for(world: World) -> None:
    world.do_all("plan", "stage")
    world.service.fail("create_job", ServiceError("no name in it", http_status=200), after=True)
    world.do("submit")
    assert world.resume(first_ok=False).phase == "completed"
    assert len(world.service.called("create_job")) == 3


def test_while_jobs_run_the_service_is_awaited(world: World) -> None:
    world.service.looks = 3
    world.do_all("plan", "stage", "submit")
    report = world.resume()
    assert (commands(report), report.exit_code) == (("poll",), ExitCode.NOT_READY)
    assert (report.live_jobs, len(report.jobs)) == (3, 3)
    assert (report.open, report.is_awaited) == (5, True)


def test_results_of_ended_jobs_are_fetched_while_others_run(world: World) -> None:
    world.service.looks = 3
    world.do_all("plan", "stage", "submit")
    world.service.end(next(iter(world.service.jobs)))
    assert commands(world.resume()) == ("poll", "download")
    assert [type(job) is DownloadedJob for job in world.state.jobs] == [True, False, False]


def test_job_that_is_gone_does_not_strand_the_others(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    gone = next(iter(world.service.jobs))
    world.service.fail("get_job", refusal(404, "NOT_FOUND", f"{gone} is not found."))
    with pytest.raises(ExecutionError, match="no longer has"):
        world.resume()
    assert [type(job) is DownloadedJob for job in world.state.jobs] == [False, True, True]


def test_refusal_of_the_service_ends_the_round(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    world.service.fail("get_job", refusal(403, "PERMISSION_DENIED", "not yours"))
    with pytest.raises(ServiceError):
        world.resume()
    assert world.resume().phase == "completed"


def test_run_with_failed_tasks_ends_with_4(world: World) -> None:
    story.every_kind_of_line(world)
    report = world.do_all("plan").resume()
    assert (report.phase, report.exit_code) == ("completed", ExitCode.SOME_TASKS_FAILED)
    assert report.failed == world.state.failed_tasks > 0
    assert world.resume().exit_code is ExitCode.SOME_TASKS_FAILED


def test_broken_file_of_the_story_is_told_and_the_run_goes_on_later(world: World) -> None:
    world.do_all("plan", "stage", "submit", "poll", "download")
    whole = world.read(story.KILN)
    world.write(story.KILN, "zones: [")
    report = world.resume()
    assert (report.phase, report.exit_code) == ("applying", ExitCode.FAILED)
    assert [problem.file for problem in report.problems] == [story.KILN]
    world.write(story.KILN, whole)
    assert commands(world.resume()) == ("apply", "report")


def test_warnings_of_the_steps_are_told_once(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED", 2)
    told = [each for each in world.resume().warnings if "job 2 was lost, JOB_EXPIRED" in each]
    assert len(told) == 1


def but_reports(world: World) -> dict[str, bytes]:
    """Return the end state without the reports, which tell how long each phase took."""
    return {name: content for name, content in end_state(world).items() if "/report." not in name}


def test_after_a_crash_anywhere_resume_ends_as_without_one(tmp_path: Path) -> None:
    start, power = story.make(tmp_path / "start", CrashingService), Power()
    # A job that was removed would not be known by its display name any more.
    start.settings("max_tasks_per_job: 2, adopt_wait_s: 60, cleanup_after_success: false")
    start.do_all("plan")
    whole = start.copy(tmp_path / "whole")
    with under(power, whole):
        to_its_end(whole, "resume")
    for number, point in enumerate(power.points()):
        world = start.copy(tmp_path / str(number))
        with pytest.raises(Crash), under(Power(point), world):
            to_its_end(world, "resume")
        to_its_end(world, "resume")
        assert but_reports(world) == but_reports(whole), point
    assert len(power.done) > len(COMMANDS)


def test_a_file_in_the_way_is_told_with_the_way_to_go_on_without_it(world: World) -> None:
    world.before("apply")
    world.write(story.KILN, "zones: [\n")
    report = world.resume()
    assert report.problems
    assert report.hint.endswith(f"--give-up {story.KILN}")
