"""What is to be analysed in a real project, counted straight from its files as well."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chargen_batch.model.settings import Settings
from chargen_batch.story.analysis import scan_analysis
from tests.story.builder import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = Path(__file__).parents[2].parent / "shared" / "story"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real story is not here")


def described(node: Any) -> Iterator[str]:  # noqa: ANN401 - any YAML value
    """Yield the file names of the entries that have all, wherever they stand."""
    if isinstance(node, dict):
        content = node.get("content") or {}
        if "path" in node and all(content.get(name) for name in ("title", "description", "tags")):
            yield Path(node["path"]).name
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from described(inner)


def counted() -> Counter[str]:
    """Count pictures without an entry that has all, without any code of ours."""
    count: Counter[str] = Counter()
    for images in sorted(REAL.glob("*/*/images")):
        data = yaml.load((images.parent / "imagery.yaml").read_bytes(), Loader=yaml.CSafeLoader)
        known = set(described(data)) | {"portrait.png"}
        count[images.parent.parent.name] += len({path.name for path in images.iterdir()} - known)
    return count


def test_as_many_pictures_are_to_be_analysed_as_have_no_whole_entry() -> None:
    found = scan_analysis(REAL, Settings())
    assert Counter(f"{target.entity_type}s" for target in found.targets) == counted()
    assert counted() == {"characters": 77, "chapters": 11}
    assert {target.target_id for target in found.targets}.isdisjoint({"appearance"})
    assert len({target.prompt for target in found.targets}) == 9  # one for each entity
    assert [problem.split(":")[0] for problem in problems(found)] == [
        "locations/undershade-canyon/imagery.yaml"
    ]


def test_a_character_whose_appearance_was_taken_out_is_to_be_analysed(tmp_path: Path) -> None:
    slug = next(path.parent.name for path in sorted(REAL.glob("characters/*/profile.md")))
    copy = tmp_path / "characters" / slug
    shutil.copytree(REAL / "characters" / slug, copy)
    imagery = copy / "imagery.yaml"
    imagery.chmod(0o644)
    lines = imagery.read_text("utf-8").splitlines()
    emptied = ["appearance:" if line.startswith("appearance:") else line for line in lines]
    imagery.write_text("\n".join(emptied), "utf-8")
    (target,) = scan_analysis(tmp_path, Settings(), only=(slug,)).targets
    assert (target.target_id, [image.role for image in target.references]) == (
        "appearance",
        ["portrait"],
    )
    assert (copy / "profile.md").read_text("utf-8").strip()[-40:] in target.prompt


def test_the_same_story_in_another_folder_asks_the_same(tmp_path: Path) -> None:
    shutil.copytree(REAL, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    here, there = (scan_analysis(root, Settings()) for root in (REAL, tmp_path / "elsewhere"))
    assert here == there
