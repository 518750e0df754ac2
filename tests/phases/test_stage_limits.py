"""What stage refuses or warns of before anything is sent, and how it goes on after a failure."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import IO, TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import ExitCode, NetworkError, ServiceError, StagingError
from chargen_batch.model.state import StagedJob, WaitingJob
from chargen_batch.model.task import ImageRef
from chargen_batch.phases.references import References
from chargen_batch.phases.uploads import Uploads
from chargen_batch.service.api import RemoteJob
from tests.phases import story
from tests.phases.world import Service
from tests.service.lines import refusal
from tests.service.memory import StoredJob

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.service.api import RemoteFile
    from tests.phases.world import World


def sent(world: World) -> list[str]:
    return [call[1].rpartition("/")[2] for call in world.service.called("upload")]


def staged_bytes(world: World) -> int:
    """Return what a run has on the service, as it would be without a second upload."""
    return sum(file.size for file, _ in world.service.files.values())


def test_a_run_larger_than_max_staged_bytes_is_refused_before_any_call(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_staged_bytes: 500")
    world.do_all("plan")
    before = world.tree()
    with pytest.raises(StagingError, match=r"more than batch\.max_staged_bytes allows") as told:
        world.stage()
    assert (told.value.exit_code, world.tree()) == (ExitCode.FAILED, before)
    assert (world.service.calls, world.connections) == ([], 0)
    assert all(way in told.value.hint for way in ("--max-tasks", "--only", "Vertex"))


def test_references_count_once_and_request_files_to_the_byte(world: World) -> None:
    world.do_all("plan", "stage")
    size = staged_bytes(world)
    world.settings(f"max_tasks_per_job: 2, max_staged_bytes: {size}")
    world.do_all("plan", "stage")
    world.settings(f"max_tasks_per_job: 2, max_staged_bytes: {size - 1}")
    world.plan()
    with pytest.raises(StagingError, match=f"{size} bytes on the service"):
        world.stage()


def crowd(world: World, files_bytes: int, jobs: int) -> None:
    """Let the service hold a file of such a size, and so many jobs, all of someone else."""
    world.plan()
    world.stage()
    (name, (file, content)), *_ = world.service.files.items()
    world.service.files[name] = (replace(file, size=files_bytes), content)
    for number in range(jobs):
        job = RemoteJob(f"batches/{number}", "theirs", "JOB_STATE_RUNNING")
        world.service.jobs[job.name] = StoredJob(job, [], "JOB_STATE_SUCCEEDED")
    world.plan()


@pytest.mark.parametrize(
    ("files_bytes", "jobs", "warnings"),
    [
        (10, 99, []),
        (20_000_000_000, 0, ["the service holds 20.00 GB of files"]),
        (10, 100, ["100 jobs are at work on the service, which takes 100"]),
    ],
)
def test_stage_warns_of_a_service_that_is_about_to_be_full(
    world: World, files_bytes: int, jobs: int, warnings: list[str]
) -> None:
    crowd(world, files_bytes, jobs)
    report = world.stage()
    assert report.exit_code is ExitCode.DONE
    assert len(report.warnings) == len(warnings)
    assert all(map(str.startswith, report.warnings, warnings))


def test_jobs_that_have_ended_warn_of_nothing(world: World) -> None:
    crowd(world, 10, 100)
    for stored in world.service.jobs.values():
        stored.job = replace(stored.job, state="JOB_STATE_FAILED")
    assert world.stage().warnings == ()


def test_a_service_that_does_not_tell_how_full_it_is_is_used_all_the_same(world: World) -> None:
    world.do_all("plan")
    world.service.fail("list_files", refusal(503, "UNAVAILABLE", "no"))
    report = world.stage()
    assert (report.phase, len(report.warnings)) == ("staged", 1)
    assert "could not be looked at" in report.warnings[0]


def test_the_service_is_looked_at_once_and_only_before_uploads(world: World) -> None:
    world.do_all("plan", "stage")
    asked = [call[0] for call in world.service.calls]
    assert asked == ["list_files", "list_jobs", *["upload"] * 5]
    state = world.state
    world.run.save(msgspec.structs.replace(state, phase="staging"))
    world.stage()
    assert [call[0] for call in world.service.calls] == asked


def test_a_second_stage_sends_only_what_failed(world: World) -> None:
    world.do_all("plan")
    world.service.fail("upload", NetworkError("dropped"))
    with pytest.raises(StagingError, match=story.PORTRAIT):
        world.stage()
    first = sent(world)
    world.stage()
    again = sent(world)[len(first) :]
    assert first[0] == again[0]  # the one that failed
    assert first[1] not in again  # the one that did not
    assert again[1:] == ["requests"] * 3


class Picky(Service):
    """A service that does not take uploads of some names."""

    refused: str = ""

    def upload(self, stream: IO[bytes], *, size: int, mime: str, display_name: str) -> RemoteFile:
        if self.refused and self.refused in display_name:
            raise NetworkError("dropped")
        return super().upload(stream, size=size, mime=mime, display_name=display_name)


def test_a_stage_whose_second_request_file_failed_keeps_the_first(tmp_path: Path) -> None:
    world = story.make(tmp_path / "story", Picky)
    world.do_all("plan")
    assert isinstance(world.service, Picky)
    world.service.refused = "/0002/"
    with pytest.raises(NetworkError):
        world.stage()
    assert [type(job) for job in world.state.jobs] == [StagedJob, WaitingJob, WaitingJob]
    before = len(sent(world))
    world.service.refused = ""
    assert world.stage().uploaded == 2
    assert sent(world)[before:] == ["requests"] * 2


@pytest.mark.parametrize(
    "error",
    [
        refusal(401, "UNAUTHENTICATED", "no"),
        refusal(403, "PERMISSION_DENIED", "no"),
        refusal(400, "API_KEY_INVALID", "no"),
    ],
    ids=str,
)
def test_a_refused_key_is_not_tried_for_every_file(world: World, error: ServiceError) -> None:
    world.do_all("plan")
    world.service.fail("upload", error)
    with pytest.raises(StagingError, match="1 more were not tried") as told:
        world.stage()
    assert (told.value.exit_code, len(sent(world))) == (ExitCode.SERVICE, 1)


def test_a_reference_of_any_name_is_uploaded_under_an_ascii_one(world: World) -> None:
    name = "characters/ines/images/Инес на рассвете \u2603.png"
    world.write(name, story.STORY[story.PORTRAIT])
    digest = hashlib.sha256(story.STORY[story.PORTRAIT]).hexdigest()
    image = ImageRef(path=name, mime="image/png", sha256=digest, role="portrait")
    run = world.do_all("plan").run
    uploads = Uploads(run, world.service, world.clock, until=world.clock())
    assert References(world.root, uploads, at_once=2).upload([image]) == {}
    (entry,) = run.uploaded().values()
    assert (entry.local_path, sent(world)) == (name, [digest[:16]])
    assert world.service.calls[-1][1].isascii()
