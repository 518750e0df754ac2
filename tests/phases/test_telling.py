"""Counting what is told, by several threads at once."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.model.events import Progress, Warned
from chargen_batch.phases.telling import Arrivals, Steady, Tally, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.model.events import Event


def progress(events: list[Event]) -> list[tuple[int, int | None]]:
    return [(event.done, event.total) for event in events if isinstance(event, Progress)]


def many_at_once(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(400)))


def test_what_several_threads_count_is_told_in_order() -> None:
    events: list[Event] = []
    tally = Tally(events.append, "run", "uploading", "files", 400)
    many_at_once(lambda _number: tally.add(1))
    assert progress(events) == [(number, 400) for number in range(1, 401)]


def test_events_are_told_one_at_a_time() -> None:
    events: list[Event] = []

    def reading_then_adding(event: Event) -> None:
        before = len(events)
        events.append(event)
        assert len(events) == before + 1

    tell = one_at_a_time(reading_then_adding)
    many_at_once(lambda number: tell(Warned(message=str(number))))
    assert len(events) == 400


def test_nothing_to_do_is_not_told() -> None:
    events: list[Event] = []
    Tally(events.append, "run", "uploading", "files", 0).begin()
    assert events == []


# Blocks as they come: of which file, how much of it is here, and whether its size is told.
BLOCKS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 100), st.booleans()), max_size=40)


@given(BLOCKS)
def test_bytes_that_come_never_go_back_nor_past_their_total(
    blocks: list[tuple[int, int, bool]],
) -> None:
    events: list[Event] = []
    arrivals = Arrivals(events.append, "run", 3)
    for file, size, is_told in blocks:
        arrivals.came(file, size, 100 if is_told else None)
    told = progress(events)
    assert all(before[0] <= after[0] for before, after in itertools.pairwise(told))
    assert all(total in {None, 300} and done <= 300 for done, total in told)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 9)), max_size=20))
def test_the_jobs_of_a_run_never_go_back(seen: list[tuple[str, int]]) -> None:
    events: list[Event] = []
    steady = Steady(events.append)
    for run_id, done in seen:
        steady(Progress(run_id=run_id, step="jobs", done=done, total=9, unit="tasks"))
    for run_id in ("a", "b"):
        counts = [done for done, _ in progress([each for each in events if each.run_id == run_id])]
        assert counts == sorted(counts)
