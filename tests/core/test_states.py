"""Every state of a target, and every way to come to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from chargen_batch.core.planning import Shape, judge, task_for
from chargen_batch.core.states import with_variant
from chargen_batch.core.task_key import keyed
from chargen_batch.model.history import Drawn, History, Refusal, name_in, name_of
from chargen_batch.model.settings import ModelFacts, Settings
from chargen_batch.model.target import DrawnFrom, Entry, OtherPicture, Target
from tests.samples import PLACE, PORTRAIT

if TYPE_CHECKING:
    from chargen_batch.model.plan import SkipBy

SHAPE: Final = Shape("m", ModelFacts(ratios=("3:4", "16:9"), sizes=("1K", "2K")))
TARGET: Final = Target(
    entity_type="character",
    entity_slug="ada",
    target_id="on-the-pier",
    scenario="character",
    title="On the Pier",
    description="",
    tags=(),
    prompt="Ada on the pier",
    negative_prompt="text",
    references=(PORTRAIT,),
    aspect_ratio=None,
    image_size=None,
    file="characters/ada/image-ideas.yaml",
    yaml_path=("scenes", 0),
    output_dir="characters/ada/images",
    output_stem="on-the-pier",
)
NAME: Final = name_of(TARGET)
TASK: Final = task_for(TARGET, Settings(), SHAPE, variant=1)
DRAWN_FROM: Final = DrawnFrom(
    prompt=TASK.prompt,
    negative_prompt="text",
    model="m",
    aspect_ratio="3:4",
    image_size="1K",
    references=(("portrait", PORTRAIT.sha256),),
)


def entry(variant: int = 1, **changes: Any) -> Entry:  # noqa: ANN401 - fields by name
    """Return a live entry with the target's own key."""
    ours = Entry(
        task_key=with_variant(TASK, variant).key,
        target_id=TARGET.target_id,
        variant=variant,
        status="draft",
        provider="google",
        file_exists=True,
        drawn_from=DRAWN_FROM,
    )
    return msgspec.structs.replace(ours, **changes)


def changed(**recorded: Any) -> Entry:  # noqa: ANN401 - fields by name
    """Return an entry that was drawn from something else."""
    drawn_from = msgspec.structs.replace(DRAWN_FROM, **recorded)
    return entry(task_key="character/ada/on-the-pier@0", drawn_from=drawn_from)


def drawn(variant: int = 1, *, is_there: bool = True) -> History:
    """Return the history of a run that drew a variant."""
    key = with_variant(TASK, variant).key
    one = Drawn(key=key, variant=variant, run_id="r1", is_there=is_there)
    return History(drawn={NAME: one}, highest={NAME: variant})


def refused(variant: int = 1) -> History:
    """Return the history of a run in which a variant was refused for good."""
    key = with_variant(TASK, variant).key
    return History(refused={key: Refusal(run_id="r1", code="SAFETY")})


def renamed(**changes: Any) -> Entry:  # noqa: ANN401 - fields by name
    """Return an entry with the target's own hash under an id that is no more."""
    old = keyed(msgspec.structs.replace(TASK, target_id="by-the-sea"))
    return entry(task_key=old.key, target_id="by-the-sea", **changes)


