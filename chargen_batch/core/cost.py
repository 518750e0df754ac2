"""What tasks are expected to take: tokens, pictures, money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.model.plan import CostEstimate
from chargen_batch.model.task import TaskEstimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.model.settings import ModelFacts

# The Batch API takes half of the interactive price (gemini.md §4).
BATCH_SHARE = 0.5
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_REFERENCE = 1120


def estimate(
    prompt: str, *, references: int, image_size: str | None, facts: ModelFacts
) -> TaskEstimate:
    """Return what one picture takes at the batch price; no cost where the model has no price."""
    tokens = len(prompt) // _CHARACTERS_PER_TOKEN + 1 + references * _TOKENS_PER_REFERENCE
    picture = facts.image_prices.get(image_size or "1K")
    if picture is None or facts.input_price_per_mtok is None:
        return TaskEstimate(input_tokens=tokens, images=1)
    interactive = picture + tokens * facts.input_price_per_mtok / 1e6
    return TaskEstimate(input_tokens=tokens, images=1, cost_usd=round(interactive * BATCH_SHARE, 6))


def total(estimates: Iterable[TaskEstimate]) -> CostEstimate:
    """Add up; ``None`` as soon as one task has no price."""
    costs = [each.cost_usd for each in estimates]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return CostEstimate(batch_usd=None, interactive_usd=None)
    batch = sum(known)
    return CostEstimate(batch_usd=round(batch, 4), interactive_usd=round(batch / BATCH_SHARE, 4))
