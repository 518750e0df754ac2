from __future__ import annotations

import pytest

from chargen_batch.core import cost
from chargen_batch.model.plan import CostEstimate
from chargen_batch.model.settings import ModelFacts
from chargen_batch.model.task import BatchTask, ImageRef, TaskEstimate, TaskKind, TaskSource

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


@pytest.mark.parametrize(("text", "tokens"), [("x" * 8, 3), ("я" * 8, 5), ("漢" * 8, 7)])
def test_scripts_with_longer_letters_take_more_tokens(text: str, tokens: int) -> None:
    found = cost.estimate(text, references=0, image_size="1K", facts=FACTS)
    assert found.input_tokens == tokens


def test_picture_takes_the_tokens_of_its_size_and_of_what_is_shown() -> None:
    facts = ModelFacts(image_tokens={"2K": 1680}, input_image_tokens=560)
    found = cost.estimate("", references=2, image_size="2K", facts=facts)
    assert (found.input_tokens, found.output_tokens) == (1121, 1680)


def test_analysis_costs_its_picture_and_its_answer() -> None:
    facts = ModelFacts(kind="text", input_price_per_mtok=1.0, output_price_per_mtok=10.0)
    found = cost.analysis("x" * 400, images=1, facts=facts)
    expected = TaskEstimate(input_tokens=1221, output_tokens=1000, cost_usd=0.005611)
    assert found == expected


def test_analysis_without_a_price_for_answers_has_no_cost() -> None:
    facts = ModelFacts(kind="text", input_price_per_mtok=1.0)
    assert cost.analysis("", images=0, facts=facts).cost_usd is None


def test_total_is_the_sum_and_twice_that_interactively() -> None:
    estimates = [TaskEstimate(cost_usd=0.067101), TaskEstimate(cost_usd=0.1)]
    assert cost.total(estimates) == CostEstimate(batch_usd=0.1671, interactive_usd=0.3342)


def test_total_is_unknown_as_soon_as_one_price_is() -> None:
    estimates = [TaskEstimate(cost_usd=0.1), TaskEstimate()]
    assert cost.total(estimates) == CostEstimate(batch_usd=None, interactive_usd=None)


def test_total_of_nothing_is_nothing() -> None:
    assert cost.total([]) == CostEstimate(batch_usd=0.0, interactive_usd=0.0)


PRO = ModelFacts(
    sizes=("1K", "2K", "4K"),
    image_prices={"1K": 0.1, "2K": 0.1, "4K": 0.2},
    input_image_tokens=500,
    input_price_per_mtok=2.0,
)
TABLE = {
    "pro": PRO,
    "lite": ModelFacts(sizes=("1K",), image_prices={"1K": 0.01}, input_price_per_mtok=0.0),
    "mid": ModelFacts(
        sizes=("4K", "2K"), image_prices={"2K": 0.05, "4K": 0.1}, input_price_per_mtok=0.0
    ),
    "dear": ModelFacts(sizes=("4K",), image_prices={"4K": 9.0}, input_price_per_mtok=0.0),
    "secret": ModelFacts(sizes=("1K",)),
    "eye": ModelFacts(kind="text", input_price_per_mtok=0.1, output_price_per_mtok=0.1),
    "cheap-eye": ModelFacts(kind="text", input_price_per_mtok=0.05, output_price_per_mtok=0.1),
}


def task(size: str | None, estimate: TaskEstimate, kind: TaskKind = "generate") -> BatchTask:
    shown = ImageRef(path="p.png", mime="image/png", sha256="0", role="portrait")
    return BatchTask(
        key="character/a/b@0",
        kind=kind,
        entity_type="character",
        entity_slug="a",
        target_id="b",
        title="B",
        prompt="p",
        reference_images=(shown,),
        output_dir="o",
        output_file_name_hint="b",
        model="pro",
        image_size=size,
        source=TaskSource(file="f"),
        estimate=estimate,
    )


def test_cheaper_models_are_told_with_the_sizes_that_they_would_draw() -> None:
    tasks = [task("4K", TaskEstimate(input_tokens=600)), task(None, TaskEstimate(input_tokens=600))]
    assert cost.cheaper(tasks, "pro", TABLE) == (
        cost.Alternative("lite", 0.01, 0.02, ("1K",)),
        cost.Alternative("mid", 0.075, 0.15, ("2K", "4K")),
    )


def test_every_priced_model_is_told_where_the_plans_own_has_no_price() -> None:
    tasks = [task("1K", TaskEstimate(input_tokens=1200))]
    found = [one.model for one in cost.cheaper(tasks, "secret", TABLE)]
    assert found == ["lite", "mid", "pro", "dear"]


def test_analyses_are_compared_with_models_that_answer_in_text() -> None:
    tasks = [task(None, cost.analysis("", images=1, facts=TABLE["eye"]), kind="analyze")]
    assert [one.model for one in cost.cheaper(tasks, "eye", TABLE)] == ["cheap-eye"]


def test_nothing_planned_is_nowhere_cheaper() -> None:
    assert cost.cheaper([], "pro", TABLE) == ()
