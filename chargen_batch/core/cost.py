"""What tasks are expected to take: tokens, pictures, money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chargen_batch.model.plan import CostEstimate
from chargen_batch.model.task import TaskEstimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chargen_batch.model.settings import ModelFacts
    from chargen_batch.model.task import BatchTask

# The Batch API takes half of the interactive price (gemini.md §4).
BATCH_SHARE: Final = 0.5
# Four Latin letters are about a token, and so is a letter or two of other scripts: UTF-8 knows.
_BYTES_PER_TOKEN: Final = 4
# What the answer to an analysis takes, with the thinking before it.
_TOKENS_PER_ANALYSIS: Final = 1000
USUAL_SIZE: Final = "1K"
_SIZES: Final = ("512", "1K", "2K", "4K")


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a plan would cost on another model; ``sizes`` are those its pictures would have."""

    model: str
    batch_usd: float
    interactive_usd: float
    sizes: tuple[str, ...] = ()


def estimate(
    prompt: str, *, references: int, image_size: str | None, facts: ModelFacts
) -> TaskEstimate:
    """Return what one picture takes at the batch price; no cost where the model has no price."""
    size = image_size or USUAL_SIZE
    taken = _Taken(_tokens(prompt), images_shown=references, pictures={size: 1})
    return TaskEstimate(
        input_tokens=taken.input_tokens(facts),
        output_tokens=facts.image_tokens.get(size, 0),
        images=1,
        cost_usd=_rounded(taken.batch_usd(facts)),
    )


def analysis(prompt: str, *, images: int, facts: ModelFacts) -> TaskEstimate:
    """Return what one analysis takes at the batch price; no cost where the model has no price."""
    taken = _Taken(_tokens(prompt), images_shown=images, answers=1)
    return TaskEstimate(
        input_tokens=taken.input_tokens(facts),
        output_tokens=_TOKENS_PER_ANALYSIS,
        cost_usd=_rounded(taken.batch_usd(facts)),
    )


def total(estimates: Iterable[TaskEstimate]) -> CostEstimate:
    """Add up; ``None`` as soon as one task has no price."""
    costs = [each.cost_usd for each in estimates]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return CostEstimate(batch_usd=None, interactive_usd=None)
    return _both(sum(known))


def cheaper(
    tasks: Sequence[BatchTask], model: str, table: Mapping[str, ModelFacts]
) -> tuple[Alternative, ...]:
    """Return what tasks of one model would cost on the cheaper ones of a table, cheapest first.

    A picture whose size a model does not offer has there the next smaller one, else its smallest.
    """
    if not tasks:
        return ()
    taken = _taken(tasks, table[model])
    most = taken.batch_usd(table[model])
    kind = "text" if tasks[0].kind == "analyze" else "image"
    others = {name: facts for name, facts in table.items() if name != model and facts.kind == kind}
    found = _alternatives(taken, others)
    return tuple(sorted((one for one in found if most is None or one.batch_usd < most), key=_price))


def _price(one: Alternative) -> float:
    return one.batch_usd


def _alternatives(taken: _Taken, table: Mapping[str, ModelFacts]) -> Iterator[Alternative]:
    for name, facts in table.items():
        there = taken.in_sizes(facts.sizes)
        batch_usd = there.batch_usd(facts)
        if batch_usd is not None:
            cost, sizes = _both(batch_usd), tuple(sorted(there.pictures, key=_rank))
            yield Alternative(name, cost.batch_usd or 0.0, cost.interactive_usd or 0.0, sizes)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What tasks take of any model: texts, images shown, pictures by size, answers."""

    text_tokens: int
    images_shown: int = 0
    pictures: Mapping[str, int] = field(default_factory=dict)
    answers: int = 0

    def input_tokens(self, facts: ModelFacts) -> int:
        return self.text_tokens + self.images_shown * facts.input_image_tokens

    def batch_usd(self, facts: ModelFacts) -> float | None:
        """Return the price by batch; ``None`` where a price that it needs is not known."""
        pictures = {size: facts.image_prices.get(size) for size in self.pictures}
        answered = facts.output_price_per_mtok if self.answers else 0.0
        if facts.input_price_per_mtok is None or answered is None or None in pictures.values():
            return None
        usd = sum((pictures[size] or 0.0) * count for size, count in self.pictures.items())
        usd += self.input_tokens(facts) * facts.input_price_per_mtok / 1e6
        return (usd + self.answers * _TOKENS_PER_ANALYSIS * answered / 1e6) * BATCH_SHARE

    def in_sizes(self, offered: Sequence[str]) -> _Taken:
        """Return the same with the sizes that a model offers."""
        pictures: Counter[str] = Counter()
        for size, count in self.pictures.items():
            pictures[_nearest(size, offered)] += count
        return replace(self, pictures=pictures)


def _taken(tasks: Iterable[BatchTask], facts: ModelFacts) -> _Taken:
    text_tokens = images_shown = answers = 0
    pictures: Counter[str] = Counter()
    for task in tasks:
        shown = len(task.images)
        text_tokens += task.estimate.input_tokens - shown * facts.input_image_tokens
        images_shown += shown
        if task.kind == "analyze":
            answers += 1
        else:
            pictures[task.image_size or USUAL_SIZE] += 1
    return _Taken(text_tokens, images_shown, pictures, answers)


def _nearest(size: str, offered: Sequence[str]) -> str:
    below = [one for one in sorted(offered, key=_rank) if _rank(one) <= _rank(size)]
    return below[-1] if below else min(offered, key=_rank, default=size)


def _rank(size: str) -> int:
    return _SIZES.index(size) if size in _SIZES else len(_SIZES)


def _tokens(text: str) -> int:
    return len(text.encode()) // _BYTES_PER_TOKEN + 1


def _rounded(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 6)


def _both(batch_usd: float) -> CostEstimate:
    interactive_usd = batch_usd / BATCH_SHARE
    return CostEstimate(batch_usd=round(batch_usd, 4), interactive_usd=round(interactive_usd, 4))
