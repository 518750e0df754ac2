"""The example story in examples/lantern-coast."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from chargen_batch import yaml12
from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import StoryScan, scan
from tests.story.builder import FACTS

EXAMPLE = Path(__file__).parents[2] / "examples" / "lantern-coast"


@pytest.fixture(scope="module")
def found() -> StoryScan:
    """Return the example story, scanned by its own settings."""
    config = (EXAMPLE / "chargen.yaml").read_bytes()
    settings = msgspec.convert(yaml12.load(config, where="chargen.yaml"), Settings)
    return scan(EXAMPLE, settings, facts=FACTS)


def test_the_example_asks_for_24_pictures_and_has_nothing_wrong(found: StoryScan) -> None:
    assert (found.problems, found.warnings) == ((), ())
    kinds = Counter(target.entity_type for target in found.targets)
    assert kinds == {"character": 10, "location": 10, "chapter": 4}


def test_the_example_has_every_kind_of_target(found: StoryScan) -> None:
    kinds = {(str(target.yaml_path[0]), len(target.yaml_path)) for target in found.targets}
    places = {("overview", 1), ("overview", 2), ("zones", 2), ("zones", 4), ("beat_images", 2)}
    assert kinds == {("scenes", 2), ("images", 2)} | places


def test_every_character_of_the_example_has_a_portrait(found: StoryScan) -> None:
    shown = {image.path for target in found.targets for image in target.references}
    slugs = ("wren-halloway", "bas-pellam", "odile-farrow")
    assert shown == {f"characters/{slug}/images/portrait.png" for slug in slugs}


def test_nothing_of_the_example_is_drawn_yet(found: StoryScan) -> None:
    assert [target.entries for target in found.targets] == [()] * 24
