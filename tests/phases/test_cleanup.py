from __future__ import annotations

import dataclasses
import io
import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import ExitCode, NetworkError, ServiceError
from chargen_batch.phases import cleanup
from chargen_batch.phases.plan import PlanChoices
from tests.phases import lines, story
from tests.phases.world import COMMANDS
from tests.service.lines import error_line, picture_line, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

HOUR_S = 3600


def applied(world: World) -> World:
    """Bring a run to where everything of it is in the story."""
    return world.before("report")


def not_mine(world: World) -> None:
    """Let the service have a file and a job of somebody else."""
    world.service.files["files/foreign"] = next(iter(world.service.files.values()))
    foreign = next(iter(world.service.jobs.values()))
    world.service.jobs["batches/foreign"] = foreign


def test_what_a_run_uploaded_and_asked_for_is_removed_and_nothing_else(world: World) -> None:
    applied(world)
    not_mine(world)
    report = world.cleanup()
    assert (len(report.files), len(report.jobs), report.kept) == (5, 3, ())
    assert list(world.service.files) == ["files/foreign"]
    assert list(world.service.jobs) == ["batches/foreign"]
    assert world.state.cleaned_at


def test_the_second_time_nothing_is_called_or_written(world: World) -> None:
    applied(world).cleanup()
    before, connections = world.tree(), world.connections
    assert world.cleanup().exit_code is ExitCode.DONE
    assert (world.tree(), world.connections) == (before, connections)


def test_a_dry_run_lists_what_would_go_and_calls_nothing(world: World) -> None:
    applied(world)
    before, connections = world.tree(), world.connections
    report = world.cleanup(dry_run=True)
    assert (len(report.files), len(report.jobs)) == (5, 3)
    assert (world.tree(), world.connections) == (before, connections)


def test_what_is_gone_already_is_fine(world: World) -> None:
    applied(world)
    world.service.files.clear()
    world.service.jobs.clear()
    assert world.cleanup().exit_code is ExitCode.DONE
    assert world.state.cleaned_at


def test_files_that_have_expired_are_not_asked_for(world: World) -> None:
    applied(world).clock.passes(49 * HOUR_S)
    report = world.cleanup()
    assert (report.files, len(report.jobs)) == ((), 3)
    assert world.service.called("delete_file") == []


def test_a_job_with_a_missing_result_stays(world: World) -> None:
    world.service.results = lines.by_target(fire_mouth=lambda _key: None)
    world.give_up = ("2",)
    report = applied(world).cleanup()
    assert (len(report.jobs), len(world.service.jobs)) == (2, 1)
    assert "a result was missing or bad (MISSING_RESULT)" in report.kept[0]
    assert world.state.cleaned_at


def test_a_job_with_a_bad_picture_stays(world: World) -> None:
    world.service.results = lines.by_target(
        fire_mouth=lambda key: picture_line(key, "bm8gcGljdHVyZQ==")
    )
    assert "BAD_RESULT" in applied(world).cleanup().kept[0]


def test_a_job_with_lines_that_do_not_parse_stays(world: World) -> None:
    story.every_kind_of_line(world)
    report = applied(world).cleanup()
    assert any("has odd lines" in line for line in report.kept)
    assert world.service.jobs


def test_a_job_whose_tasks_failed_as_the_service_said_goes(world: World) -> None:
    world.service.results = lines.by_target(fire_mouth=error_line)
    assert applied(world).cleanup().kept == ()
    assert world.service.jobs == {}


