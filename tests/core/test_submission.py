from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.core import submission
from chargen_batch.core.submission import CreateAnswer
from chargen_batch.errors import BatchError, NetworkError, ServiceError
from tests.samples import (
    AT,
    DOWNLOADED,
    ENDED,
    INTENDED,
    LATER,
    LOST,
    RUNNING,
    STAGED,
    WAITING,
)

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, StagedJob

UNKNOWN, NO = CreateAnswer.UNKNOWN, CreateAnswer.REJECTED
LATER_ON, STOP = CreateAnswer.LATER, CreateAnswer.STOP


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, NO),
        (401, STOP),
        (403, STOP),
        (404, STOP),
        (413, NO),
        (429, LATER_ON),
        (200, UNKNOWN),
        (204, UNKNOWN),
        (302, UNKNOWN),
        (408, UNKNOWN),
        (409, UNKNOWN),
        (412, UNKNOWN),
        (499, UNKNOWN),
        (500, UNKNOWN),
        (502, UNKNOWN),
        (503, UNKNOWN),
        (504, UNKNOWN),
        (0, UNKNOWN),
    ],
)
def test_answer_of_google_to_a_create_means(status: int, answer: CreateAnswer) -> None:
    error = ServiceError("no", http_status=status, google=True)
    assert submission.read_create_error(error) is answer


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429])
def test_answer_without_googles_json_error_leaves_the_job_in_doubt(status: int) -> None:
    error = ServiceError("<html>", http_status=status, google=False)
    assert submission.read_create_error(error) is UNKNOWN


@pytest.mark.parametrize("status", ["API_KEY_INVALID", "FAILED_PRECONDITION"])
def test_refused_key_or_account_stops_every_job_though_it_is_a_mere_400(status: str) -> None:
    error = ServiceError("no", http_status=400, status=status, google=True)
    assert submission.read_create_error(error) is STOP


@pytest.mark.parametrize("error", [NetworkError("dropped"), BatchError("what?")])
def test_answer_that_never_came_leaves_the_job_in_doubt(error: BatchError) -> None:
    assert submission.read_create_error(error) is UNKNOWN


INTENT: Final = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("listings", "waited_s", "again"),
    [(2, 300, True), (3, 9000, True), (1, 9000, False), (2, 299, False), (0, 0, False)],
)
def test_job_in_doubt_is_created_again_after_two_listings_and_the_wait(
    listings: int, waited_s: int, *, again: bool
) -> None:
    job = msgspec.structs.replace(INTENDED, missed_listings=listings)
    now = INTENT + timedelta(seconds=waited_s)
    assert submission.may_create_again(job, now=now, wait_s=300) == again


def test_a_clock_that_jumped_has_not_waited_since_the_first_listing() -> None:
    job = msgspec.structs.replace(INTENDED, missed_listings=2, first_missed_at=LATER)
    for waited_s, again in ((299, False), (300, True)):
        now = INTENT + timedelta(minutes=5, seconds=waited_s)
        assert submission.may_create_again(job, now=now, wait_s=300) == again


@pytest.mark.parametrize(
    ("jobs", "listed", "conclusive"),
    [
        ((RUNNING, INTENDED), {"batches/xyz"}, True),
        ((RUNNING, INTENDED), {"batches/other"}, False),
        ((ENDED, LOST, INTENDED), set(), True),
        ((INTENDED,), set(), True),
    ],
)
def test_a_listing_that_lacks_a_live_job_of_ours_proves_nothing(
    jobs: tuple[Job, ...], listed: set[str], *, conclusive: bool
) -> None:
    assert submission.is_conclusive(jobs, listed) == conclusive


def test_clock_that_was_set_back_creates_nothing_again() -> None:
    job = msgspec.structs.replace(INTENDED, missed_listings=9)
    now = INTENT - timedelta(hours=1)
    assert not submission.may_create_again(job, now=now, wait_s=300)


@pytest.mark.parametrize(("conclusive", "counted"), [(True, (1, AT)), (False, (0, None))])
def test_only_a_conclusive_listing_counts_as_missed(
    counted: tuple[int, str | None], *, conclusive: bool
) -> None:
    missed = submission.missed(INTENDED, conclusive=conclusive, at=AT)
    assert (missed.missed_listings, missed.first_missed_at) == counted


def test_the_first_listing_that_missed_a_job_stays_the_first() -> None:
    missed = submission.missed(INTENDED, conclusive=True, at=AT)
    assert submission.missed(missed, conclusive=True, at=LATER).first_missed_at == AT


def test_intended_job_is_the_staged_one_with_its_time() -> None:
    assert submission.intended(STAGED, at=AT) == INTENDED


def test_job_that_was_not_taken_is_staged_again() -> None:
    assert submission.unsent(submission.missed(INTENDED, conclusive=True, at=AT)) == STAGED


@pytest.mark.parametrize(("job", "adopted"), [(STAGED, True), (INTENDED, False)])
def test_created_job_runs_under_the_services_name_and_is_adopted_where_nobody_intended_it(
    job: StagedJob, *, adopted: bool
) -> None:
    found = submission.created(job, name="batches/xyz", state="JOB_STATE_PENDING", at=AT)
    assert found == msgspec.structs.replace(RUNNING, adopted=adopted)


def test_rejected_job_keeps_the_services_words() -> None:
    lost = submission.rejected(INTENDED, error="bad row 3", at=LATER)
    assert (lost.code, lost.error, lost.ended_at) == ("JOB_REJECTED", "bad row 3", LATER)
    assert (lost.request_file_name, lost.batch_job_name) == ("files/abc", None)


@pytest.mark.parametrize(
    ("job", "live"),
    [
        (WAITING, False),
        (STAGED, False),
        (INTENDED, False),
        (RUNNING, True),
        (ENDED, False),
        (DOWNLOADED, False),
        (LOST, False),
    ],
)
def test_only_a_running_job_takes_a_slot(job: Job, *, live: bool) -> None:
    assert submission.is_live(job) == live
    assert submission.may_exist(job) == (live or job is INTENDED)
