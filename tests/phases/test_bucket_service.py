"""A service of another kind: files in a bucket of one's own, other limits, other endings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.core import limits
from chargen_batch.core.checkup import Check
from chargen_batch.errors import (
    ConfigError,
    ExecutionError,
    ExitCode,
    NetworkError,
    ResultsError,
    ServiceError,
    StateError,
)
from chargen_batch.model.outcome import DeadLetter
from chargen_batch.model.state import DownloadedJob, EndedJob, StagedJob
from chargen_batch.phases import doctor
from chargen_batch.run import spending
from chargen_batch.service.api import ServiceAddress
from tests.phases import lines
from tests.service.lines import picture_line, refusal

if TYPE_CHECKING:
    from typing import IO

    from chargen_batch.service.api import BatchService
    from tests.phases.world import World
    from tests.service.lines import Line

ADDRESS = ServiceAddress(
    "vertex", "https://vertex.test", "project/us-central1/bucket/runs", key_is_place=True
)


def settle(world: World, settings: str = "max_tasks_per_job: 2") -> World:
    """Let the world's service be one with a bucket, and its project be set up for it."""
    world.settings(f"backend: vertex, {settings}")
    world.service.address, world.service.limits = ADDRESS, limits.VERTEX
    world.service.file_life = timedelta(days=limits.KEPT_DAYS)
    return world


@pytest.fixture
def bucket(world: World) -> World:
    return settle(world)


