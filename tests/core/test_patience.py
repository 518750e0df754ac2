from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.core.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Iterable


def intervals(patience: Patience, changes: Iterable[bool]) -> list[float]:
    """Return the interval after each round."""
    rounds = itertools.accumulate(changes, lambda now, it: now.after(changed=it), initial=patience)
    return [each.now_s for each in rounds]


def test_interval_grows_up_to_five_minutes_while_nothing_changes() -> None:
    grown = intervals(Patience.of(None, 30.0), [False] * 7)
    assert grown[:3] == [30.0, 45.0, 67.5]
    assert grown[-2:] == [300.0, 300.0]
    assert grown == sorted(grown)


def test_change_brings_the_interval_back_to_the_start() -> None:
    assert intervals(Patience.of(None, 30.0), [False, True, False]) == [30.0, 45.0, 30.0, 45.0]


def test_typed_interval_does_not_grow() -> None:
    assert intervals(Patience.of(7.0, 30.0), [False] * 3) == [7.0] * 4


def test_configured_interval_above_five_minutes_is_kept() -> None:
    assert intervals(Patience.of(None, 900.0), [False] * 2) == [900.0] * 3


@pytest.mark.parametrize(
    ("typed_s", "configured_s", "start_s"), [(None, 0.0, 1.0), (0.05, 0.0, 0.05), (None, 2.0, 2.0)]
)
def test_only_who_types_an_interval_may_go_below_a_second(
    typed_s: float | None, configured_s: float, start_s: float
) -> None:
    assert Patience.of(typed_s, configured_s).now_s == start_s


@pytest.mark.parametrize(("chance", "sleep_s"), [(0.0, 90.0), (0.5, 100.0), (1.0, 110.0)])
def test_sleep_is_a_tenth_longer_or_shorter(chance: float, sleep_s: float) -> None:
    assert Patience.of(100.0, 30.0).sleep_s(chance=chance, left_s=None) == pytest.approx(sleep_s)


@pytest.mark.parametrize(("left_s", "sleep_s"), [(500.0, 100.0), (3.0, 3.0), (-1.0, 0.0)])
def test_last_sleep_ends_at_the_timeout(left_s: float, sleep_s: float) -> None:
    assert Patience.of(100.0, 30.0).sleep_s(chance=0.5, left_s=left_s) == pytest.approx(sleep_s)


@given(st.lists(st.booleans()), st.floats(0, 86_400), st.floats(0, 1))
def test_sleep_is_within_a_second_and_the_longest_whatever_happens(
    changes: list[bool], configured_s: float, chance: float
) -> None:
    patience = Patience.of(None, configured_s)
    for changed in changes:
        patience = patience.after(changed=changed)
    sleep_s = patience.sleep_s(chance=chance, left_s=None)
    assert 0.9 <= sleep_s <= 1.1 * max(300.0, configured_s) + 1e-6
