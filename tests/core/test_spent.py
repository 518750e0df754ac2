"""What a task has cost, from the tokens that the service counted."""

from __future__ import annotations

from typing import Any

import pytest

from chargen_batch.core import spent
from chargen_batch.model.outcome import Usage
from chargen_batch.model.settings import ModelFacts

PRO = ModelFacts(
    image_prices={"1K": 0.134, "4K": 0.24},
    image_tokens={"1K": 1120, "4K": 2000},
    input_price_per_mtok=2.0,
    output_price_per_mtok=12.0,
)
EYE = ModelFacts(kind="text", input_price_per_mtok=1.0, output_price_per_mtok=10.0)


def cost(usage: Usage | None, **changes: Any) -> float | None:  # noqa: ANN401 - choices by name
    plain: dict[str, Any] = {
        "came": True,
        "pictures": 1,
        "image_size": "1K",
        "estimate_usd": 0.068,
        "facts": PRO,
    }
    return spent.usd(usage, **{**plain, **changes})


def test_picture_costs_half_of_its_price_and_of_its_prompt() -> None:
    usage = Usage(prompt_tokens=1000, candidates_tokens=1120, image_tokens=1120)
    assert cost(usage) == 0.068


def test_picture_without_a_size_costs_what_the_usual_size_does() -> None:
    assert cost(Usage(image_tokens=1120, candidates_tokens=1120), image_size=None) == 0.067


def test_thinking_and_text_cost_what_text_does() -> None:
    usage = Usage(candidates_tokens=1620, image_tokens=1120, thoughts_tokens=500)
    assert cost(usage) == 0.073


def test_picture_that_is_billed_twice_costs_twice() -> None:
    usage = Usage(candidates_tokens=2240, image_tokens=2240)
    assert cost(usage) == 0.134


def test_tokens_that_are_not_told_apart_are_the_pictures_own() -> None:
    assert cost(Usage(candidates_tokens=1120)) == 0.067
    assert cost(Usage(candidates_tokens=2240), pictures=2) == 0.134


def test_refused_request_costs_the_prompt_and_the_thinking() -> None:
    usage = Usage(prompt_tokens=1000, thoughts_tokens=100)
    assert cost(usage, came=False, pictures=0) == 0.0016


def test_analysis_costs_its_tokens() -> None:
    usage = Usage(prompt_tokens=2000, candidates_tokens=400, thoughts_tokens=600)
    assert cost(usage, pictures=0, image_size=None, facts=EYE) == 0.006


@pytest.mark.parametrize(("came", "usd"), [(True, 0.068), (False, 0.0)])
def test_what_was_not_counted_costs_its_estimate_where_it_came(*, came: bool, usd: float) -> None:
    assert cost(None, came=came, pictures=int(came)) == usd


@pytest.mark.parametrize("estimate_usd", [0.05, None])
@pytest.mark.parametrize(
    "facts",
    [
        ModelFacts(input_price_per_mtok=1.0, output_price_per_mtok=1.0),
        ModelFacts(image_prices={"1K": 0.1}, output_price_per_mtok=1.0),
        ModelFacts(image_prices={"1K": 0.1}, input_price_per_mtok=1.0),
    ],
)
def test_where_a_price_is_not_known_the_estimate_stands(
    facts: ModelFacts, estimate_usd: float | None
) -> None:
    usage = Usage(prompt_tokens=1, candidates_tokens=1121, image_tokens=1120)
    assert cost(usage, facts=facts, estimate_usd=estimate_usd) == estimate_usd
