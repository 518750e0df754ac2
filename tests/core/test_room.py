from __future__ import annotations

from typing import Final

import msgspec
import pytest

from chargen_batch.core import room
from chargen_batch.core.room import Load
from chargen_batch.service.api import RemoteJob
from tests.samples import INTENDED, RUNNING, STAGED

MODEL: Final = RUNNING.model
OURS: Final = msgspec.structs.replace(RUNNING, tokens=7)
ASKED: Final = msgspec.structs.replace(INTENDED, tokens=5)
JOB: Final = msgspec.structs.replace(STAGED, tokens=4)


def listed(
    state: str = "JOB_STATE_RUNNING",
    *,
    name: str = OURS.batch_job_name,
    display_name: str = OURS.display_name,
) -> RemoteJob:
    return RemoteJob(name, display_name, state, MODEL)


def test_a_job_that_is_listed_and_in_a_state_is_one() -> None:
    assert room.live([listed()], [OURS]) == {"batches/xyz": Load(MODEL, 7)}


@pytest.mark.parametrize("state", ["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED"])
def test_a_job_that_the_listing_shows_as_ended_takes_nothing(state: str) -> None:
    assert room.live([listed(f"JOB_STATE_{state}")], [OURS]) == {}


def test_a_state_that_is_not_known_takes_a_slot() -> None:
    assert len(room.live([listed("JOB_STATE_DREAMING")], [])) == 1


def test_a_job_that_the_listing_lacks_still_counts() -> None:
    assert room.live([], [OURS]) == {"batches/xyz": Load(MODEL, 7)}


def test_a_job_whose_state_is_elsewhere_takes_a_slot_and_no_tokens() -> None:
    other = listed(name="batches/b", display_name="chargen-batch/another/0001/01234567")
    assert room.live([other], [OURS]) == {
        "batches/b": Load(MODEL, 0),
        "batches/xyz": Load(MODEL, 7),
    }


def test_jobs_of_other_tools_are_passed_over() -> None:
    assert room.live([listed(display_name="my own")], []) == {}


def test_an_intention_counts_once_whether_or_not_it_is_listed() -> None:
    assert room.live([], [ASKED]) == {ASKED.display_name: Load(MODEL, 5)}
    assert room.live([listed()], [ASKED]) == {"batches/xyz": Load(MODEL, 5)}
    assert room.live([listed("JOB_STATE_FAILED")], [ASKED]) == {}


def test_two_jobs_of_one_name_take_two_slots() -> None:
    assert len(room.live([listed(), listed(name="batches/twin")], [OURS])) == 2


@pytest.mark.parametrize(
    ("taken", "fits"),
    [
        ({}, True),
        ({"a": Load(MODEL, 6)}, True),
        ({"a": Load(MODEL, 7)}, False),
        ({"a": Load(MODEL, 3), "b": Load(MODEL, 4)}, False),
        ({"a": Load("another", 99)}, True),
        ({name: Load("another", 0) for name in "abc"}, False),
    ],
)
def test_a_job_needs_a_slot_and_its_tokens(taken: dict[str, Load], *, fits: bool) -> None:
    assert room.fits(JOB, taken, max_jobs=3, max_tokens=10) == fits


@pytest.mark.parametrize(("taken", "fits"), [({}, True), ({"a": Load(MODEL, 0)}, False)])
def test_a_job_larger_than_the_queue_goes_alone(taken: dict[str, Load], *, fits: bool) -> None:
    assert room.fits(JOB, taken, max_jobs=3, max_tokens=3) == fits


def test_without_a_queue_of_tokens_only_slots_count() -> None:
    taken = {"batches/xyz": Load(JOB.model, 10**9)}
    assert room.fits(JOB, taken, max_jobs=2, max_tokens=None)
    assert not room.fits(JOB, taken, max_jobs=1, max_tokens=None)
