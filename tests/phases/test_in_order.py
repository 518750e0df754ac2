"""Works that several threads do, and whose results come in their order."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest

from chargen_batch.phases.in_order import MOST_BYTES, MOST_WORKS, THREADS, Work, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 10.0


def works(count: int, weight: int = 1) -> Iterator[Work[int]]:
    for number in range(count):
        yield Work(str(number), weight, lambda number=number: number)  # type: ignore[misc]


def test_results_come_in_the_order_of_the_works_whoever_is_done_first() -> None:
    last = threading.Event()

    def first() -> str:
        assert last.wait(WAIT_S)
        return "first"

    def second() -> str:
        last.set()
        return "second"

    assert list(in_order([Work("1", 1, first), Work("2", 1, second)])) == ["first", "second"]


def test_as_many_go_on_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(THREADS)
    done = list(in_order(Work(str(n), 1, lambda: together.wait(WAIT_S)) for n in range(THREADS)))
    assert sorted(done) == list(range(THREADS))


def begun_before_the_first_is_taken(count: int, weight: int) -> int:
    """Return how many works are asked for before the first result is."""
    asked = itertools.count()

    def counted() -> Iterator[Work[int]]:
        for work in works(count, weight):
            next(asked)
            yield work

    results = in_order(counted())
    next(results)
    number = next(asked)
    results.close()
    return number


@pytest.mark.parametrize(
    ("weight", "begun"),
    [(1, MOST_WORKS + 1), (MOST_BYTES // 4, 5), (MOST_BYTES, 2), (MOST_BYTES + 1, 1)],
)
def test_no_more_is_begun_than_may_be_held(weight: int, begun: int) -> None:
    assert begun_before_the_first_is_taken(2 * MOST_WORKS, weight) == begun


def test_of_two_for_the_same_the_later_waits_for_the_earlier() -> None:
    taken: list[str] = []

    def work(name: str) -> Work[str]:
        return Work("same", 1, lambda: f"{name} after {len(taken)}")

    for result in in_order([work("one"), work("two"), work("three")]):
        taken += (result,)
    assert taken == ["one after 0", "two after 1", "three after 2"]


def test_what_a_work_raises_is_raised_in_its_place_and_the_rest_is_left() -> None:
    done: list[str] = []

    def broken() -> None:
        raise OSError("full")

    many = [Work(str(n), MOST_BYTES, lambda: done.append("rest")) for n in range(9)]
    results = in_order(
        [Work("first", 1, lambda: done.append("first")), Work("b", 1, broken), *many]
    )
    next(results)
    with pytest.raises(OSError, match="full"):
        next(results)
    assert done.count("first") == 1
    assert len(done) < 9


def test_closed_early_nothing_more_begins() -> None:
    done: list[int] = []
    results = in_order(Work(str(n), MOST_BYTES, lambda n=n: done.append(n)) for n in range(9))  # type: ignore[misc]
    next(results)
    results.close()
    assert len(done) <= 2
    assert threading.active_count() == 1 or not [
        thread for thread in threading.enumerate() if thread.name.startswith("apply")
    ]
