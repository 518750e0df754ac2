"""What a task has cost, from the tokens that the service counted: USD at the batch price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core.cost import BATCH_SHARE, USUAL_SIZE

if TYPE_CHECKING:
    from chargen_batch.model.outcome import Usage
    from chargen_batch.model.settings import ModelFacts


def usd(
    usage: Usage | None,
    *,
    came: bool,
    pictures: int,
    image_size: str | None,
    estimate_usd: float | None,
    facts: ModelFacts,
) -> float | None:
    """Return what an ended task has cost.

    Where the service counted nothing, a task that came to something costs its estimate, and one
    that failed nothing. Where a price that the count needs is not known, the estimate stands too.

    Args:
        usage: The tokens that the service counted.
        came: Whether there is a result, also where it could not be entered.
        pictures: How many pictures came.
        image_size: The size that was asked for.
        estimate_usd: What it was expected to cost; ``None`` where that is not known.
        facts: The model's prices.

    """
    if usage is None:
        return estimate_usd if came else 0.0
    counted = _counted(usage, pictures, image_size or USUAL_SIZE, facts)
    return estimate_usd if counted is None else round(counted * BATCH_SHARE, 6)


def _counted(usage: Usage, pictures: int, size: str, facts: ModelFacts) -> float | None:
    """Return the interactive price of what was counted; thinking costs what text does."""
    per_picture = facts.image_tokens.get(size, 0)
    drawn = _pictures(usage, pictures, per_picture)
    # Where the count does not say which of the tokens are pictures, they are those it takes.
    of_pictures = usage.image_tokens or pictures * per_picture
    written = max(0, usage.candidates_tokens - of_pictures) + usage.thoughts_tokens
    parts = (
        (usage.prompt_tokens / 1e6, facts.input_price_per_mtok),
        (drawn, facts.image_prices.get(size)),
        (written / 1e6, facts.output_price_per_mtok),
    )
    if any(price is None for amount, price in parts if amount):
        return None
    return sum(amount * (price or 0.0) for amount, price in parts)


def _pictures(usage: Usage, pictures: int, per_picture: int) -> float:
    """Return how many pictures are billed: by their tokens, since two may be billed for one."""
    if usage.image_tokens and per_picture:
        return usage.image_tokens / per_picture
    return float(pictures)
