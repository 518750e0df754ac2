from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.core import polling
from chargen_batch.model.state import EndedJob, JobCounts, LostJob, RunningJob
from tests.samples import ENDED, LATER, RUN_ID, RUNNING, STAGED
from tests.samples import LOST as GIVEN_UP

if TYPE_CHECKING:
    from chargen_batch.model.state import Job

COUNTS: Final = JobCounts(total=2, succeeded=1, failed=1)


@dataclass(frozen=True)
class Seen:
    """What the service says of a job."""

    state: str
    result_file_name: str | None = None
    error: str | None = None
    ended_at: datetime | None = None
    counts: JobCounts = COUNTS


ALIVE: Final = ("PENDING", "RUNNING", "QUEUED", "CANCELLING", "PAUSED", "UPDATING")
DONE: Final = ("SUCCEEDED", "PARTIALLY_SUCCEEDED")
LOST: Final = {"FAILED": "JOB_FAILED", "CANCELLED": "JOB_CANCELLED", "EXPIRED": "JOB_EXPIRED"}


@pytest.mark.parametrize("word", [*ALIVE, *DONE, "UNSPECIFIED", "A_NEW_ONE"])
def test_job_without_an_end_is_still_running(word: str) -> None:
    now = polling.observed(RUNNING, Seen(f"JOB_STATE_{word}"), at=LATER)
    expected = msgspec.structs.replace(RUNNING, state=f"JOB_STATE_{word}", counts=COUNTS)
    assert now == expected


@pytest.mark.parametrize("word", ALIVE)
def test_result_file_does_not_end_a_job_that_lives(word: str) -> None:
    now = polling.observed(RUNNING, Seen(f"JOB_STATE_{word}", "files/r"), at=LATER)
    assert type(now) is RunningJob


@pytest.mark.parametrize("word", [*DONE, *LOST])
def test_job_that_ended_with_a_result_file_has_results(word: str) -> None:
    now = polling.observed(RUNNING, Seen(f"JOB_STATE_{word}", "files/r"), at=LATER)
    assert type(now) is EndedJob
    assert (now.state, now.result_file_name, now.ended_at, now.counts, now.batch_job_name) == (
        f"JOB_STATE_{word}",
        "files/r",
        LATER,
        COUNTS,
        "batches/xyz",
    )


@pytest.mark.parametrize(("word", "code"), LOST.items())
def test_job_that_ended_without_a_result_file_is_lost(word: str, code: str) -> None:
    seen = Seen(f"JOB_STATE_{word}", error="the words")
    now = polling.observed(RUNNING, seen, at=LATER)
    assert type(now) is LostJob
    assert (now.code, now.error, now.ended_at) == (code, "the words", LATER)
    assert (now.batch_job_name, now.request_file_name) == ("batches/xyz", "files/abc")


def test_jobs_end_is_the_services_own() -> None:
    seen = Seen("JOB_STATE_SUCCEEDED", "files/r", ended_at=datetime(2026, 11, 22, 7, tzinfo=UTC))
    now = polling.observed(RUNNING, seen, at=LATER)
    assert isinstance(now, EndedJob)
    assert now.ended_at == "2026-11-22T07:00:00Z"


def test_lost_job_says_why() -> None:
    lost = polling.observed(RUNNING, Seen("JOB_STATE_EXPIRED", error="too old"), at=LATER)
    assert polling.warning(lost, RUN_ID) == "job 1 was lost, JOB_EXPIRED: too old"


def test_lost_job_without_a_reason_says_so() -> None:
    now = polling.observed(RUNNING, Seen("JOB_STATE_FAILED"), at=LATER)
    assert isinstance(now, LostJob)
    assert now.error == "the service gave no reason"


@pytest.mark.parametrize("word", ALIVE)
def test_living_job_gives_no_warning(word: str) -> None:
    assert (
        polling.warning(msgspec.structs.replace(RUNNING, state=f"JOB_STATE_{word}"), RUN_ID) is None
    )


