"""What each phase tells while it is at work."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from chargen_batch.errors import BatchError, NetworkError
from chargen_batch.model.events import (
    EventBase,
    JobSeen,
    PhaseBegan,
    PhaseEnded,
    Progress,
    Warned,
)
from chargen_batch.model.state import JobCounts
from chargen_batch.phases import plan, poll, prune, stage, telling
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.prune import PruneChoices
from tests.phases.adopting import adopted
from tests.phases.story import INES, STORY
from tests.phases.world import COMMANDS, World
from tests.service.lines import pictures

if TYPE_CHECKING:
    from chargen_batch.model.events import Event, Step
    from chargen_batch.run.directory import RunDirectory

E = TypeVar("E", bound=EventBase)


def told(world: World, kind: type[E]) -> list[E]:
    return [event for event in world.told if isinstance(event, kind)]


def steps(world: World) -> list[Step]:
    """Return the steps in the order in which they first made progress."""
    return list(dict.fromkeys(event.step for event in told(world, Progress)))


def progress(world: World, step: Step) -> list[tuple[int, int | None]]:
    return [(event.done, event.total) for event in told(world, Progress) if event.step == step]


def ends_in_the_log(run: RunDirectory) -> list[str]:
    """Return the commands whose end is in a run's log."""
    lines = [json.loads(line) for line in (run.path / "log.ndjson").read_text("utf-8").splitlines()]
    return [line["command"] for line in lines if line["event"] == "phaseEnded"]


def only(world: World, command: str) -> World:
    """Do a command, and forget what was told before it."""
    world.told.clear()
    return world.do_all(command)


def test_a_plan_tells_of_each_entity_and_then_of_its_run(world: World) -> None:
    report = world.plan()
    entities = progress(world, "planning")
    assert entities == [(number, len(entities)) for number in range(1, len(entities) + 1)]
    assert world.told[0] == PhaseBegan(command="plan")
    assert world.told[-1] == PhaseEnded(command="plan", run_id=report.run_id, exit_code=0)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_phase_begins_and_ends_with_what_the_run_is_then(world: World, command: str) -> None:
    world.before(command)
    run = world.run
    only(world, command)
    phase = None if command == "report" else run.state().phase
    code = told(world, PhaseEnded)[-1].exit_code
    assert world.told[0] == PhaseBegan(run_id=run.run_id, command=command)
    assert world.told[-1] == PhaseEnded(
        run_id=run.run_id, command=command, exit_code=code, phase=phase
    )


def test_staging_tells_of_files_bytes_and_tasks_up_to_all_of_them(world: World) -> None:
    only(world.before("stage"), "stage")
    assert steps(world) == ["hashing", "uploading", "requests"]
    for step in steps(world):
        first, *_, last = progress(world, step)
        assert first[0] == 0
        assert last[0] == last[1] != 0
    assert progress(world, "requests")[-1][0] == world.state.total_tasks


def test_staging_twice_tells_of_no_progress(world: World) -> None:
    only(world.before("submit"), "stage")
    assert [type(event) for event in world.told] == [PhaseBegan, PhaseEnded]


def test_a_reference_that_changed_is_done_all_the_same(world: World) -> None:
    world.before("stage")
    task = next(task for task in world.run.tasks() if task.images)
    world.write(task.images[0].path, b"another picture")
    only(world, "stage")
    assert progress(world, "uploading")[-1] == (progress(world, "uploading")[0][1],) * 2
    assert progress(world, "hashing")[-1][0] == progress(world, "hashing")[-1][1]


def test_submitting_tells_of_each_job_by_its_name(world: World) -> None:
    only(world.before("submit"), "submit")
    names = [job.batch_job_name for job in world.state.jobs if hasattr(job, "batch_job_name")]
    assert [event.name for event in told(world, JobSeen)] == names
    assert progress(world, "submitting")[-1] == (len(names), len(names))


