"""Which command a run needs next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.core import resuming
from chargen_batch.model.state import LostJob
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, Phase

REJECTED = LostJob(
    index=1, first_task=0, task_count=2, model="m", code="JOB_REJECTED", error="no", ended_at="now"
)


@pytest.mark.parametrize(
    ("jobs", "due"),
    [
        ((samples.RUNNING,), ["poll"]),
        ((samples.RUNNING, samples.ENDED), ["poll", "download"]),
        ((samples.RUNNING, samples.ENDED, samples.STAGED), ["poll", "download", "submit"]),
        ((samples.ENDED, samples.STAGED), ["download", "submit"]),
        ((samples.DOWNLOADED, samples.INTENDED), ["submit"]),
        ((samples.DOWNLOADED, samples.WAITING), ["submit"]),
        ((samples.DOWNLOADED, samples.LOST), ["poll"]),
    ],
)
def test_while_jobs_run_results_are_fetched_before_more_is_asked_for(
    jobs: tuple[Job, ...], due: list[str]
) -> None:
    state, done = samples.state("running", *jobs), list[str]()
    while command := resuming.next_command(state, done, is_reported=False):
        done.append(command)
    assert done == due


def test_submitted_run_is_polled_also_when_nothing_lives() -> None:
    state = samples.state("submitted", REJECTED, samples.STAGED)
    assert resuming.next_command(state, (), is_reported=False) == "poll"
    assert resuming.next_command(state, ("poll",), is_reported=False) == "submit"


def test_ended_run_is_reported_once() -> None:
    state = samples.state("completed")
    assert resuming.next_command(state, (), is_reported=False) == "report"
    assert resuming.next_command(state, (), is_reported=True) is None


def test_run_is_unpaid_until_its_first_job_may_exist() -> None:
    staged = samples.state("staged", samples.STAGED, samples.STAGED)
    intended = samples.state("staged", samples.INTENDED, samples.STAGED)
    submitted = samples.state("submitted", samples.RUNNING, samples.STAGED)
    assert [resuming.is_unpaid(state) for state in (staged, intended, submitted)] == [
        True,
        False,
        False,
    ]


def test_submit_is_due_again_when_poll_saw_a_job_end() -> None:
    before = samples.state("running", samples.RUNNING, samples.STAGED)
    ended = samples.state("running", samples.ENDED, samples.STAGED)
    assert resuming.due_again("poll", before, ended) == {"submit"}
    assert resuming.due_again("poll", before, before) == set()
    assert resuming.due_again("download", before, ended) == set()


def test_download_is_due_again_after_submit_looked_at_live_jobs() -> None:
    state = samples.state("running", samples.RUNNING)
    assert resuming.due_again("submit", state, state) == {"download"}


@pytest.mark.parametrize("phase", ["staged", "submitted", "running"])
def test_a_run_that_is_to_be_cancelled_is_cancelled_further(phase: Phase) -> None:
    state = samples.state(phase, samples.INTENDED, cancel_requested_at=samples.AT)
    assert resuming.next_command(state, (), is_reported=False) == "cancel"
    assert resuming.next_command(state, ("cancel",), is_reported=False) is None
    assert not resuming.is_unpaid(state)


def test_results_of_a_run_that_is_to_be_cancelled_are_fetched() -> None:
    jobs = (samples.RUNNING, samples.ENDED)
    state = samples.state("running", *jobs, cancel_requested_at=samples.AT)
    assert resuming.next_command(state, ("cancel",), is_reported=False) == "download"
    over = samples.state("downloading", cancel_requested_at=samples.AT)
    assert resuming.next_command(over, (), is_reported=False) == "download"
