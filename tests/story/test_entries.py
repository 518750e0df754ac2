from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.model.target import DEAD_STATUSES, DrawnFrom, Entry
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
    expected = Entry(
        task_key="x@00",
        target_id="t",
        variant=1,
        status="draft",
        provider="",
        file_exists=False,
        drawn_from=DrawnFrom(),
    )
    assert only_target(read(tmp_path, scene)).entries == (expected,)


@pytest.mark.parametrize("status", ["rejected", "Rejected", "ARCHIVED"])
def test_a_status_counts_in_any_case(tmp_path: Path, status: str) -> None:
    item = f"{{status: {status}, generation: {{task_key: x@00, target_id: t}}}}"
    scene = {IDEAS: "scenes: [{title: t, scene: s}]", IMAGERY: f"image_inventory: [{item}]"}
    (entry,) = only_target(read(tmp_path, scene)).entries
    assert entry.status in DEAD_STATUSES


RECORDED = """
image_inventory:
- path: images/a.png
  generation:
    task_key: character/ada/t@00
    model: m
    prompt_used: p
    negative_prompt_used: n
    constraints: {aspect_ratio: "3:4", image_size: 1K}
    reference_images: [{path: images/b.png, sha256: "ff", role: portrait}, note]
"""


def test_an_entry_says_what_it_was_drawn_from(tmp_path: Path) -> None:
    scene = {IDEAS: "scenes: [{title: t, scene: s}]", IMAGERY: RECORDED}
    (entry,) = only_target(read(tmp_path, scene)).entries
    assert entry.drawn_from == DrawnFrom(
        prompt="p",
        negative_prompt="n",
        model="m",
        aspect_ratio="3:4",
        image_size="1K",
        references=(("portrait", "ff"),),
    )


def test_entries_under_an_id_that_no_target_has_are_former_ones(tmp_path: Path) -> None:
    scenes = "scenes: [{title: t, scene: s}, {title: u, scene: s}]"
    inventory = "image_inventory: [{generation: {task_key: x@0, target_id: KEY}}]"
    former = read(tmp_path, {IDEAS: scenes, IMAGERY: inventory.replace("KEY", "was")}).targets
    assert [[entry.target_id for entry in target.former] for target in former] == [["was"]] * 2
    taken = read(tmp_path, {IDEAS: scenes, IMAGERY: inventory.replace("KEY", "u")}).targets
    assert [target.former for target in taken] == [(), ()]
