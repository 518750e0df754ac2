from __future__ import annotations

import pytest

from chargen_batch.core import cost
from chargen_batch.model.plan import CostEstimate
from chargen_batch.model.settings import ModelFacts
from chargen_batch.model.task import TaskEstimate

FACTS = ModelFacts(image_prices={"1K": 0.134, "4K": 0.24}, input_price_per_mtok=2.0)


@pytest.mark.parametrize(
    ("size", "references", "tokens", "usd"),
    [("1K", 0, 101, 0.067101), (None, 0, 101, 0.067101), ("4K", 2, 2341, 0.122341)],
)
def test_picture_costs_half_of_its_price_and_of_its_tokens(
    size: str | None, references: int, tokens: int, usd: float
) -> None:
    found = cost.estimate("x" * 400, references=references, image_size=size, facts=FACTS)
    assert found == TaskEstimate(input_tokens=tokens, images=1, cost_usd=usd)


@pytest.mark.parametrize(
    ("size", "facts"),
    [("2K", FACTS), ("1K", ModelFacts()), ("1K", ModelFacts(image_prices={"1K": 1.0}))],
)
def test_picture_without_a_known_price_has_no_cost(size: str, facts: ModelFacts) -> None:
    found = cost.estimate("", references=0, image_size=size, facts=facts)
    assert found == TaskEstimate(input_tokens=1, images=1, cost_usd=None)


def test_total_is_the_sum_and_twice_that_interactively() -> None:
    estimates = [TaskEstimate(cost_usd=0.067101), TaskEstimate(cost_usd=0.1)]
    assert cost.total(estimates) == CostEstimate(batch_usd=0.1671, interactive_usd=0.3342)


def test_total_is_unknown_as_soon_as_one_price_is() -> None:
    estimates = [TaskEstimate(cost_usd=0.1), TaskEstimate()]
    assert cost.total(estimates) == CostEstimate(batch_usd=None, interactive_usd=None)


def test_total_of_nothing_is_nothing() -> None:
    assert cost.total([]) == CostEstimate(batch_usd=0.0, interactive_usd=0.0)
