from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.model.target import Entry
from tests.story.builder import CHAPTER, IDEAS, LOCATION, PNG, only_target, read

if TYPE_CHECKING:
    from pathlib import Path

IMAGERY = "characters/ada/imagery.yaml"
ENTRY = """image_inventory:
- path: images/a.png
  status: approved
  generation: {task_key: "KEY@0123456789abcdef", variant: 2, provider: google}
"""


def entry(key: str, *, indent: int = 0) -> str:
    text = ENTRY.replace("KEY", key)
    return text.replace("\n", "\n" + " " * indent)


NODES = {
    "a character's": (
        {IDEAS: "scenes: [{title: t, scene: s}]", IMAGERY: entry("character/ada/t")},
        "characters/ada",
    ),
    "an overview's": (
        {LOCATION: "overview:\n  prompt: p\n  " + entry("location/mill/overview", indent=2)},
        "locations/mill",
    ),
    "a zone image's": (
        {
            LOCATION: "zones:\n- slug: z\n  images:\n  - id: i\n    prompt: p\n    "
            + entry("location/mill/z__i", indent=4)
        },
        "locations/mill",
    ),
    "a chapter image's": (
        {CHAPTER: "images:\n- id: i\n  prompt: p\n  " + entry("chapter/one/i", indent=2)},
        "chapters/one",
    ),
}


@pytest.mark.parametrize(("files", "folder"), NODES.values(), ids=list(NODES))
@pytest.mark.parametrize("there", [True, False])
def test_a_target_knows_its_entries_and_whether_their_files_are_there(
    tmp_path: Path, files: dict[str, str], folder: str, *, there: bool
) -> None:
    pictures = {f"{folder}/images/a.png": PNG} if there else {}
    (found,) = only_target(read(tmp_path, {**files, **pictures})).entries
    assert found.task_key.endswith("@0123456789abcdef")
    assert (found.variant, found.status, found.provider) == (2, "approved", "google")
    assert (found.file_exists, found.is_live) == (there, there)


@pytest.mark.parametrize(
    "item",
    [
        "note",
        "{path: a.png}",
        "{generation: {target_id: t}}",
        "{generation: {task_key: 7, target_id: t}}",
        "{generation: {task_key: character/ada/other@00}}",
        "{generation: {task_key: character/ada/t@00, target_id: other}}",
    ],
)
def test_entries_of_others_are_not_ours(tmp_path: Path, item: str) -> None:
    scene = {IDEAS: "scenes: [{title: t, scene: s}]", IMAGERY: f"image_inventory: [{item}]"}
    assert only_target(read(tmp_path, scene)).entries == ()


def test_an_entry_that_says_little_is_a_first_draft(tmp_path: Path) -> None:
    item = "{status: 3, generation: {task_key: x@00, target_id: t, variant: two}}"
    scene = {IDEAS: "scenes: [{title: t, scene: s}]", IMAGERY: f"image_inventory: [{item}]"}
    expected = Entry(task_key="x@00", variant=1, status="draft", provider="", file_exists=False)
    assert only_target(read(tmp_path, scene)).entries == (expected,)