@pytest.mark.parametrize("job", [STAGED, ENDED])
def test_job_that_is_not_running_gives_no_warning(job: RunningJob) -> None:
    assert polling.warning(job, RUN_ID) is None


@pytest.mark.parametrize("word", DONE)
def test_success_without_a_result_file_gives_a_warning(word: str) -> None:
    said = polling.warning(msgspec.structs.replace(RUNNING, state=f"JOB_STATE_{word}"), RUN_ID)
    typed = f"chargen-batch poll --run {RUN_ID} --give-up 1"
    found = "job 1 (batches/xyz) succeeded, and has no result file yet"
    assert said == f"{found}; to go on without its results, type: {typed}"


@pytest.mark.parametrize("word", DONE)
def test_success_without_a_result_file_can_be_given_up(word: str) -> None:
    job = msgspec.structs.replace(RUNNING, state=f"JOB_STATE_{word}")
    assert polling.is_without_results(job)
    lost = polling.given_up(job, at=LATER)
    assert (lost.code, lost.ended_at, lost.batch_job_name) == ("RESULTS_GONE", LATER, "batches/xyz")
    assert f"JOB_STATE_{word}" in lost.error


@pytest.mark.parametrize("word", [*ALIVE, "A_NEW_ONE"])
def test_job_that_may_be_at_work_is_not_without_results(word: str) -> None:
    job = msgspec.structs.replace(RUNNING, state=f"JOB_STATE_{word}")
    assert not polling.is_without_results(job)


@pytest.mark.parametrize("job", [ENDED, STAGED, GIVEN_UP])
def test_job_that_is_not_asked_about_is_not_without_results(job: Job) -> None:
    assert not polling.is_without_results(job)


def test_unknown_state_gives_a_warning_that_names_it() -> None:
    said = polling.warning(msgspec.structs.replace(RUNNING, state="JOB_STATE_DREAMING"), RUN_ID)
    assert said == "job 1 (batches/xyz) is in an unknown state, JOB_STATE_DREAMING"


def aged(hours: float) -> polling.JobAge:
    submitted = datetime(2026, 11, 22, 8, tzinfo=UTC)
    return polling.age(RUNNING, now=submitted + timedelta(hours=hours), life_h=48.0)


def test_job_has_an_age_and_two_days_to_live() -> None:
    expected = polling.JobAge(1, "batches/xyz", 5400, "2026-11-24T08:00:00Z")
    assert aged(1.5) == expected


def test_clock_that_was_set_back_makes_no_age_negative() -> None:
    assert aged(-2).age_s == 0


@pytest.mark.parametrize("hours", [0, 23.9, 24])
def test_job_of_a_day_gives_no_warning(hours: float) -> None:
    assert aged(hours).warning(life_h=48.0) is None


@pytest.mark.parametrize(("hours", "word"), [(25, "ends"), (48, "ends"), (49, "was to end")])
def test_job_that_is_older_gives_a_warning_with_its_deadline(hours: int, word: str) -> None:
    said = f"was created {hours} h ago; the service {word} it at 2026-11-24T08:00:00Z"
    assert aged(hours).warning(life_h=48.0) == f"job 1 (batches/xyz) {said}"


def test_what_the_service_says_of_an_end_with_some_results_is_kept() -> None:
    seen = Seen("JOB_STATE_PARTIALLY_SUCCEEDED", "gs://b/out", error="13: some were not done")
    now = polling.observed(RUNNING, seen, at=LATER)
    assert isinstance(now, EndedJob)
    assert now.error == "13: some were not done"


@pytest.mark.parametrize(("hours", "word"), [(50, "ends"), (96, "ends"), (97, "was to end")])
def test_a_service_that_gives_a_job_longer_ends_it_later(hours: int, word: str) -> None:
    submitted = datetime(2026, 11, 22, 8, tzinfo=UTC)
    found = polling.age(RUNNING, now=submitted + timedelta(hours=hours), life_h=96.0)
    said = f"the service {word} it at 2026-11-26T08:00:00Z"
    assert str(found.warning(life_h=96.0)).endswith(said)
