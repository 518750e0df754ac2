from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import (
    DocumentError,
    ExitCode,
    NetworkError,
    ServiceError,
    StagingError,
    StateError,
)
from chargen_batch.model.state import LostJob, StagedJob
from chargen_batch.service.api import ServiceAddress
from tests.phases import story
from tests.service.lines import refusal
from tests.service.memory import ADDRESS

if TYPE_CHECKING:
    from tests.phases.world import World


def uploads(world: World) -> list[str]:
    return [call[1] for call in world.service.called("upload")]


def reference_uploads(world: World) -> list[str]:
    return [name for name in uploads(world) if not name.endswith("/requests")]


def test_each_distinct_reference_is_uploaded_once_for_many_tasks(world: World) -> None:
    world.do_all("plan", "stage")
    assert sum(len(task.images) for task in world.run.tasks()) == 5
    assert len(reference_uploads(world)) == len(set(reference_uploads(world))) == 2


def test_equal_portraits_of_two_characters_are_one_upload(world: World) -> None:
    world.write("characters/tomas/images/portrait.png", story.STORY[story.PORTRAIT])
    world.do_all("plan", "stage")
    assert len(reference_uploads(world)) == 1


def test_a_run_of_more_than_max_tasks_is_cut_into_jobs(world: World) -> None:
    world.do_all("plan")
    report = world.stage()
    jobs = [job for job in world.state.jobs if isinstance(job, StagedJob)]
    assert report.job_count == 3
    assert [(job.first_task, job.task_count) for job in jobs] == [(0, 2), (2, 2), (4, 1)]
    assert len({job.display_name for job in jobs}) == 3


def test_a_run_is_cut_at_max_job_bytes(world: World) -> None:
    world.settings("max_job_bytes: 1")
    world.do_all("plan", "stage")
    assert len(world.state.jobs) == 5


def test_a_request_file_has_a_line_a_task_with_its_key_and_files(world: World) -> None:
    world.do_all("plan", "stage")
    lines = [json.loads(line) for line in world.run.request_file(1).read_bytes().splitlines()]
    assert [line["key"] for line in lines] == [task.key for task in world.run.tasks(0, 2)]
    data = lines[0]["request"]["contents"][0]["parts"][0]["fileData"]
    assert data["fileUri"] in {file.uri for file, _ in world.service.files.values()}
    assert lines[0]["request"]["generationConfig"]["imageConfig"]["aspectRatio"] == "3:4"


def test_the_ledger_has_every_upload_with_the_services_expiry(world: World) -> None:
    world.do_all("plan", "stage")
    ledger = world.run.uploaded().values()
    assert {entry.name for entry in ledger} == set(world.service.files)
    assert {entry.expires_at for entry in ledger} == {"2026-11-24T08:00:00Z"}


def test_the_run_is_pinned_to_the_service_without_its_key(world: World) -> None:
    world.do_all("plan", "stage")
    service = world.state.service
    assert service is not None
    assert (service.backend, service.base_url) == ("gemini", "https://service.test")
    assert all(ADDRESS.key.encode() not in content for content in world.tree().values())


def test_a_changed_reference_ends_its_tasks_and_the_others_go_on(world: World) -> None:
    world.do_all("plan")
    story.change_portrait(world)
    report = world.stage()
    assert (report.exit_code, report.changed) == (ExitCode.DONE, (story.PORTRAIT,))
    changed = {"throwing-a-bowl", "carrying-wood", "first-smoke", "door-opens"}
    assert world.codes() == dict.fromkeys(changed, "REFERENCE_CHANGED")
    assert [type(job) for job in world.state.jobs] == [LostJob, StagedJob, LostJob]
    assert (world.state.failed_tasks, len(reference_uploads(world))) == (4, 1)


def test_what_is_left_of_a_run_with_changed_references_is_drawn(world: World) -> None:
    world.do_all("plan")
    story.change_portrait(world)
    world.do_all("stage", "submit", "poll", "download", "apply")
    state = world.state
    assert (state.phase, state.completed_tasks, state.failed_tasks) == ("completed", 1, 4)
    assert len(world.service.jobs) == 1
    assert world.report().exit_code is ExitCode.SOME_TASKS_FAILED


def test_a_run_whose_references_have_all_changed_fails_without_a_call(world: World) -> None:
    world.write(story.KILN, "zones: []\n")
    world.do_all("plan")
    story.change_portrait(world)
    world.do_all("stage", "submit")
    assert world.poll().exit_code is ExitCode.FAILED
    assert (world.state.phase, world.state.failed_tasks) == ("failed", 3)
    assert world.service.called("create_job") == []