OTHER: Final = OtherPicture(path="characters/ada/images/x.png", named_by="imagery.runs.yaml")
OTHER_REJECTED: Final = msgspec.structs.replace(OTHER, is_live=False)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to come to a state: what is there, the variant it leads to, and words of its reason."""

    state: str
    variant: int
    reason: str
    entries: tuple[Entry, ...] = ()
    former: tuple[Entry, ...] = ()
    others: tuple[OtherPicture, ...] = ()
    history: History = field(default_factory=History)
    differs: tuple[str, ...] = ()


WAYS: Final[dict[str, Way]] = {
    "nothing is there": Way("new", 1, "no picture"),
    "its file is gone": Way("new", 1, "no picture", (entry(file_exists=False),)),
    "its file and its entry are gone": Way(
        "new", 3, "no picture", history=drawn(2, is_there=False)
    ),
    "it was only rehearsed": Way("new", 2, "no picture", (entry(provider="emulator"),)),
    "its entry is rejected": Way("rejected", 2, "all rejected", (entry(status="rejected"),)),
    "its entry is archived": Way("rejected", 2, "all rejected", (entry(status="archived"),)),
    "a later one was taken out before": Way(
        "rejected",
        4,
        "all rejected",
        (entry(status="rejected"),),
        history=drawn(3, is_there=False),
    ),
    "another tool's is rejected": Way(
        "rejected", 1, "another tool made were all rejected", others=(OTHER_REJECTED,)
    ),
    "its key is there": Way("done", 2, "its picture is there", (entry(),)),
    "its key is there, of an older variant": Way(
        "done", 3, "is there", (entry(), entry(2, task_key="x@0"))
    ),
    "its key is there, beside other tools'": Way("done", 2, "is there", (entry(),), (), (OTHER,)),
    "the prompt changed": Way(
        *("changed", 2, "since: prompt", (changed(prompt="Ada"),)), differs=("prompt",)
    ),
    "the negatives changed": Way(
        *("changed", 2, "since: prompt", (changed(negative_prompt="fog"),)), differs=("prompt",)
    ),
    "a reference came": Way(
        *("changed", 2, "references (0 → 1)", (changed(references=()),)), differs=("reference",)
    ),
    "a reference was painted anew": Way(
        "changed",
        2,
        "since: references",
        (changed(references=(("portrait", "0"),)),),
        differs=("reference",),
    ),
    "the model changed": Way(
        *("changed", 2, "model (old → m)", (changed(model="old"),)), differs=("model",)
    ),
    "the ratio changed": Way(
        *("changed", 2, "(16:9 → 3:4)", (changed(aspect_ratio="16:9"),)), differs=("settings",)
    ),
    "the size changed": Way(
        *("changed", 2, "(4K → 1K)", (changed(image_size="4K"),)), differs=("settings",)
    ),
    "the safety settings changed": Way(
        *("changed", 2, "safety or temperature", (changed(),)), differs=("settings",)
    ),
    "prompt and model changed": Way(
        "changed",
        2,
        "prompt and model",
        (changed(prompt="Ada", model="old"),),
        differs=("prompt", "model"),
    ),
    "it is not known what from": Way(
        *("changed", 2, "is not recorded", (changed(prompt=None),)), differs=()
    ),
    "its entry has a key alone": Way(
        "changed", 2, "is not recorded", (entry(task_key="x@0", drawn_from=None),)
    ),
    "another tool made it": Way(
        *("changed", 1, "x.png (imagery.runs.yaml names it)"), others=(OTHER,), differs=("tool",)
    ),
    "another tool made it, and it was rehearsed": Way(
        "changed",
        2,
        "another tool made",
        (entry(provider="emulator"),),
        others=(OTHER,),
        differs=("tool",),
    ),
    "a run holds it": Way("in_flight", 1, "run r1", history=History(in_flight={NAME: "r1"})),
    "a run holds what is done": Way(
        "in_flight", 1, "run r1", (entry(),), history=History(in_flight={NAME: "r1"})
    ),
    "it was refused": Way("refused", 1, "SAFETY in run r1", history=refused()),
    "its next variant was refused": Way(
        "refused", 2, "SAFETY in run r1", (entry(status="rejected"),), history=refused(2)
    ),
    "what it changed to was refused": Way(
        *("refused", 2, "SAFETY in run r1", (changed(prompt="Ada"),)),
        history=refused(2),
        differs=("prompt",),
    ),
    "its entry was taken out": Way("removed", 2, "run r1 drew it", history=drawn()),
    "its newest entry was taken out": Way(
        "removed", 3, "run r1 drew it", (entry(status="rejected"),), history=drawn(2)
    ),
    "it was renamed": Way("renamed", 1, "was called by-the-sea", former=(renamed(),)),
}
PLANNED: Final[dict[SkipBy, set[str]]] = {
    "target": {"new", "rejected"},
    "key": {"new", "rejected", "changed"},
    "none": {"new", "rejected", "changed", "done", "removed", "renamed"},
}


@pytest.mark.parametrize("name", WAYS)
def test_each_way_leads_to_its_state_with_its_reason(name: str) -> None:
    way = WAYS[name]
    parts = {"entries": way.entries, "former": way.former, "others": way.others}
    target = msgspec.structs.replace(TARGET, **parts)
    for skip, states in PLANNED.items():
        verdict = judge(target, Settings(), SHAPE, skip=skip, history=way.history)
        assert (verdict.state, verdict.task.variant) == (way.state, way.variant)
        assert verdict.differs == way.differs
        assert way.reason in verdict.reason
        assert verdict.planned == (way.state in states)


@pytest.mark.parametrize(
    "old",
    [
        renamed(file_exists=False),
        renamed(status="rejected"),
        renamed(provider="emulator"),
        renamed(variant=2),
        entry(task_key="character/ada/by-the-sea@0"),
    ],
    ids=["gone", "rejected", "rehearsed", "other variant", "other picture"],
)
def test_what_draws_something_else_or_is_not_live_is_no_former_picture(old: Entry) -> None:
    target = msgspec.structs.replace(TARGET, former=(old,))
    assert judge(target, Settings(), SHAPE, skip="target").state == "new"


def test_a_reference_more_is_what_differs() -> None:
    target = msgspec.structs.replace(TARGET, references=(PORTRAIT, PLACE), entries=(entry(),))
    verdict = judge(target, Settings(), SHAPE, skip="target")
    assert (verdict.state, verdict.differs) == ("changed", ("reference",))
    assert verdict.reason == "changed since: references (1 → 2)"


@pytest.mark.parametrize("target_id", ["t", "zone__image", "a/b@c"])
def test_the_target_is_in_the_key(target_id: str) -> None:
    task = keyed(msgspec.structs.replace(TASK, target_id=target_id))
    assert name_in(task.key) == ("character", "ada", target_id)
