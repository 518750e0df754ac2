"""Whatever stands in a story's files, a plan answers, the same twice, and asks nothing twice."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import hypothesis
from hypothesis import strategies as st

from chargen_batch import config
from chargen_batch.phases import plan
from chargen_batch.phases.plan import PlanChoices, PlanReport
from tests.phases.world import NOW
from tests.story.builder import PNG, write
from tests.story.test_properties import stories, values

if TYPE_CHECKING:
    from chargen_batch.model.plan import SkipBy

PICTURES: Final = {f"characters/ada/images/{name}.png": PNG for name in ("portrait", "a", "dusk")}
NAMES: Final = ["t", "ada-t-01", "dusk", "character/ada/t@0", "images/a.png", "/x/dusk.png"]
SKIPS: Final[tuple[SkipBy, ...]] = ("target", "key", "none")
names = st.sampled_from(NAMES) | values
entry = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "path", "prompt_spec_slug", "status"), names),
        "generation": values
        | st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("task_key", "target_id", "prompt_used"), names),
                **dict.fromkeys(("constraints", "reference_images", "variant"), values),
            },
        ),
        "is_reference_portrait": values,
    },
)
run = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("target_id", "file_path", "file_name"), names)
)
extra = st.fixed_dictionaries(
    {
        "characters/ada/imagery.yaml": st.fixed_dictionaries(
            {}, optional={"image_inventory": st.lists(entry, max_size=3), "appearance": values}
        ),
        "characters/ada/imagery.runs.yaml": st.fixed_dictionaries(
            {}, optional={"runs": st.lists(run, max_size=3) | values}
        ),
        "characters/ada/image-ideas.yaml": st.fixed_dictionaries(
            {"scenes": st.lists(st.sampled_from([{"title": "t", "scene": "s"}, {"title": "dusk"}]))}
        ),
    }
)
choices = st.builds(
    PlanChoices,
    skip=st.sampled_from(SKIPS),
    variants=st.integers(1, 3),
    portraits=st.booleans(),
    retry_refused=st.booleans(),
    skip_invalid=st.just(True),  # noqa: FBT003 - hypothesis takes values by position
    dry_run=st.just(True),  # noqa: FBT003 - the same
    max_cost_usd=st.just(1e9),
)


def planned(files: dict[str, object], chosen: PlanChoices) -> tuple[PlanReport, PlanReport]:
    """Plan a story twice."""
    texts = {name: json.dumps(data).encode() for name, data in files.items()}
    with tempfile.TemporaryDirectory() as folder:
        project = config.load(write(Path(folder), {**texts, **PICTURES}), {}, {})
        first, second = (
            plan.run(project, chosen, clock=lambda: NOW, suffix=lambda: "p001") for _ in range(2)
        )
    return first, second


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(stories, extra, choices)
def test_any_story_is_planned_to_the_same_twice_without_two_equal_keys(
    story: dict[str, object], more: dict[str, object], chosen: PlanChoices
) -> None:
    first, second = planned({**story, **more}, chosen)
    assert first == second
    keys = [verdict.task.key for verdict in first.verdicts]
    assert len(keys) == len(set(keys))
    assert all(verdict.reason for verdict in first.verdicts)