def test_a_reference_that_is_gone_counts_as_changed(world: World) -> None:
    world.do_all("plan")
    (world.root / story.PORTRAIT).unlink()
    assert world.stage().changed == (story.PORTRAIT,)


def test_a_reference_that_now_leads_out_of_the_project_is_not_sent(world: World) -> None:
    world.do_all("plan")
    outside = world.root.parent / "outside.png"
    outside.write_bytes(story.STORY[story.PORTRAIT])
    (world.root / story.PORTRAIT).unlink()
    (world.root / story.PORTRAIT).symlink_to(outside)
    assert world.stage().changed == (story.PORTRAIT,)


@pytest.mark.parametrize(
    "error", [refusal(500, "INTERNAL", "no"), NetworkError("no answer"), refusal(401, "X", "no")]
)
def test_a_failed_upload_is_an_error_that_keeps_the_others(
    world: World, error: ServiceError | NetworkError
) -> None:
    world.do_all("plan")
    world.service.fail("upload", error)
    with pytest.raises(StagingError, match=r"1 upload\(s\) failed") as told:
        world.stage()
    assert (told.value.exit_code, told.value.failed) == (ExitCode.SERVICE, (story.PORTRAIT,))
    assert world.state.phase == "staging"
    world.stage()
    assert len(reference_uploads(world)) == 3


def test_uploads_that_would_not_outlive_their_job_are_made_anew(world: World) -> None:
    world.do_all("plan")
    world.service.fail("upload", refusal(500, "INTERNAL", "no"))
    with pytest.raises(StagingError):
        world.stage()
    world.clock.passes(23 * 3600)
    world.stage()
    assert len(reference_uploads(world)) == 4


def test_what_could_not_be_written_back_is_known_before_anything_is_sent(world: World) -> None:
    world.do_all("plan")
    world.write(story.KILN, "zones: [\n")
    before = world.tree()
    with pytest.raises(StagingError, match="could not be written back") as told:
        world.stage()
    assert story.KILN in told.value.failed[0]
    assert (world.service.calls, world.connections, world.tree()) == ([], 0, before)


def test_a_run_stays_with_the_service_that_it_was_staged_on(world: World) -> None:
    world.do_all("plan", "stage")
    world.service.address = ServiceAddress("gemini", "https://other.test", ADDRESS.key)
    with pytest.raises(StateError, match="was staged on") as told:
        world.submit()
    assert told.value.exit_code is ExitCode.WRONG_PHASE
    assert world.service.called("list_jobs") == [("list_jobs",)]


def test_a_run_is_not_staged_on_another_backend_than_it_was_planned_for(world: World) -> None:
    world.do_all("plan")
    world.service.address = ServiceAddress("emulator", "http://127.0.0.1:1", ADDRESS.key)
    before = world.tree()
    with pytest.raises(StateError, match="was planned for gemini"):
        world.stage()
    assert (world.service.calls, world.tree()) == ([], before)


def test_a_plan_that_was_edited_is_refused(world: World) -> None:
    world.do_all("plan")
    world.run.plan_file.write_bytes(world.run.plan_file.read_bytes() + b"\n")
    with pytest.raises(DocumentError, match="was changed after the run was made"):
        world.stage()


def test_tasks_that_were_tampered_with_are_never_sent(world: World) -> None:
    world.do_all("plan")
    with world.run.tasks_file.open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(DocumentError, match=r"tasks\.jsonl was changed after the run was made"):
        world.stage()
    assert world.service.calls == []


def test_what_an_interrupted_stage_ended_is_never_sent(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.do_all("plan")
    portrait = (world.root / story.PORTRAIT).read_bytes()
    world.write(story.PORTRAIT, b"changed")
    world.run.request_file(1).mkdir()
    with pytest.raises(IsADirectoryError):
        world.stage()
    world.run.request_file(1).rmdir()
    world.write(story.PORTRAIT, portrait)
    world.stage()
    sent = [job.request_count for job in world.state.jobs if isinstance(job, StagedJob)]
    ended = [key for key, code in world.codes().items() if code == "REFERENCE_CHANGED"]
    assert sum(sent) + len(ended) == world.state.total_tasks


def test_a_target_that_vanished_after_the_plan_is_not_paid_for(world: World) -> None:
    world.do_all("plan")
    story.vanish_zone(world)
    with pytest.raises(StagingError, match="is not in the story any more"):
        world.stage()
    assert world.service.calls == []
