"""Reference portraits that characters lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.model.settings import Settings
from chargen_batch.story.portraits import PROFILE_BUDGET, looks_in
from chargen_batch.story.scan import scan
from tests.story.builder import FACTS, IDEAS, LOCATION, PNG, ids, write

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.story.scan import StoryScan

IMAGERY: Final = "characters/ada/imagery.yaml"
PROFILE: Final = "characters/ada/profile.md"
SCENE: Final = "scenes: [{title: On the Pier, scene: s}]"
LOOKS: Final = "appearance: Tall, with a grey braid."


def asked(project: Path, files: dict[str, str | bytes]) -> StoryScan:
    return scan(write(project, files), Settings(), facts=FACTS, portraits=True)


def test_a_character_without_a_portrait_asks_for_one_before_its_scenes(tmp_path: Path) -> None:
    found = asked(tmp_path, {IDEAS: SCENE, IMAGERY: LOOKS})
    assert ids(found) == ["portrait", "on-the-pier"]
    portrait = found.targets[0]
    assert "Tall, with a grey braid." in portrait.prompt
    assert "A reference portrait of Ada." in portrait.prompt
    assert (portrait.references, portrait.output_dir) == ((), "characters/ada/images")


@pytest.mark.parametrize("files", [{IMAGERY: LOOKS}, {PROFILE: "# Ada Moor\n\nTall.\n"}])
def test_a_character_without_scenes_may_ask_for_one_too(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    found = asked(tmp_path, files)
    assert (ids(found), found.problems) == (["portrait"], ())
    assert found.targets[0].file == next(iter(files))
    assert "Tall" in found.targets[0].prompt


@pytest.mark.parametrize(
    "files",
    [
        {"characters/ada/images/portrait.jpg": PNG},
        {
            IMAGERY: f"{LOOKS}\nimage_inventory: [{{path: a.png, is_reference_portrait: true}}]",
            "characters/ada/a.png": PNG,
        },
    ],
)
def test_a_character_with_a_portrait_asks_for_none(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    assert ids(asked(tmp_path, {IDEAS: SCENE, IMAGERY: LOOKS, **files})) == ["on-the-pier"]


def test_a_rejected_portrait_is_none(tmp_path: Path) -> None:
    marked = "{path: a.png, is_reference_portrait: true, status: rejected}"
    files: dict[str, str | bytes] = {
        IMAGERY: f"{LOOKS}\nimage_inventory: [{marked}]",
        "characters/ada/a.png": PNG,
    }
    assert ids(asked(tmp_path, files)) == ["portrait"]


def test_no_portrait_is_asked_for_unless_told_so(tmp_path: Path) -> None:
    project = write(tmp_path, {IDEAS: SCENE, IMAGERY: LOOKS})
    assert ids(scan(project, Settings(), facts=FACTS)) == ["on-the-pier"]


def test_a_scene_called_portrait_keeps_its_id(tmp_path: Path) -> None:
    scenes = "scenes: [{title: Portrait, scene: s}]"
    assert ids(asked(tmp_path, {IDEAS: scenes, IMAGERY: LOOKS})) == [
        "reference-portrait",
        "portrait",
    ]


@pytest.mark.parametrize("files", [{IDEAS: SCENE}, {IDEAS: SCENE, PROFILE: "# Ada\n"}])
def test_a_character_of_whom_nothing_is_told_is_warned_of(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    found = asked(tmp_path, files)
    assert ids(found) == ["on-the-pier"]
    assert "characters/ada: nothing tells how its portrait should look" in found.warnings


def test_a_character_with_a_broken_file_asks_for_none(tmp_path: Path) -> None:
    found = asked(tmp_path, {IDEAS: SCENE, IMAGERY: "a: [", PROFILE: "Tall.", LOCATION: "{}"})
    assert (ids(found), len(found.problems)) == ([], 1)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("# Ada\n\nA keeper.\n\n## Appearance\n\n- **Tall**\n- grey\n\n## Past\n\nx", "Tall grey"),
        ("# Ada\n\n## Physical Description\nTall.", "Tall."),
        ("# Ada\n\nA *keeper* of `light`.\n", "A keeper of light."),
        ("", ""),
    ],
)
def test_looks_are_what_a_profile_says_of_them_else_its_first_words(
    profile: str, expected: str
) -> None:
    assert looks_in(profile) == expected


@pytest.mark.parametrize("part", ["Tall and grey. ", "tall and grey, "])
def test_long_looks_are_cut_at_an_end(part: str) -> None:
    looks = looks_in(part * 200)
    assert len(looks) <= PROFILE_BUDGET
    assert looks.endswith((".", "grey,", "and", "tall"))
