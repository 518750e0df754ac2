"""The menu's choices of how pictures are made: model, shape, size, how many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chargen_batch.cli.menu_asking import Item, pick, word
from chargen_batch.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.menu_guide import Guide
    from chargen_batch.cli.plan_options import PlanOptions
    from chargen_batch.model.settings import ModelFacts

_AS_CONFIGURED = "as chargen.yaml says"
_MOST_VARIANTS = 20


def shaped(guide: Guide, options: PlanOptions) -> PlanOptions:
    """Ask what shall be made otherwise, and return the options with it."""
    items = [Item(f"Model: {options.model or _AS_CONFIGURED}", "model", "m")]
    if options.mode == "generate":
        items += [
            Item(f"Shape: {options.aspect_ratio or _AS_CONFIGURED}", "aspect_ratio", "s"),
            Item(f"Size: {options.image_size or _AS_CONFIGURED}", "image_size", "z"),
            Item(f"How many of each: {options.variants}", "variants", "h"),
            Item(_portraits(options), "portraits", "p"),
        ]
    match pick("What shall be otherwise?", items):
        case "variants":
            return replace(options, variants=_how_many(options))
        case "portraits":
            return replace(options, portraits=not options.portraits)
        case "model":
            return replace(options, model=_model(guide, options))
        case "aspect_ratio":
            ratios = _facts(guide, options).ratios
            return replace(options, aspect_ratio=_one_of("Which shape?", ratios))
        case _:
            sizes = _facts(guide, options).sizes
            return replace(options, image_size=_one_of("Which size?", sizes))


def _portraits(options: PlanOptions) -> str:
    does = "yes" if options.portraits else "no"
    return f"Also a portrait of each character that has none: {does}"


def _how_many(options: PlanOptions) -> int:
    def is_good(given: str) -> bool | str:
        is_number = given.strip().isdecimal() and 1 <= int(given) <= _MOST_VARIANTS
        return is_number or f"a number from 1 to {_MOST_VARIANTS}"

    return int(word("How many of each?", default=str(options.variants), is_good=is_good))


def _model(guide: Guide, options: PlanOptions) -> str | None:
    from chargen_batch.config import model_table

    with Session(guide.common) as session:
        table = model_table(session.project.settings)
    kind = "image" if options.mode == "generate" else "text"
    return _one_of("Which model?", [name for name, facts in table.items() if facts.kind == kind])


def _facts(guide: Guide, options: PlanOptions) -> ModelFacts:
    from chargen_batch.config import model_facts

    with Session(guide.common) as session:
        settings = session.project.settings
    return model_facts(settings, options.model or settings.models.generate)


def _one_of(question: str, names: Sequence[str]) -> str | None:
    items: list[Item[str | None]] = [Item(_AS_CONFIGURED[0].upper() + _AS_CONFIGURED[1:], None)]
    items.extend(Item[str | None](name, name) for name in names)
    return pick(question, items)
