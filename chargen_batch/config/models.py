"""What the models offer and cost: the package's dated table, with the project's prices over it."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.model.settings import ModelFacts, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    date: str
    models: dict[str, ModelFacts]


def model_facts(settings: Settings, model: str) -> ModelFacts:
    """Return what a model offers; for one that the table lacks, all ratios and no price."""
    return _priced(_read().models.get(model) or _unknown(), settings.prices.get(model, {}))


def model_table(settings: Settings) -> dict[str, ModelFacts]:
    """Return what every model of the table and of the project's prices offers."""
    names = dict.fromkeys((*_read().models, *settings.prices))
    return {name: model_facts(settings, name) for name in names}


def prices_date() -> str:
    """Return the day on which the table was read off Google's pages."""
    return _read().date


def _unknown() -> ModelFacts:
    ratios = _read().models[Settings().models.generate].ratios
    return ModelFacts(ratios=ratios, sizes=("1K", "2K", "4K"))


def _priced(facts: ModelFacts, prices: Mapping[str, float]) -> ModelFacts:
    sizes = {name: usd for name, usd in prices.items() if name not in {"input", "output"}}
    return msgspec.structs.replace(
        facts,
        image_prices={**facts.image_prices, **sizes},
        input_price_per_mtok=prices.get("input", facts.input_price_per_mtok),
        output_price_per_mtok=prices.get("output", facts.output_price_per_mtok),
    )


@functools.cache
def _read() -> _Table:
    text = importlib.resources.files("chargen_batch").joinpath("models.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)