def test_a_run_goes_through_every_phase(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit", "poll", "poll", "download", "apply", "report")
    assert (bucket.state.phase, bucket.state.failed_tasks) == ("completed", 0)


def test_nothing_is_asked_about_storage_or_slots_that_have_no_limit(bucket: World) -> None:
    assert bucket.do_all("plan").stage().warnings == ()
    assert {method for method, *_ in bucket.service.calls} == {"upload"}


def test_a_bucket_of_ones_own_takes_more_than_max_staged_bytes(world: World) -> None:
    settle(world, "max_staged_bytes: 1").do_all("plan", "stage")
    assert world.state.phase == "staged"


def test_jobs_are_not_cut_by_tokens_that_no_queue_counts(world: World) -> None:
    settle(world, "max_enqueued_tokens: 2").do_all("plan", "stage", "submit")
    assert len(world.state.jobs) == len(world.service.jobs) == 1


def test_a_job_is_no_larger_than_the_service_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = replace(limits.VERTEX, job_requests=2)
    monkeypatch.setattr(limits, "VERTEX", narrow)
    settle(world, "max_tasks_per_job: 400000").do_all("plan", "stage")
    assert [job.task_count for job in world.state.jobs] == [2, 2, 1]
    monkeypatch.setattr(limits, "VERTEX", replace(narrow, job_bytes=1))
    world.do_all("plan", "stage")
    assert {job.task_count for job in world.state.jobs} == {1}


def test_a_job_has_four_days(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit")
    bucket.clock.passes(50 * 3600)
    bucket.service.looks = 99
    report = bucket.poll()
    assert [age.deadline for age in report.ages] == ["2026-11-26T08:00:00Z"] * 3
    assert all("ends it at 2026-11-26" in warning for warning in report.warnings)


@pytest.mark.parametrize("word", ["QUEUED", "PENDING", "PAUSED", "UPDATING", "CANCELLING"])
def test_a_job_that_waits_is_asked_about_again_and_warns_of_nothing(
    bucket: World, word: str
) -> None:
    bucket.do_all("plan", "stage", "submit")
    for stored in bucket.service.jobs.values():
        stored.job = replace(stored.job, state=f"JOB_STATE_{word}")
    bucket.service.looks = 99
    bucket.service.get_job = lambda name: bucket.service.jobs[name].job  # type: ignore[method-assign]
    report = bucket.poll()
    assert (report.live, report.warnings, report.exit_code) == (3, (), ExitCode.NOT_READY)
    assert {job.state for job in report.jobs if hasattr(job, "state")} == {f"JOB_STATE_{word}"}
    assert bucket.resume().exit_code is ExitCode.NOT_READY


def test_what_a_job_did_not_finish_is_retryable_and_says_why(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit")
    bucket.service.results = lambda requests: [picture_line(str(requests[0]["key"]))]
    for name, stored in bucket.service.jobs.items():
        bucket.service.end(name, "JOB_STATE_PARTIALLY_SUCCEEDED")
        stored.job = replace(stored.job, error="13: some were not done")
        counts = msgspec.structs.replace(stored.job.counts, failed=0, pending=1)
        stored.job = replace(stored.job, counts=counts)
    assert bucket.poll().phase == "downloading"
    assert {type(job) for job in bucket.state.jobs} == {EndedJob}
    bucket.do_all("download", "apply")
    failed = [end.error for end in bucket.outcomes.values() if end.error]
    said = "the job ended as JOB_STATE_PARTIALLY_SUCCEEDED: 13: some were not done"
    assert [(error.code, error.retryable) for error in failed] == [("MISSING_RESULT", True)] * 2
    assert all(error.message.endswith(said) for error in failed)


def test_results_that_a_failed_job_never_wrote_are_told_of_with_its_words(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit")
    for name, stored in bucket.service.jobs.items():
        bucket.service.end(name, "JOB_STATE_FAILED")
        where = f"gs://bucket/runs/out/{name}"
        stored.job = replace(stored.job, result_file_name=where, error="3: Failed to import data")
    bucket.poll()
    with pytest.raises(ResultsError, match=r"\(JOB_STATE_FAILED: 3: Failed to import data\)"):
        bucket.download()


def refused(key: str) -> Line:
    """Return a row that the service refused, with what was asked, as Vertex writes it."""
    body = json.dumps({"error": {"code": 429, "message": "Resource exhausted."}})
    asked = {"contents": [{"parts": [{"text": "draw " * 9000}]}]}
    return {"status": f"Too Many Requests: {body}", "request": asked, "key": key}


def test_a_row_that_was_refused_is_retryable_and_its_letter_has_no_echo(bucket: World) -> None:
    bucket.service.results = lines.by_target(carrying_wood=refused)
    bucket.do_all("plan", "stage", "submit", "poll", "poll", "download", "apply")
    assert bucket.codes() == {"carrying-wood": "ROW_ERROR_429"}
    (path,) = bucket.run.failed_dir.glob("*.json")
    letter = msgspec.json.decode(path.read_bytes(), type=DeadLetter)
    assert letter.error.retryable
    assert letter.response is not None
    assert json.loads(letter.response).keys() == {"status", "key"}


def test_cleanup_leaves_the_references_that_all_runs_share(world: World) -> None:
    bucket = settle(world, "max_tasks_per_job: 2, cleanup_after_success: false")
    bucket.do_all("plan", "stage", "submit", "poll", "poll", "download", "apply", "report")
    files = bucket.service.files
    references = {name for name, (file, _) in files.items() if "jsonl" not in file.mime}
    planned = bucket.cleanup(dry_run=True)
    report = bucket.cleanup()
    assert (report.files, report.jobs) == (planned.files, planned.jobs)
    assert (len(report.files), len(report.jobs)) == (3, 3)
    assert set(files) == references
    assert report.kept == (
        f"{len(references)} reference(s): all runs share them, and the bucket keeps them",
    )
    assert bucket.state.cleaned_at


def test_what_may_be_gone_while_a_job_waits_is_sent_again_before_it_is_created(
    bucket: World,
) -> None:
    bucket.do_all("plan", "stage")
    sent = len(bucket.service.called("upload"))
    bucket.clock.passes(26 * 24 * 3600)  # four days are left, which a job may take
    assert bucket.submit().exit_code is ExitCode.DONE
    assert len(bucket.service.called("upload")) == 2 * sent
    assert len(bucket.service.jobs) == 3


def test_what_outlives_a_job_is_not_sent_again_however_long_a_run_was_staged(
    bucket: World,
) -> None:
    bucket.do_all("plan", "stage")
    sent = len(bucket.service.called("upload"))
    bucket.clock.passes(26 * 24 * 3600 - 1)
    assert bucket.submit().exit_code is ExitCode.DONE
    assert len(bucket.service.called("upload")) == sent


def test_cleanup_goes_to_old_request_files_which_perhaps_no_rule_removes(world: World) -> None:
    bucket = settle(world, "max_tasks_per_job: 2, cleanup_after_success: false")
    bucket.do_all("plan", "stage", "submit", "poll", "poll", "download", "apply", "report")
    planned = bucket.cleanup(dry_run=True).files
    bucket.clock.passes(31 * 24 * 3600)
    assert bucket.cleanup(dry_run=True).files == planned
    assert len(planned) == 3


def spoilt(world: World, times: int) -> list[int]:
    """Let the next downloads be judged as spoilt; return how long each judged file was."""
    sizes: list[int] = []

    def is_intact(stream: IO[bytes]) -> bool:
        sizes.append(len(stream.read()))
        return len(sizes) > times

    world.service.is_intact = is_intact
    return sizes


def test_a_file_that_is_not_what_the_service_has_is_fetched_anew_once(world: World) -> None:
    world.settings("max_tasks_per_job: 9")
    world.before("download")
    sizes = spoilt(world, 1)
    assert world.download().exit_code is ExitCode.DONE
    (content,) = world.service.outputs.values()
    assert sizes == [len(content)] * 2
    assert [call[2] for call in world.service.called("download")] == ["0", "0"]
    assert {type(job) for job in world.state.jobs} == {DownloadedJob}


@pytest.mark.parametrize("given_up", [(), ("1",)])
def test_a_file_that_is_spoilt_twice_is_not_taken_whoever_gives_it_up(
    world: World, given_up: tuple[str, ...]
) -> None:
    world.settings("max_tasks_per_job: 9")
    world.before("download")
    spoilt(world, 2)
    world.give_up = given_up
    with pytest.raises(ResultsError, match="the checksums differ"):
        world.download()
    assert not list(world.run.results_file(1).parent.glob("*.part"))
    assert world.download().exit_code is ExitCode.DONE


def levels(world: World) -> dict[str, str]:
    report = doctor.run(world.project, world.connect, clock=world.clock)
    return {check.name: check.level for check in report.checks}


def test_doctor_asks_the_service_for_its_own_checks_and_counts_them(bucket: World) -> None:
    bucket.service.found = (
        Check("bucket", "ok", "it is there"),
        Check("bucket permissions", "failed", "no", code=ExitCode.SERVICE),
    )
    report = doctor.run(bucket.project, bucket.connect, clock=bucket.clock)
    assert report.exit_code is ExitCode.SERVICE
    assert {"credentials", "bucket", "bucket permissions"} <= levels(bucket).keys()
    assert not {"key", "file storage"} & levels(bucket).keys()
    seen = {check.name: check.seen for check in report.checks}
    assert seen["credentials"] == "they were found, for vertex at https://vertex.test"
    assert seen["jobs"] == "0 live job(s), batch.max_concurrent_jobs allows 100"


def test_doctor_without_credentials_calls_them_so(bucket: World) -> None:
    def nobody() -> BatchService:
        raise ConfigError("there are no credentials", hint="log in")

    report = doctor.run(bucket.project, nobody, clock=bucket.clock)
    assert [check.name for check in report.checks if check.level == "failed"] == ["credentials"]


@pytest.mark.parametrize(
    "place",
    [
        "other/us-central1/bucket/runs",
        "project/europe-west4/bucket/runs",
        "project/us-central1/other/runs",
        "project/us-central1/bucket/other",
    ],
)
def test_another_place_is_refused_though_it_sees_what_the_run_has(
    bucket: World, place: str
) -> None:
    """The memory service sees everything from everywhere, as one bucket of two projects may."""
    bucket.do_all("plan", "stage")
    bucket.service.fail("create_job", NetworkError("the answer was lost"), after=True)
    bucket.submit()
    bucket.service.address = replace(ADDRESS, key=place)
    before = len(bucket.service.calls)
    for command in (bucket.submit, bucket.cancel):
        with pytest.raises(StateError, match="another project, location, bucket or pre") as told:
            command()
        assert "under vertex: in chargen.yaml" in told.value.hint
    assert len(bucket.service.calls) == before


def test_429_leaves_a_job_whole_where_no_tokens_are_counted(bucket: World) -> None:
    settle(bucket, "max_tasks_per_job: 9").do_all("plan", "stage")
    whole = bucket.state.jobs
    bucket.service.fail("create_job", refusal(429, "RESOURCE_EXHAUSTED", "no"))
    report = bucket.submit()
    assert (report.exit_code, bucket.state.jobs) == (ExitCode.NOT_READY, whole)
    assert "waits for quota" in report.warnings[0]
    assert bucket.submit().exit_code is ExitCode.DONE


def test_another_address_is_told_of_by_its_own_variable(bucket: World) -> None:
    bucket.do_all("plan", "stage")
    bucket.service.address = replace(ADDRESS, base_url="https://elsewhere.test")
    with pytest.raises(StateError) as told:
        bucket.submit()
    assert told.value.hint.startswith("set GOOGLE_VERTEX_BASE_URL=https://vertex.test")


def test_a_refused_job_says_where_to_look(bucket: World) -> None:
    bucket.do_all("plan", "stage")
    bucket.service.fail("create_job", refusal(403, "PERMISSION_DENIED", "no"))
    with pytest.raises(ServiceError) as told:
        bucket.submit()
    assert "this account may not run" in told.value.hint
    assert {type(job) for job in bucket.state.jobs} == {StagedJob}


def test_a_job_that_is_gone_asks_for_the_project(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit")
    bucket.service.fail("get_job", refusal(404, "NOT_FOUND", "no"))
    with pytest.raises(ExecutionError, match="no longer has") as told:
        bucket.poll()
    assert "project and location" in told.value.hint


def test_what_is_unfinished_on_one_backend_counts_toward_the_cap_on_the_other(
    world: World,
) -> None:
    first = world.do_all("plan").run.run_id
    settle(world).do_all("plan")
    runs_dir, second = world.project.runs_dir, world.run.run_id
    for backend in ("gemini", "vertex"):
        found = spending.unfinished_usd(runs_dir, backend=backend, but=())
        assert set(found.run_ids) == {first, second}
    assert spending.unfinished_usd(runs_dir, backend="emulator", but=()).run_ids == ()


def test_what_is_drawn_on_one_backend_is_done_on_the_other(bucket: World) -> None:
    bucket.do_all("plan", "stage", "submit", "poll", "poll", "download", "apply", "report")
    for backend in ("gemini", "vertex"):
        bucket.settings(f"backend: {backend}")
        assert bucket.plan().planned == ()
