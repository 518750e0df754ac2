from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.core.planning import Shape, Verdict, candidates, judge, task_for
from chargen_batch.core.states import EMULATOR, with_variant
from chargen_batch.errors import ConfigError
from chargen_batch.model.history import History, Refusal
from chargen_batch.model.settings import BatchSettings, ModelFacts, Settings
from chargen_batch.model.target import DrawnFrom, Entry, Target
from tests.samples import PORTRAIT

if TYPE_CHECKING:
    from chargen_batch.model.plan import SkipBy
    from chargen_batch.model.settings import Backend

FACTS: Final = ModelFacts(ratios=("3:4", "4:3", "16:9"), sizes=("1K", "4K"))
SHAPE: Final = Shape("gemini-3-pro-image", FACTS)
TARGET: Final = Target(
    entity_type="character",
    entity_slug="ada",
    target_id="portrait",
    scenario="character",
    title="Ada",
    description="A keeper",
    tags=("sea",),
    prompt="Ada by\r\nthe sea",
    negative_prompt="text",
    references=(PORTRAIT,),
    aspect_ratio=None,
    image_size=None,
    file="characters/ada/image-ideas.yaml",
    yaml_path=("image_ideas", 0),
    output_dir="characters/ada/images",
    output_stem="portrait",
)
KEYS: Final = {
    variant: task_for(TARGET, Settings(), SHAPE, variant=variant).key for variant in (1, 2, 3)
}


def entry(
    variant: int = 1,
    *,
    key: str | None = None,
    status: str = "generated",
    provider: str = "gemini",
    file_exists: bool = True,
) -> Entry:
    return Entry(
        task_key=KEYS[variant] if key is None else key,
        variant=variant,
        status=status,
        provider=provider,
        file_exists=file_exists,
    )


NAME: Final = ("character", "ada", "portrait")
CHANGED: Final = "character/ada/portrait@0000000000000000"


def judged(
    *entries: Entry, skip: SkipBy = "target", backend: Backend = "gemini", held: str = ""
) -> Verdict:
    target = msgspec.structs.replace(TARGET, entries=entries)
    settings = Settings(batch=BatchSettings(backend=backend))
    history = History(in_flight={NAME: held} if held else {})
    return judge(target, settings, SHAPE, skip=skip, history=history)


# entries → state, variant of the task, planned with --skip target, key, none
STATES: Final[dict[str, tuple[tuple[Entry, ...], str, int, str]]] = {
    "nothing": ((), "new", 1, "yes yes yes"),
    "done": ((entry(),), "done", 2, "no no yes"),
    "approved": ((entry(status="approved"),), "done", 2, "no no yes"),
    "second is done": ((entry(status="rejected"), entry(2)), "done", 3, "no no yes"),
    "older is done": ((entry(1), entry(2, key=CHANGED)), "done", 3, "no no yes"),
    "changed": ((entry(key=CHANGED),), "changed", 2, "no yes yes"),
    "by hand": ((entry(key=""),), "changed", 2, "no yes yes"),
    "rejected": ((entry(status="rejected"),), "rejected", 2, "yes yes yes"),
    "archived": ((entry(status="archived"),), "rejected", 2, "yes yes yes"),
    "both rejected": (
        (entry(status="rejected"), entry(2, status="rejected")),
        "rejected",
        3,
        "yes yes yes",
    ),
    "file is gone": ((entry(file_exists=False),), "new", 1, "yes yes yes"),
    "second file is gone": ((entry(2, file_exists=False),), "new", 2, "yes yes yes"),
}


@pytest.mark.parametrize("name", STATES)
def test_targets_state_and_variant_follow_from_its_entries(name: str) -> None:
    entries, state, variant, _ = STATES[name]
    verdict = judged(*entries)
    assert (verdict.state, verdict.task.variant) == (state, variant)
    assert verdict.task.key == KEYS[variant]
    assert verdict.reason


@pytest.mark.parametrize("name", STATES)
def test_what_is_skipped_follows_from_the_state_and_the_option(name: str) -> None:
    entries, _, _, expected = STATES[name]
    choices: tuple[SkipBy, ...] = ("target", "key", "none")
    planned = [judged(*entries, skip=skip).planned for skip in choices]
    assert ["yes" if each else "no" for each in planned] == expected.split()


@pytest.mark.parametrize("skip", ["target", "key", "none"])
def test_target_that_a_run_holds_is_never_planned(skip: SkipBy) -> None:
    verdict = judged(held="r1", skip=skip)
    assert (verdict.state, verdict.planned) == ("in_flight", False)
    assert verdict.reason == "run r1 holds it"


def test_rehearsal_does_not_count_for_the_real_thing() -> None:
    verdict = judged(entry(provider=EMULATOR))
    assert (verdict.state, verdict.planned, verdict.task.variant) == ("new", True, 2)


def test_real_picture_does_not_count_for_a_rehearsal() -> None:
    verdict = judged(entry(), backend="emulator")
    assert (verdict.state, verdict.planned, verdict.task.variant) == ("new", True, 2)