def test_a_job_that_was_lost_stays(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_EXPIRED", 2)
    report = world.do_all("poll", "download", "apply").cleanup()
    assert (len(report.jobs), len(world.service.jobs)) == (2, 1)
    assert "ended without results (JOB_EXPIRED)" in report.kept[0]


def test_a_job_whose_results_are_not_here_stays_until_they_are(world: World) -> None:
    path = applied(world).run.results_file(1)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    report = world.cleanup()
    assert (len(report.jobs), len(world.service.jobs), world.state.cleaned_at) == (2, 1, None)
    path.write_bytes(content)
    world.cleanup()
    assert (world.service.jobs, bool(world.state.cleaned_at)) == ({}, True)


def test_a_file_that_an_unfinished_run_needs_stays(world: World) -> None:
    applied(world)
    run = world.run
    entry = next(iter(run.uploads()))
    world.clock.passes(60)
    world.write(story.KILN, world.read(story.KILN).replace("White smoke", "Black smoke"))
    world.plan(PlanChoices(skip="key"))
    world.run.add_uploaded(entry)
    world.project.runs_dir.joinpath("current").write_text(f"{run.run_id}\n")
    report = world.cleanup()
    assert entry.name in world.service.files
    assert report.kept == (f"{entry.local_path} ({entry.name}): another run needs it",)


def test_every_upload_of_a_file_that_was_sent_again_is_removed(world: World) -> None:
    world.do_all("plan", "stage")
    old = next(entry for entry in world.run.uploads())
    twin = dataclasses.replace(world.service.files[old.name][0], name="files/twin")
    world.service.files["files/twin"] = (twin, b"")
    world.run.add_uploaded(msgspec.structs.replace(old, name="files/twin"))
    world.do_all("submit", "poll", "download", "apply", "cleanup")
    assert world.service.files == {}


def test_a_run_that_was_never_staged_needs_no_service(world: World) -> None:
    world.do_all("plan", "cancel", "cleanup")
    assert (world.connections, bool(world.state.cleaned_at)) == (0, True)


def test_a_refusal_stops_and_the_next_cleanup_goes_on(world: World) -> None:
    applied(world).service.fail("delete_job", refusal(503, "UNAVAILABLE", "later"))
    with pytest.raises(ServiceError, match="UNAVAILABLE"):
        world.cleanup()
    assert (world.service.files, world.state.cleaned_at) == ({}, None)
    world.cleanup()
    assert world.service.jobs == {}


def test_report_cleans_up_behind_a_completed_run_once(world: World) -> None:
    report = applied(world).report()
    assert (report.removed, report.warnings) == (8, ())
    assert (world.service.files, world.service.jobs) == ({}, {})
    written = world.tree()
    assert world.report().removed == 0
    assert world.tree() == written


def test_report_says_what_it_could_not_remove_and_is_no_failure(world: World) -> None:
    applied(world).service.fail("delete_file", NetworkError("no route to host"))
    report = world.report()
    assert (report.exit_code, report.json_file.is_file()) == (ExitCode.DONE, True)
    (warning,) = report.warnings
    assert "no route to host" in warning
    assert f"chargen-batch cleanup --run {world.run.run_id}" in warning


def test_report_does_not_clean_up_where_it_was_not_to(world: World) -> None:
    world.settings("max_tasks_per_job: 2, cleanup_after_success: false")
    before = applied(world).connections
    assert world.report().removed == 0
    assert (world.connections, len(world.service.jobs)) == (before, 3)


def test_report_leaves_a_failed_run_on_the_service(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    story.lose_jobs(world, "JOB_STATE_FAILED")
    world.poll()
    world.report()
    assert len(world.service.files) == 5


def test_report_json_is_the_same_before_and_after_the_cleaning(world: World) -> None:
    world.settings("max_tasks_per_job: 2, cleanup_after_success: false")
    world.do_all("plan", *COMMANDS)
    before = world.run.report_file.read_bytes()
    world.cleanup()
    world.report()
    assert world.run.report_file.read_bytes() == before


def test_a_run_with_files_that_another_one_needs_is_not_cleaned_for_good(world: World) -> None:
    world.settings("max_tasks_per_job: 2, cleanup_after_success: false")
    run = applied(world).run
    world.clock.passes(60)
    world.plan(PlanChoices(skip="none"))
    world.do_all("stage")
    assert "another run needs it" in cleanup.run(run, world.connect, clock=world.clock).kept[0]
    assert run.state().cleaned_at is None
    world.do_all("cancel", "cleanup")
    cleanup.run(run, world.connect, clock=world.clock)
    assert (world.service.files, bool(run.state().cleaned_at)) == ({}, True)


def test_what_a_copy_of_the_project_has_made_is_left_to_it(world: World, tmp_path: Path) -> None:
    world.do_all("plan", "stage")
    shutil.copytree(world.root, tmp_path / "copy")
    copy = dataclasses.replace(world, root=tmp_path / "copy")
    world.do_all("submit")
    report = copy.do_all("submit", "poll", "download", "apply").cleanup()
    assert all("only by the run that made it" in told for told in report.kept)
    assert (len(report.kept), len(world.service.jobs), copy.state.cleaned_at) == (3, 3, None)
    assert world.do_all("poll", "download", "apply").state.phase == "completed"
    sure = cleanup.run(copy.run, copy.connect, clock=copy.clock, sure=True)
    assert (len(sure.jobs), world.service.jobs, bool(copy.state.cleaned_at)) == (3, {}, True)


def test_what_goes_by_another_name_on_the_service_is_left_alone(world: World) -> None:
    run = applied(world).run
    file = world.service.upload(io.BytesIO(b"a"), size=1, mime="text/plain", display_name="mine")
    entry = next(iter(run.uploads()))
    run.add_uploaded(msgspec.structs.replace(entry, name=file.name))
    stored = next(iter(world.service.jobs.values()))
    stored.job = dataclasses.replace(stored.job, display_name="chargen-batch/another/0001/01234567")
    report = world.cleanup()
    assert list(world.service.files) == [file.name]
    assert list(world.service.jobs) == [stored.job.name]
    told = [line.partition(": ")[0] for line in report.kept]
    assert sorted(told) == sorted([file.name, stored.job.name])


def test_a_live_job_that_the_state_does_not_know_keeps_a_run_from_being_cleaned(
    world: World,
) -> None:
    first = next(iter(applied(world).service.jobs.values()))
    unknown = dataclasses.replace(
        first.job, name="batches/late", state="JOB_STATE_RUNNING", ended_at=None
    )
    world.service.jobs[unknown.name] = dataclasses.replace(first, job=unknown)
    report = world.cleanup()
    assert report.kept == ("batches/late (JOB_STATE_RUNNING): state.json does not know it",)
    assert (list(world.service.jobs), world.state.cleaned_at) == (["batches/late"], None)
    world.service.end("batches/late", "JOB_STATE_CANCELLED")
    world.cleanup()
    assert world.state.cleaned_at
