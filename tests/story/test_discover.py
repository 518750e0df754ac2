from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import PlanningError
from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import scan
from tests.story.builder import CHAPTER, FACTS, IDEAS, LOCATION, ids, problems, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.plan import Scope

SCENE = "scenes: [{title: Dusk, scene: s}]"
WHOLE: dict[str, str | bytes] = {
    IDEAS: SCENE,
    "characters/bob/image-ideas.yaml": "scenes: [{title: Dawn, scene: s}]",
    LOCATION: "zones: [{slug: wheel, prompt: p}]",
    CHAPTER: "images: [{id: end, prompt: p}]",
}


@pytest.mark.parametrize(
    ("scope", "only", "expected"),
    [
        ("all", (), ["dusk", "dawn", "wheel", "end"]),
        ("characters", (), ["dusk", "dawn"]),
        ("locations", (), ["wheel"]),
        ("chapters", (), ["end"]),
        ("all", ("b*", "one"), ["dawn", "end"]),
    ],
)
def test_scope_and_globs_choose_the_entities(
    tmp_path: Path, scope: Scope, only: tuple[str, ...], expected: list[str]
) -> None:
    found = scan(write(tmp_path, WHOLE), Settings(), facts=FACTS, scope=scope, only=only)
    assert ids(found) == expected


def test_a_glob_that_fits_no_slug_is_a_warning(tmp_path: Path) -> None:
    found = scan(write(tmp_path, WHOLE), Settings(), facts=FACTS, only=("zoe",))
    assert found.warnings == ("--only zoe: no entity has such a slug",)


@pytest.mark.parametrize("folder", [".hidden", "hero-template", "ada_DO_NOT_USE"])
def test_hidden_and_excluded_folders_are_not_read(tmp_path: Path, folder: str) -> None:
    found = read(tmp_path, {f"characters/{folder}/image-ideas.yaml": "scenes: [{]"})
    assert (found.targets, found.problems) == ((), ())


def test_a_story_may_lie_deeper_in_the_project(tmp_path: Path) -> None:
    found = read(tmp_path, {f"book/{IDEAS}": SCENE}, Settings(story="book"))
    (target,) = found.targets
    assert target.file == f"book/{IDEAS}"
    assert target.output_dir == "book/characters/ada/images"


def test_a_folder_without_a_story_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(PlanningError, match="no story found in") as caught:
        scan(tmp_path, Settings(), facts=FACTS)
    assert "characters/, locations/ or chapters/" in caught.value.hint


@pytest.mark.parametrize("root", ["..", "/", "loop", "a\0b"])
def test_a_story_outside_of_the_project_is_refused(tmp_path: Path, root: str) -> None:
    (tmp_path / "loop").symlink_to("loop/x")
    with pytest.raises(PlanningError, match="outside of the project"):
        scan(tmp_path, Settings(story=root), facts=FACTS)


def test_the_underscored_image_ideas_are_read_as_well(tmp_path: Path) -> None:
    found = read(tmp_path, {"characters/ada/image_ideas.yaml": SCENE})
    assert ids(found) == ["dusk"]
    assert found.targets[0].file == "characters/ada/image_ideas.yaml"


def test_the_dash_wins_over_the_underscore_with_one_warning(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, "characters/ada/image_ideas.yaml": "scenes: []"})
    assert ids(found) == ["dusk"]
    unread = "characters/ada: image-ideas.yaml is read, image_ideas.yaml is not"
    assert unread in found.warnings


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("zones: [{]", "1:10: did not find expected node content"),
        ("a: 1\na: 2\n", "2:1: duplicate key 'a' (first seen, line 1, column 1)"),
        ("- a", "1:1: expected a mapping at the top of the file, found a list"),
        (
            "just prose",
            "1:1: expected a mapping at the top of the file, found the text 'just prose'",
        ),
        (b"a: \xff", "1:4: byte 0xff is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem_and_the_rest_is_found(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    found = read(tmp_path, {LOCATION: content, IDEAS: SCENE})
    (said,) = problems(found)
    assert said.startswith(f"{LOCATION}:{problem}")
    assert ids(found) == ["dusk"]


def test_a_character_with_a_broken_inventory_has_no_targets(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, "characters/ada/imagery.yaml": "image_inventory: [{]"})
    assert ids(found) == []
    assert len(found.problems) == 1


def test_a_file_over_the_bound_is_a_problem_and_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {LOCATION: ""})
    os.truncate(tmp_path / LOCATION, 17 * 1024 * 1024)
    found = scan(tmp_path, Settings(), facts=FACTS)
    assert problems(found) == [f"{LOCATION}: has 17,825,792 bytes; at most 16,777,216 are read"]


def test_a_pipe_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / LOCATION).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / LOCATION)
    found = scan(tmp_path, Settings(), facts=FACTS)
    assert problems(found) == [f"{LOCATION}: is not a file"]


def test_a_folder_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / LOCATION).mkdir(parents=True)
    found = scan(tmp_path, Settings(), facts=FACTS)
    assert problems(found) == [f"{LOCATION}: is not a file"]


@pytest.mark.parametrize(
    ("link", "leads_to", "problem"),
    [
        (LOCATION, "../secret.yaml", "is a link that leads out of the project"),
        (LOCATION, "gone.yaml", "is a link to a file that is not there"),
        ("locations/mill", "..", "the folder is a link that leads out of the project"),
        ("locations/mill/images", "..", "images is a link, and not to a folder inside the project"),
        (
            "locations/mill/images",
            "images",
            "images is a link, and not to a folder inside the project",
        ),
        (LOCATION, "imagery.yaml", "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_a_link_to_nowhere_we_may_go_is_a_problem(
    tmp_path: Path, link: str, leads_to: str, problem: str
) -> None:
    project = tmp_path / "project"
    (project / link).parent.mkdir(parents=True)
    loop = leads_to in {"imagery.yaml", "images"}
    (project / link).symlink_to(leads_to if loop else (project / leads_to).resolve())
    (tmp_path / "secret.yaml").write_text("zones: []")
    found = scan(project, Settings(), facts=FACTS)
    where = link.removesuffix("/images")
    assert problems(found) == [f"{where}: {problem}"]


def test_a_folder_name_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {IDEAS: SCENE})
    os.mkdir(os.fsencode(tmp_path / "characters") + b"/\xff")  # noqa: PTH102 - no text, no Path
    found = scan(tmp_path, Settings(), facts=FACTS)
    assert problems(found) == ["characters/\ufffd: the folder's name is not printable UTF-8"]


def test_two_folders_that_differ_in_case_only_are_a_problem(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, "characters/ADA/image-ideas.yaml": SCENE})
    if len(list((tmp_path / "characters").iterdir())) == 1:
        pytest.skip("this file system ignores case")
    other = "character 'ADA', target 'dusk'"
    message = f"target 'dusk' would be written to characters/ada/images/dusk, as {other}"
    assert problems(found) == [f"{IDEAS}: {message}"]
    assert len(found.targets) == 1


def test_a_file_in_place_of_characters_is_a_problem(tmp_path: Path) -> None:
    found = read(tmp_path, {"characters": "", LOCATION: "zones: [{slug: z, prompt: p}]"})
    assert problems(found) == ["characters: cannot be listed: Not a directory"]
    assert ids(found) == ["z"]