def test_rehearsal_counts_for_the_next_rehearsal() -> None:
    verdict = judged(entry(provider=EMULATOR), backend="emulator")
    assert (verdict.state, verdict.planned) == ("done", False)


def test_done_target_stays_done_beside_a_rehearsal() -> None:
    verdict = judged(entry(provider=EMULATOR, variant=2), entry())
    assert (verdict.state, verdict.task.variant) == ("done", 3)


def test_task_says_what_the_target_says() -> None:
    task = task_for(TARGET, Settings(safety={"A": "HIGH"}), SHAPE, variant=1)
    assert task.prompt == "Ada by\nthe sea"
    assert (task.title, task.description, task.tags) == ("Ada", "A keeper", ("sea",))
    assert (task.source.file, task.source.yaml_path) == (TARGET.file, TARGET.yaml_path)
    assert (task.output_dir, task.output_file_name_hint) == (TARGET.output_dir, "portrait")
    assert (task.reference_images, task.negative_prompt) == ((PORTRAIT,), "text")
    assert (task.safety, task.kind) == ({"A": "HIGH"}, "generate")


@pytest.mark.parametrize(
    ("said", "story", "expected"),
    [(None, None, "3:4"), (None, "4:3", "4:3"), ("16:9", "4:3", "16:9")],
)
def test_option_goes_over_the_story_and_that_over_the_default(
    said: str | None, story: str | None, expected: str
) -> None:
    target = msgspec.structs.replace(TARGET, aspect_ratio=story)
    shape = Shape("m", FACTS, aspect_ratio=said)
    assert task_for(target, Settings(), shape, variant=1).aspect_ratio == expected


@pytest.mark.parametrize(
    ("shape", "words", "hint"),
    [
        (Shape("m", FACTS, aspect_ratio="5:7"), "the aspect ratio 5:7", "it offers 3:4, 4:3, 16:9"),
        (Shape("m", FACTS, image_size="2K"), "the image size 2K", "it offers 1K, 4K"),
    ],
)
def test_shape_that_the_model_does_not_offer_is_an_error(
    shape: Shape, words: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=f"m does not offer {words}") as caught:
        task_for(TARGET, Settings(), shape, variant=1)
    assert caught.value.hint == hint


def test_variant_that_a_task_is_already_is_the_task_itself() -> None:
    task = task_for(TARGET, Settings(), SHAPE, variant=2)
    assert with_variant(task, 2) is task
    assert with_variant(task, 3).key == KEYS[3]


def refusals(*variants: int) -> History:
    return History(refused={KEYS[each]: Refusal(run_id="r1", code="SAFETY") for each in variants})


def test_candidates_are_the_next_variants_of_a_planned_target() -> None:
    first = judged(entry(status="rejected"))
    found = list(candidates(first, 2, History()))
    assert [each.task.variant for each in found] == [2, 3]
    assert [each.task.key for each in found] == [KEYS[2], KEYS[3]]
    assert {(each.state, each.planned) for each in found} == {("rejected", True)}


def test_target_that_is_left_out_has_no_candidates() -> None:
    assert list(candidates(judged(entry()), 3, History())) == [judged(entry())]


@pytest.mark.parametrize("retry_refused", [True, False])
def test_candidate_that_was_refused_waits_for_retry_refused(*, retry_refused: bool) -> None:
    _, second, third = candidates(judged(), 3, refusals(2), retry_refused=retry_refused)
    assert (second.state, second.planned) == ("refused", retry_refused)
    assert (third.state, third.planned) == ("new", True)


@pytest.mark.parametrize("skip", ["target", "key", "none"])
@pytest.mark.parametrize("retry_refused", [True, False])
def test_refused_target_is_planned_with_retry_refused_alone(
    skip: SkipBy, *, retry_refused: bool
) -> None:
    verdict = judge(
        TARGET,
        Settings(),
        SHAPE,
        skip=skip,
        history=refusals(1),
        retry_refused=retry_refused,
    )
    assert (verdict.state, verdict.planned) == ("refused", retry_refused)
    assert verdict.reason == "this very request ended in SAFETY in run r1"


def test_done_target_whose_next_variant_was_refused_is_done_and_never_planned() -> None:
    target = msgspec.structs.replace(TARGET, entries=(entry(),))
    verdict = judge(target, Settings(), SHAPE, skip="none", history=refusals(2))
    assert (verdict.state, verdict.planned) == ("done", False)


def test_changed_target_shows_the_words_that_changed() -> None:
    drawn = DrawnFrom(prompt="Ada by the lake", model=SHAPE.model, references=())
    old = msgspec.structs.replace(entry(key=CHANGED), drawn_from=drawn)
    verdict = judged(old)
    assert (verdict.differs, verdict.was) == (("prompt", "reference"), old)
    assert verdict.prompt_diff == "Ada by\nthe [-lake-]{+sea+}"


def test_target_whose_old_prompt_is_unknown_shows_no_words() -> None:
    assert judged(entry(key=CHANGED)).prompt_diff == ""
    assert judged().prompt_diff == ""