def test_polling_tells_what_the_service_says_of_each_job_and_how_old_it_is(world: World) -> None:
    world.service.looks = 2
    world.before("poll").clock.passes(90)
    only(world, "poll")
    seen = told(world, JobSeen)
    assert [(event.index, event.age_s, event.state) for event in seen] == [
        (number, 90, "JOB_STATE_RUNNING") for number in (1, 2, 3)
    ]
    only(world, "poll")
    assert progress(world, "jobs") == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_downloading_tells_of_each_block_up_to_the_whole_size(world: World) -> None:
    only(world.before("download"), "download")
    sizes = [path.stat().st_size for path in world.run.path.glob("results-*.jsonl")]
    assert progress(world, "downloading")[-1] == (sum(sizes), sum(sizes))
    assert len(progress(world, "downloading")) > len(sizes) > 1


def test_a_download_that_begins_anew_does_not_go_back(world: World) -> None:
    world.before("download")
    world.service.ranges = False
    world.service.fail("download", NetworkError("the line broke"), after=True)
    only(world, "download")
    came = [done for done, _total in progress(world, "downloading")]
    assert came == sorted(set(came))


def test_applying_tells_of_each_result_and_then_of_each_entity(world: World) -> None:
    only(world.before("apply"), "apply")
    total = world.state.total_tasks
    assert steps(world) == ["receiving", "applying"]
    assert progress(world, "receiving") == [(number, total) for number in range(total + 1)]
    assert progress(world, "applying")[-1] == (total, total)


def test_entities_whose_files_are_broken_are_gone_past_and_counted_again(world: World) -> None:
    world.before("apply").write(INES, b"images: [")
    world.apply()
    assert progress(world, "applying")[-1] == (5, 5)
    world.write(INES, STORY[INES])
    only(world, "apply")
    assert progress(world, "applying") == [(0, 2), (2, 2)]


def test_progress_only_grows_within_a_step_and_not_past_its_total(world: World) -> None:
    for command in ("plan", *COMMANDS[:-1]):
        only(world, command)
        for step in steps(world):
            for (before, _), (after, total) in itertools.pairwise(progress(world, step)):
                assert before <= after
                assert total is None or after <= total


def test_counts_of_the_service_that_go_back_leave_the_jobs_where_they_were(world: World) -> None:
    world.service.looks = 9
    world.before("poll")
    stored = next(iter(world.service.jobs.values()))
    steady: list[Event] = []
    tell = telling.Steady(steady.append)
    for succeeded in (2, 1):
        stored.job = replace(stored.job, counts=JobCounts(total=2, succeeded=succeeded))
        poll.run(world.run, world.connect, clock=world.clock, tell=tell)
    assert [event.done for event in steady if isinstance(event, Progress)] == [0, 2, 2]


def test_an_error_is_the_end_of_its_phase_and_says_why(world: World) -> None:
    world.before("stage")
    world.service.fail("upload", NetworkError("no route"))
    world.told.clear()
    with pytest.raises(BatchError):
        world.stage()
    ended = told(world, PhaseEnded)
    assert [(event.exit_code, event.phase) for event in ended] == [(7, None)]
    assert "no route" in str(ended[0].error)


def test_warnings_are_told_before_the_end(world: World) -> None:
    world.service.results = lambda requests: [*pictures(requests), b"not json"]
    only(world.before("apply"), "apply")
    warned = told(world, Warned)
    assert [event.message for event in warned] == list(world.state.warnings) != []
    assert world.told[-len(warned) - 1 : -1] == warned


def test_resume_tells_of_each_of_its_phases(world: World) -> None:
    only(world.before("stage"), "resume")
    only_first = [event.command for event in told(world, PhaseBegan)]
    assert only_first[:3] == ["stage", "submit", "poll"]
    assert sorted(event.command for event in told(world, PhaseEnded)) == sorted(only_first)


