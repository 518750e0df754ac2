"""Pictures that other tools made, and the targets that their names mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.story.foreign import Names
from tests.story.builder import CHAPTER, IDEAS, LOCATION, PNG, problems, read

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.target import OtherPicture

    Files = dict[str, str | bytes]

IMAGERY: Final = "characters/ada/imagery.yaml"
RUNS: Final = "characters/ada/imagery.runs.yaml"
SCENE: Final = "scenes: [{title: On the Pier, scene: s}]"
NAMES: Final = Names.of(("ada", "ada-moor", None, 7), ("on-the-pier", "door", "door-01", "A_B"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("on-the-pier", "on-the-pier"),
        ("ada-on-the-pier", "on-the-pier"),
        ("the-ada-on-the-pier", "on-the-pier"),
        ("ada-ada-moor-on-the-pier-04", "on-the-pier"),
        ("ada-on-the-pier-1766292458999-2025-12-21-01", "on-the-pier"),
        ("ada--on-the-pier--05", "on-the-pier"),
        ("On_The_Pier", "on-the-pier"),
        ("door", "door"),
        ("door-02", "door"),
        ("ada-door-01", "door-01"),
        ("ada-door-01-1766292458999", "door-01"),
        ("a-b", "A_B"),
    ],
)
def test_a_name_means_the_target_that_is_left_without_slugs_and_numbers(
    name: str, expected: str
) -> None:
    assert NAMES.meant(name) == (expected,)


@pytest.mark.parametrize(
    "name",
    [
        *("on-the-pier-4", "on-the-pier-004", "on-the-pier-123456789012", "ada", "ada-01", ""),
        *("---", "moor-on-the-pier", "on-the-pier-2025-1-1", None, 7, ["door"]),
    ],
)
def test_another_name_means_no_target(name: object) -> None:
    assert NAMES.meant(name) == ()


def test_ids_that_differ_in_their_numbers_alone_are_told_apart_where_a_name_has_one() -> None:
    names = Names.of(("ada",), ("door-01", "door-02"))
    assert names.meant("ada-door-01") == ("door-01",)
    assert names.meant("ada-door-03") == ("door-01", "door-02")


def others(project: Path, files: Files) -> tuple[OtherPicture, ...]:
    found = read(project, {IDEAS: SCENE, **files})
    assert found.problems == ()
    return found.targets[0].others


@pytest.mark.parametrize(
    "item",
    [
        "{id: ada-on-the-pier-01, path: images/x.png}",
        "{path: images/x.png, prompt_spec_slug: on-the-pier}",
        "{path: images/x.png, generation: {target_id: ada-on-the-pier}}",
        "{id: on-the-pier, path: /elsewhere/ada/images/x.png}",
        "{id: on-the-pier, path: 'C:\\elsewhere\\x.png', status: approved}",
        "{id: on-the-pier, path: images/x.png, status: [draft]}",
    ],
)
def test_an_entry_that_names_a_target_and_a_file_counts(tmp_path: Path, item: str) -> None:
    files: Files = {IMAGERY: f"image_inventory: [{item}]", "characters/ada/images/x.png": PNG}
    (found,) = others(tmp_path, files)
    assert (found.path, found.is_live) == ("characters/ada/images/x.png", True)
    assert found.named_by == "an inventory entry"


def test_an_entry_is_named_by_its_file_too(tmp_path: Path) -> None:
    picture = "characters/ada/images/ada-on-the-pier-02.png"
    files: Files = {
        IMAGERY: "image_inventory: [{path: images/ada-on-the-pier-02.png}]",
        picture: PNG,
    }
    assert [found.path for found in others(tmp_path, files)] == [picture]


@pytest.mark.parametrize(
    "item",
    [
        "{id: on-the-pier, path: images/gone.png}",
        "{id: on-the-pier}",
        "{id: elsewhere, path: images/x.png}",
        "{id: on-the-pier, path: images/no-picture.png}",
        "{id: on-the-pier, path: ../../../x.png}",
    ],
)
def test_an_entry_without_a_picture_or_a_name_does_not_count(tmp_path: Path, item: str) -> None:
    files: Files = {
        IMAGERY: f"image_inventory: [{item}]",
        "characters/ada/images/x.png": PNG if "elsewhere" in item else b"none",
        "characters/ada/images/no-picture.png": "version https://git-lfs.github.com/spec/v1",
    }
    assert others(tmp_path, files) == ()


@pytest.mark.parametrize(
    "run",
    [
        "{target_id: ada-on-the-pier-03, file_path: /elsewhere/x.png}",
        "{target_id: on-the-pier, file_path: characters/ada/images/x.png}",
        "{target_id: on-the-pier, file_path: images/x.png}",
        "{target_id: on-the-pier, file_path: null, file_name: x.png}",
        "{target_id: the-old-ada-on-the-pier, file_name: x.png}",
    ],
)
def test_a_run_of_another_tool_that_names_a_target_counts(tmp_path: Path, run: str) -> None:
    runs = f"entity_slug: the-old-ada\nruns: [note, {run}]"
    (found,) = others(tmp_path, {RUNS: runs, "characters/ada/images/x.png": PNG})
    assert (found.path, found.named_by) == ("characters/ada/images/x.png", "imagery.runs.yaml")


@pytest.mark.parametrize("runs", ["", "runs:", "runs: 3", "runs: [{target_id: on-the-pier}]"])
def test_runs_that_say_nothing_are_no_pictures(tmp_path: Path, runs: str) -> None:
    assert others(tmp_path, {RUNS: runs}) == ()


@pytest.mark.parametrize("status", ["rejected", "archived"])
def test_a_picture_that_an_entry_rejects_is_not_live_whoever_else_names_it(
    tmp_path: Path, status: str
) -> None:
    inventory = f"image_inventory: [{{id: on-the-pier, path: images/x.png, status: {status}}}]"
    runs = "runs: [{target_id: on-the-pier, file_path: images/x.png}]"
    files: Files = {IMAGERY: inventory, RUNS: runs, "characters/ada/images/x.png": PNG}
    assert [found.is_live for found in others(tmp_path, files)] == [False]


def test_a_rejected_picture_leaves_another_one_live(tmp_path: Path) -> None:
    inventory = "image_inventory: [{id: on-the-pier, path: images/x.png, status: rejected}]"
    runs = "runs: [{target_id: on-the-pier, file_path: images/y.png}]"
    pictures = {"characters/ada/images/x.png": PNG, "characters/ada/images/y.png": PNG}
    found = others(tmp_path, {IMAGERY: inventory, RUNS: runs, **pictures})
    assert [each.is_live for each in found] == [False, True]


def test_broken_runs_are_a_problem_and_their_entity_is_not_planned(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, RUNS: "runs: [\n"})
    assert found.targets == ()
    assert [problem.split(":")[0] for problem in problems(found)] == [RUNS]


def entry_of(provider: str) -> str:
    generation = f"{{task_key: character/ada/on-the-pier@0, provider: {provider}}}"
    return f"image_inventory: [{{path: images/y.png, generation: {generation}}}]"


@pytest.mark.parametrize(("provider", "count"), [("google", 0), ("emulator", 1)])
def test_another_tools_picture_counts_beside_a_rehearsal_and_not_beside_ours(
    tmp_path: Path, provider: str, count: int
) -> None:
    runs = "runs: [{target_id: on-the-pier, file_path: images/x.png}]"
    picture: Files = {"characters/ada/images/x.png": PNG}
    found = others(tmp_path, {IMAGERY: entry_of(provider), RUNS: runs, **picture})
    assert len(found) == count


def test_runs_are_not_read_where_every_target_has_a_picture(tmp_path: Path) -> None:
    inventory = "image_inventory: [{id: on-the-pier, path: images/x.png}]"
    files: Files = {IMAGERY: inventory, RUNS: "runs: [\n", "characters/ada/images/x.png": PNG}
    assert len(others(tmp_path, files)) == 1


PLACEHOLDER: Final = """
images:
- id: i
  prompt: p
  file_path: PATH
  provider: PROVIDER
"""


@pytest.mark.parametrize("path", ["chapters/one/images/x.png", "images/x.png", "/else/x.png"])
@pytest.mark.parametrize(("provider", "count"), [("google", 1), ("null", 1), ("emulator", 0)])
def test_a_filled_file_path_counts_unless_it_was_a_rehearsal(
    tmp_path: Path, path: str, provider: str, count: int
) -> None:
    text = PLACEHOLDER.replace("PATH", path).replace("PROVIDER", provider)
    found = read(tmp_path, {CHAPTER: text, "chapters/one/images/x.png": PNG})
    assert len(found.targets[0].others) == count


def test_a_zones_inventory_counts_and_so_does_the_tops(tmp_path: Path) -> None:
    text = """
        image_inventory: [{id: mill-yard, path: images/x.png}]
        zones:
        - slug: loft
          description: d
          image_inventory: [{id: mill-loft-01, path: images/y.png}]
        - {slug: yard, description: d}
    """
    pictures = {"locations/mill/images/x.png": PNG, "locations/mill/images/y.png": PNG}
    targets = read(tmp_path, {LOCATION: text, **pictures}).targets
    assert [len(target.others) for target in targets] == [1, 1]
