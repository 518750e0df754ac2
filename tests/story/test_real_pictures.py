"""What other tools drew of a real project's scenes, where its files stand beside the repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import scan
from tests.story.builder import FACTS

if TYPE_CHECKING:
    from chargen_batch.model.target import Target

REAL: Final = Path(__file__).parents[2].parent / "shared" / "story"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real story is not here")


@pytest.fixture(scope="module")
def scenes() -> dict[str, Target]:
    found = scan(REAL, Settings(), facts=FACTS, scope="characters")
    return {f"{target.entity_slug}/{target.target_id}": target for target in found.targets}


@pytest.fixture(scope="module")
def not_found(scenes: dict[str, Target]) -> list[str]:
    return [name for name, scene in scenes.items() if not any(one.is_live for one in scene.others)]


def test_164_of_the_189_scenes_have_a_picture_by_another_tool(
    scenes: dict[str, Target], not_found: list[str]
) -> None:
    assert (len(scenes), len(scenes) - len(not_found)) == (189, 164)


def named_files(entity: Path, target_id: str) -> set[str]:
    """Return the files that anything with a scene's words in it names, without code of ours."""
    data: Any = yaml.load((entity / "imagery.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    runs: Any = yaml.load((entity / "imagery.runs.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    named = [(f"{one.get('id')} {one['path']}", one["path"]) for one in data["image_inventory"]]
    named += [(run["target_id"], run["file_path"]) for run in runs["runs"]]
    return {path.rsplit("/", 1)[-1] for words, path in named if target_id in words}


def test_what_is_not_found_is_named_by_files_that_are_not_there(not_found: list[str]) -> None:
    why = {}
    for name in not_found:
        slug, _, target_id = name.partition("/")
        files = named_files(REAL / "characters" / slug, target_id)
        there = {path.name for path in (REAL / "characters" / slug / "images").iterdir()}
        why[name] = "named, and not there" if files and not files & there else "unexplained"
    assert set(why.values()) == {"named, and not there"}, why