def test_the_log_keeps_ends_and_jobs_and_no_steps_between(world: World) -> None:
    world.before("report")
    (log,) = world.project.runs_dir.glob("*/log.ndjson")
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    events = Counter(line["event"] for line in lines)
    assert events["phaseBegan"] == events["phaseEnded"] == len(COMMANDS) - 1
    assert events["job"] == 2 * len(world.service.jobs)
    assert all(line["done"] == line["total"] for line in lines if line["event"] == "progress")
    assert not any("runId" in line for line in lines)


def test_an_error_of_who_is_told_ends_the_phase_and_the_next_one_goes_on(world: World) -> None:
    def failing(event: Event) -> None:
        assert not isinstance(event, Progress)

    world.before("stage")
    with pytest.raises(AssertionError):
        stage.run(world.run, world.project, world.connect, clock=world.clock, tell=failing)
    world.do_all("stage")
    assert world.state.phase == "staged"


def test_an_interrupted_phase_says_so_at_its_end(world: World) -> None:
    world.before("stage")
    world.service.fail("upload", KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        world.stage()
    assert told(world, PhaseEnded)[-1].error == "interrupted"
    assert told(world, PhaseEnded)[-1].exit_code == 130


def test_a_draft_and_its_writing_are_plans_and_warn_once(world: World) -> None:
    world.settings("max_cost_usd: null")
    tell, choices = world.told.append, PlanChoices(model="a-new-image-model")
    draft = plan.drafted(world.project, choices, tell=tell)
    written = plan.write(
        world.project, choices, draft, clock=world.clock, suffix=world.suffix, tell=tell
    )
    plans = [event for event in world.told if not isinstance(event, Progress)]
    assert plans == [
        PhaseBegan(command="plan"),
        Warned(message=draft.warnings[0]),
        PhaseEnded(command="plan", exit_code=0),
        PhaseBegan(command="plan"),
        PhaseEnded(command="plan", run_id=written.run_id, exit_code=0),
    ]


@pytest.mark.parametrize("command", ["cleanup", "revert", "retry"])
def test_what_comes_after_a_run_begins_and_ends_too(world: World, command: str) -> None:
    world.do_all("plan", *COMMANDS)
    run = world.run
    only(world, command)
    assert world.told == [
        PhaseBegan(run_id=run.run_id, command=command),
        PhaseEnded(
            run_id=run.run_id,
            command=command,
            exit_code=0,
            phase=None if command == "retry" else "completed",
        ),
    ]


def test_adopting_begins_and_ends_without_a_run(world: World) -> None:
    adopted(world)
    assert world.told == [
        PhaseBegan(command="adopt"),
        PhaseEnded(command="adopt", exit_code=0),
    ]


def test_removing_a_runs_folder_begins_and_ends_and_leaves_nothing(world: World) -> None:
    run, choices = world.do_all("plan", *COMMANDS).run, PruneChoices(older_than_days=0)
    world.plan()  # it is the current run no more
    world.told.clear()
    prune.run(run, world.project, choices, clock=world.clock, tell=world.told.append)
    assert [type(event) for event in world.told] == [PhaseBegan, PhaseEnded]
    assert not run.path.exists()


def test_a_submit_that_cancels_tells_of_both_and_logs_each_once(world: World) -> None:
    world.do_all("plan", "stage").service.fail("create_job", NetworkError("lost"))
    world.submit()
    world.cancel()
    run = world.run
    world.clock.passes(100)
    only(world, "submit")
    assert [event.command for event in told(world, PhaseBegan)] == ["submit", "cancel"]
    assert [event.command for event in told(world, PhaseEnded)] == ["cancel", "submit"]
    assert ends_in_the_log(run)[-3:] == ["cancel", "cancel", "submit"]


def test_a_report_tells_of_its_cleanup_and_logs_each_once(world: World) -> None:
    run = world.before("report").run
    only(world, "report")
    assert [event.command for event in told(world, PhaseBegan)] == ["report", "cleanup"]
    assert ends_in_the_log(run)[-3:] == ["apply", "cleanup", "report"]
