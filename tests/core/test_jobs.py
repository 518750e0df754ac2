from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch.core.jobs import TaskWeight, cut, display_name
from tests.samples import RUN_ID


def _sizes(weights: list[TaskWeight], *, max_tasks: int = 99, max_bytes: int = 999) -> list[int]:
    return [job.task_count for job in cut(weights, max_tasks=max_tasks, max_bytes=max_bytes)]


def test_jobs_are_cut_by_the_number_of_tasks() -> None:
    assert _sizes([TaskWeight("m", 1)] * 7, max_tasks=3) == [3, 3, 1]


def test_jobs_are_cut_by_the_bytes_of_their_requests() -> None:
    weights = [TaskWeight("m", size) for size in (4, 6, 1, 9, 1)]
    assert _sizes(weights, max_bytes=10) == [2, 2, 1]


def test_jobs_are_cut_where_the_model_changes() -> None:
    models = ["a", "a", "b", "a"]
    jobs = list(cut([TaskWeight(m, 1) for m in models], max_tasks=9, max_bytes=9))
    assert [(job.model, job.first_task, job.task_count) for job in jobs] == [
        ("a", 0, 2),
        ("b", 2, 1),
        ("a", 3, 1),
    ]


def test_task_that_is_too_large_has_a_job_of_its_own() -> None:
    weights = [TaskWeight("m", size) for size in (1, 50, 1)]
    assert _sizes(weights, max_bytes=10) == [1, 1, 1]


def test_no_tasks_make_no_job() -> None:
    assert _sizes([]) == []


WEIGHTS = st.lists(st.builds(TaskWeight, st.sampled_from("ab"), st.integers(1, 30)), max_size=40)


@settings(deadline=None)
@given(weights=WEIGHTS, max_tasks=st.integers(1, 9), max_bytes=st.integers(1, 60))
def test_jobs_are_consecutive_complete_and_within_the_limits(
    weights: list[TaskWeight], max_tasks: int, max_bytes: int
) -> None:
    jobs = list(cut(weights, max_tasks=max_tasks, max_bytes=max_bytes))
    ends = list(itertools.accumulate(job.task_count for job in jobs))
    assert [job.index for job in jobs] == list(range(1, len(jobs) + 1))
    assert [job.first_task for job in jobs] == [0, *ends][: len(jobs)]
    assert sum(job.task_count for job in jobs) == len(weights)
    for job in jobs:
        held = weights[job.first_task : job.first_task + job.task_count]
        assert {weight.model for weight in held} == {job.model}
        assert 1 <= len(held) <= max_tasks
        assert len(held) == 1 or sum(weight.request_bytes for weight in held) <= max_bytes


@settings(deadline=None)
@given(weights=WEIGHTS, max_tasks=st.integers(1, 9), max_bytes=st.integers(1, 60))
def test_no_two_neighbouring_jobs_could_have_been_one(
    weights: list[TaskWeight], max_tasks: int, max_bytes: int
) -> None:
    jobs = list(cut(weights, max_tasks=max_tasks, max_bytes=max_bytes))
    for job, following in itertools.pairwise(jobs):
        start, end = job.first_task, following.first_task + 1
        size = sum(weight.request_bytes for weight in weights[start:end])
        too_much = end - start > max_tasks or size > max_bytes
        assert too_much or following.model != job.model


def test_display_name_is_made_of_run_index_and_task_keys() -> None:
    # printf 'a/b/c@1\na/b/d@2' | sha256sum | cut -c1-8
    expected = "chargen-batch/20261122T080000Z-x7k2/0003/a8a31492"
    assert display_name(RUN_ID, 3, ["a/b/c@1", "a/b/d@2"]) == expected


def test_display_name_tells_other_tasks_and_another_order_apart() -> None:
    names = [display_name(RUN_ID, 1, keys) for keys in (["a", "b"], ["b", "a"], ["a"], ["ab"])]
    assert len(set(names)) == 4
