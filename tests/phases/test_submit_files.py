"""Uploads that a job needs and the service no longer has: sent again before the job is created."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import DocumentError, ExitCode, NetworkError, ServiceError, StagingError
from chargen_batch.model.state import LostJob, RunningJob, StagedJob
from tests.phases import story
from tests.phases.world import Service
from tests.service.lines import refusal

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from chargen_batch.service.api import RemoteFile
    from tests.phases.world import World


class Forgetful(Service):
    """A service that gives each upload a name of its own, and leaves files out of its listing."""

    hidden: Container[str] = ()

    def _free_name(self, seed: str) -> str:
        return super()._free_name(f"{seed}{len(self.called('upload'))}")

    def list_files(self) -> Iterator[RemoteFile]:
        return (file for file in super().list_files() if file.name not in self.hidden)


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[World]:
    world = story.make(tmp_path / "forgetful", Forgetful)
    yield world.do_all("plan", "stage")
    assert world.service.faults_left == {}


def uploads(world: World) -> int:
    return len(world.service.called("upload"))


def delete(world: World, name: str) -> None:
    """Let a file be gone, as a person deletes it."""
    del world.service.files[name]


def requests(world: World) -> list[str]:
    return [job.request_file_name for job in world.state.jobs if isinstance(job, StagedJob)]


def portrait(world: World) -> str:
    """Return what the service calls the portrait that most tasks show."""
    entries = world.run.uploaded().values()
    return next(entry.name for entry in entries if entry.local_path == story.PORTRAIT)


def is_in_requests(world: World, uri: str) -> bool:
    """Say whether a request that a job was created with calls a file so."""
    sent = [stored.job.input_file_name for stored in world.service.jobs.values()]
    return any(uri.encode() in world.service.files[name][1] for name in sent)


def test_files_are_listed_once_and_none_is_looked_at_when_all_are_there(staged: World) -> None:
    before, listings = uploads(staged), len(staged.service.called("list_files"))
    staged.submit()
    assert len(staged.service.called("list_files")) == listings + 1
    assert (staged.service.called("get_file"), uploads(staged)) == ([], before)


def test_a_request_file_that_is_gone_is_sent_again_and_nothing_else(staged: World) -> None:
    gone, before = requests(staged)[0], uploads(staged)
    delete(staged, gone)
    assert staged.submit().exit_code is ExitCode.DONE
    assert staged.service.called("get_file") == [("get_file", gone)]
    assert uploads(staged) == before + 1


def test_a_reference_that_is_gone_is_sent_again_and_its_requests_rebuilt(staged: World) -> None:
    gone, before = portrait(staged), uploads(staged)
    uri = staged.service.files[gone][0].uri
    names = [job.display_name for job in staged.state.jobs if isinstance(job, StagedJob)]
    delete(staged, gone)
    assert staged.submit().exit_code is ExitCode.DONE
    assert uploads(staged) == before + 1 + 3  # the portrait, and the request files that name it
    assert not is_in_requests(staged, uri)
    assert [job.display_name for job in staged.state.jobs if isinstance(job, RunningJob)] == names


def test_requests_that_a_crash_left_with_an_old_name_in_them_are_rebuilt(staged: World) -> None:
    gone = portrait(staged)
    uri = staged.service.files[gone][0].uri
    delete(staged, gone)
    staged.service.fail("create_job", refusal(401, "UNAUTHENTICATED", "no"))
    with pytest.raises(ServiceError):
        staged.submit()  # the portrait is there again, and only the first job's requests say so
    assert staged.submit().exit_code is ExitCode.DONE
    assert not is_in_requests(staged, uri)


def test_a_file_that_only_the_listing_lacks_is_used(staged: World) -> None:
    unlisted, before = requests(staged)[0], uploads(staged)
    assert isinstance(staged.service, Forgetful)
    staged.service.hidden = {unlisted}
    staged.submit()
    assert staged.service.called("get_file") == [("get_file", unlisted)]
    assert uploads(staged) == before


def test_nothing_is_listed_while_no_job_can_be_created(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 1")
    world.service.looks = 99
    world.do_all("plan", "stage", "submit")
    listings = len(world.service.called("list_files"))
    world.submit()
    assert len(world.service.called("list_files")) == listings


def test_a_file_that_cannot_be_looked_at_creates_nothing(staged: World) -> None:
    delete(staged, requests(staged)[0])
    staged.service.fail("get_file", refusal(503, "UNAVAILABLE", "no"))
    before = staged.tree()
    with pytest.raises(ServiceError, match="UNAVAILABLE"):
        staged.submit()
    assert staged.tree() == before


def test_what_cannot_be_sent_again_ends_the_command_and_the_next_goes_on(staged: World) -> None:
    delete(staged, portrait(staged))
    staged.service.fail("upload", NetworkError("dropped"))
    with pytest.raises(StagingError, match=r"1 upload\(s\) failed") as told:
        staged.submit()
    assert "type the same command again" in told.value.hint
    assert staged.submit().exit_code is ExitCode.DONE
    assert len(staged.service.jobs) == 3


def test_a_reference_that_changed_meanwhile_ends_its_tasks_before_they_are_paid(
    staged: World,
) -> None:
    story.change_portrait(staged)
    delete(staged, portrait(staged))
    report = staged.submit()
    assert [type(job) for job in staged.state.jobs] == [LostJob, RunningJob, LostJob]
    assert staged.state.failed_tasks == len(staged.codes()) == 4
    assert "job 1 is not sent: all its references changed" in report.warnings[0]


def test_a_403_at_the_creation_says_what_to_type(staged: World) -> None:
    staged.service.fail("create_job", refusal(403, "PERMISSION_DENIED", "files/x is not yours"))
    with pytest.raises(ServiceError, match=r"job 1: .*files/x is not yours") as told:
        staged.submit()
    assert "run submit again: a file that is gone is uploaded anew" in told.value.hint
    assert staged.submit().exit_code is ExitCode.DONE


def test_a_file_lives_as_long_as_the_listing_says_though_our_clock_was_set_back(
    staged: World,
) -> None:
    before, name = uploads(staged), requests(staged)[0]
    file, content = staged.service.files[name]
    # What the ledger has was written down by a clock that was three days ahead.
    soon = staged.clock.now + timedelta(minutes=30)
    staged.service.files[name] = (replace(file, expires_at=soon), content)
    assert staged.submit().exit_code is ExitCode.DONE
    assert uploads(staged) == before + 1


def test_a_file_that_two_pages_of_the_listing_have_is_sent_again_once(
    staged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, name = uploads(staged), requests(staged)[0]
    file, content = staged.service.files[name]
    soon = staged.clock.now + timedelta(minutes=30)
    staged.service.files[name] = (replace(file, expires_at=soon), content)
    listed = [each for each, _ in staged.service.files.values()]
    monkeypatch.setattr(type(staged.service), "list_files", lambda _: iter([*listed, *listed]))
    assert staged.submit().exit_code is ExitCode.DONE
    assert uploads(staged) == before + 1


@pytest.mark.parametrize("kept", [slice(0, 3), slice(1, 5)])
def test_requests_are_made_anew_of_the_tasks_of_the_plan_alone(staged: World, kept: slice) -> None:
    lines = staged.run.tasks_file.read_bytes().splitlines(keepends=True)
    staged.run.tasks_file.write_bytes(b"".join(lines[kept]))
    staged.clock.passes(49 * 3600)
    before = uploads(staged)
    with pytest.raises(DocumentError, match=r"tasks\.jsonl (was changed|ends before)"):
        staged.submit()
    assert (uploads(staged), staged.service.jobs) == (before, {})


def test_a_prompt_that_was_changed_after_the_plan_is_never_sent(staged: World) -> None:
    tasks = staged.run.tasks_file
    tasks.write_bytes(tasks.read_bytes().replace(b'"prompt":"', b'"prompt":"Not ', 1))
    with pytest.raises(DocumentError, match="was changed after the run was made"):
        staged.submit()
    assert staged.service.jobs == {}
