from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch.core.jobs import TaskWeight, cut, display_name, split
from chargen_batch.model.state import WaitingJob
from tests.samples import RUN_ID, STAGED


def _sizes(
    weights: list[TaskWeight], *, max_tasks: int = 99, max_bytes: int = 999, max_tokens: int = 999
) -> list[int]:
    jobs = cut(weights, max_tasks=max_tasks, max_bytes=max_bytes, max_tokens=max_tokens)
    return [job.task_count for job in jobs]


def test_jobs_are_cut_by_the_number_of_tasks() -> None:
    assert _sizes([TaskWeight("m", 1)] * 7, max_tasks=3) == [3, 3, 1]


def test_jobs_are_cut_by_the_bytes_of_their_requests() -> None:
    weights = [TaskWeight("m", size) for size in (4, 6, 1, 9, 1)]
    assert _sizes(weights, max_bytes=10) == [2, 2, 1]


def test_jobs_are_cut_by_the_tokens_that_go_in() -> None:
    weights = [TaskWeight("m", 1, tokens) for tokens in (4, 6, 1, 9, 1)]
    assert _sizes(weights, max_tokens=10) == [2, 2, 1]


def test_a_job_keeps_the_tokens_of_its_tasks() -> None:
    weights = [TaskWeight(model, 1, tokens) for model, tokens in (("a", 4), ("a", 6), ("b", 5))]
    jobs = cut(weights, max_tasks=9, max_bytes=9, max_tokens=99)
    assert [job.tokens for job in jobs] == [10, 5]


def test_jobs_are_cut_where_the_model_changes() -> None:
    models = ["a", "a", "b", "a"]
    jobs = list(cut([TaskWeight(m, 1) for m in models], max_tasks=9, max_bytes=9, max_tokens=9))
    assert [(job.model, job.first_task, job.task_count) for job in jobs] == [
        ("a", 0, 2),
        ("b", 2, 1),
        ("a", 3, 1),
    ]


def test_task_that_is_too_large_has_a_job_of_its_own() -> None:
    weights = [TaskWeight("m", size, size) for size in (1, 50, 1)]
    assert _sizes(weights, max_bytes=10) == [1, 1, 1]
    assert _sizes(weights, max_tokens=10) == [1, 1, 1]


def test_no_tasks_make_no_job() -> None:
    assert _sizes([]) == []


WEIGHTS = st.lists(
    st.builds(TaskWeight, st.sampled_from("ab"), st.integers(1, 30), st.integers(1, 30)),
    max_size=40,
)
LIMITS = st.fixed_dictionaries(
    {
        "max_tasks": st.integers(1, 9),
        "max_bytes": st.integers(1, 60),
        "max_tokens": st.integers(1, 60),
    }
)


def _is_over(held: list[TaskWeight], limits: dict[str, int]) -> bool:
    return (
        len(held) > limits["max_tasks"]
        or sum(weight.request_bytes for weight in held) > limits["max_bytes"]
        or sum(weight.tokens for weight in held) > limits["max_tokens"]
    )


@settings(deadline=None)
@given(weights=WEIGHTS, limits=LIMITS)
def test_jobs_are_consecutive_complete_and_within_the_limits(
    weights: list[TaskWeight], limits: dict[str, int]
) -> None:
    jobs = list(cut(weights, **limits))
    ends = list(itertools.accumulate(job.task_count for job in jobs))
    assert [job.index for job in jobs] == list(range(1, len(jobs) + 1))
    assert [job.first_task for job in jobs] == [0, *ends][: len(jobs)]
    assert sum(job.task_count for job in jobs) == len(weights)
    for job in jobs:
        held = weights[job.first_task : job.first_task + job.task_count]
        assert {weight.model for weight in held} == {job.model}
        assert job.tokens == sum(weight.tokens for weight in held)
        assert len(held) == 1 or not _is_over(held, limits)


@settings(deadline=None)
@given(weights=WEIGHTS, limits=LIMITS)
def test_no_two_neighbouring_jobs_could_have_been_one(
    weights: list[TaskWeight], limits: dict[str, int]
) -> None:
    for job, following in itertools.pairwise(cut(weights, **limits)):
        held = weights[job.first_task : following.first_task + 1]
        assert _is_over(held, limits) or following.model != job.model


@settings(deadline=None)
@given(tokens=st.lists(st.integers(0, 9), min_size=2, max_size=9), first=st.integers(0, 5))
def test_the_halves_of_a_job_hold_its_tasks_and_its_tokens(tokens: list[int], first: int) -> None:
    whole = WaitingJob(index=2, first_task=first, task_count=len(tokens), model="m", tokens=99)
    one, two = split(whole, tokens, free_index=7)
    assert (one.index, two.index) == (2, 7)
    assert (one.first_task, two.first_task) == (first, first + one.task_count)
    assert one.task_count - two.task_count in {0, 1}
    assert one.task_count + two.task_count == len(tokens)
    assert (one.tokens, two.tokens) == (
        sum(tokens[: one.task_count]),
        sum(tokens[-two.task_count :]),
    )


def test_a_staged_job_that_is_split_waits_to_be_staged() -> None:
    assert {type(half) for half in split(STAGED, [1, 1], free_index=2)} == {WaitingJob}


def test_display_name_is_made_of_run_index_and_task_keys() -> None:
    # printf 'a/b/c@1\na/b/d@2' | sha256sum | cut -c1-8
    expected = "chargen-batch/20261122T080000Z-x7k2/0003/a8a31492"
    assert display_name(RUN_ID, 3, ["a/b/c@1", "a/b/d@2"]) == expected


def test_display_name_tells_other_tasks_and_another_order_apart() -> None:
    names = [display_name(RUN_ID, 1, keys) for keys in (["a", "b"], ["b", "a"], ["a"], ["ab"])]
    assert len(set(names)) == 4


def test_without_a_queue_of_tokens_none_are_counted() -> None:
    jobs = list(cut([TaskWeight("m", 1, 10**9)] * 3, max_tasks=9, max_bytes=9, max_tokens=None))
    assert [job.task_count for job in jobs] == [3]
