"""Whatever stands in a story's files, a scan gives an answer, and the same one twice."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch.model.settings import Settings
from chargen_batch.story.locate import target_paths
from chargen_batch.story.scan import StoryScan, scan
from tests.story.builder import CHAPTER, FACTS, IDEAS, LOCATION, PNG, write

FIELDS: Final = [
    *("title", "scene", "pose", "mood", "tags", "slug", "zone_slug", "name", "id", "beat_id"),
    *("custom_id", "image_slug", "prompt", "description", "key_elements", "lighting", "palette"),
    *("avoid", "negative_prompt", "depicts_characters", "character_states", "references", "type"),
    *("aspect_ratio", "size", "images", "image_spec", "image_inventory", "generation", "task_key"),
    *("scenes", "overview", "zones", "beat_images", "moments", "characters", "character"),
    *("location_visual_anchor", "characteristic_light", "color_anchors", "dominant", "time_of_day"),
    *("scene_variations", "reference_images", "transformation_state", "scene_id", "visual_weight"),
    *("location", "zone", "location_zone", "status", "created_at", "provenance", "mood_rationale"),
    *("metadata", "generation_defaults", "is_reference_portrait", "path", "source_moment", "ref"),
]  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12),
    st.sampled_from(["ada", "Dusk", "16:9", "1792x768", "images/portrait.png", "a, b; (c", "../x"]),
    st.sampled_from(["mill", "mill/dusk", "approved", "2026-01-01", "SCENE 1: wet", "scn-01-01"]),
)  # fmt: skip
keys = st.one_of(st.sampled_from(FIELDS), st.text(max_size=3))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)
item = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
items = st.lists(item, max_size=3) | values


def document(*lists: str) -> st.SearchStrategy[object]:
    shaped = st.fixed_dictionaries({}, optional=dict.fromkeys(lists, items))
    return st.one_of(shaped, values)


stories = st.fixed_dictionaries(
    {
        IDEAS: document("scenes", "character", "generation_defaults"),
        "characters/ada/imagery.yaml": document("image_inventory"),
        LOCATION: document("overview", "zones", "beat_images", "metadata"),
        CHAPTER: document("images", "moments", "characters"),
    }
)


def scanned(story: dict[str, object]) -> StoryScan:
    texts = {name: json.dumps(data).encode() for name, data in story.items()}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {**texts, "characters/ada/images/portrait.png": PNG})
        return scan(Path(folder), Settings(), facts=FACTS)


@settings(max_examples=150, deadline=None)
@given(stories)
def test_any_story_is_scanned_to_the_same_twice(story: dict[str, object]) -> None:
    found = scanned(story)
    assert found == scanned(story)
    names = [(target.entity_type, target.target_id) for target in found.targets]
    assert len(names) == len(set(names))
    assert all(target.prompt == target.prompt.strip() != "" for target in found.targets)
    dropped = [one for target in found.targets for one in target.sections if one.dropped]
    assert not any(one.priority == 1 or one.name == "author's prompt" for one in dropped)


@settings(max_examples=50, deadline=None)
@given(stories)
def test_any_data_can_be_asked_for_its_targets(story: dict[str, object]) -> None:
    for data in story.values():
        for path in target_paths(data, "location", "mill").values():
            assert path[0] in {"overview", "zones", "beat_images"}


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_targets_or_a_problem(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = scan(write(Path(folder), {LOCATION: raw}), Settings(), facts=FACTS)
    assert all(problem.file == LOCATION for problem in found.problems)
