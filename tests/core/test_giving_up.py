from __future__ import annotations

import pytest

from chargen_batch.core import giving_up
from chargen_batch.errors import StateError
from tests.samples import ENDED, LOST, RUN_ID, RUNNING, WAITING, state


def test_job_is_named_by_number_or_by_either_name() -> None:
    run = state("running", RUNNING, WAITING)
    for name in ("1", "batches/xyz", RUNNING.display_name):
        assert giving_up.chosen(run, [name]) == {1}
    assert giving_up.chosen(run, ["2", "2", "1"]) == {1, 2}


def test_job_that_is_lost_already_is_left_out() -> None:
    assert giving_up.chosen(state("running", LOST, RUNNING), ["1"]) == frozenset()


@pytest.mark.parametrize("name", ["3", "0", "", "batches/other", "01"])
def test_unknown_job_is_an_error_that_lists_the_known(name: str) -> None:
    with pytest.raises(StateError, match="has no job") as told:
        giving_up.chosen(state("running", RUNNING, WAITING), [name])
    assert told.value.hint == "its jobs are 1 batches/xyz, 2"


def test_run_without_jobs_says_so() -> None:
    with pytest.raises(StateError) as told:
        giving_up.chosen(state("planned"), ["1"])
    assert told.value.hint == "it has no jobs yet"


def test_command_names_the_run_and_every_job() -> None:
    jobs = state("running", ENDED, RUNNING).jobs
    typed = giving_up.command("download", RUN_ID, jobs)
    assert typed == f"chargen-batch download --run {RUN_ID} --give-up 1 --give-up 2"
