from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.model.settings import Settings
from chargen_batch.story.analysis import scan_analysis
from tests.story.builder import PNG, ids, problems, write

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.plan import Scope
    from chargen_batch.model.target import Target
    from chargen_batch.story.scan import StoryScan

    Files = dict[str, str | bytes]

JPEG: Final = b"\xff\xd8\xff\xe0 and the rest"
ADA: Final = "characters/ada/imagery.yaml"
ENTRY: Final = """\
- path: images/sea.png
  content: {title: The Sea, description: Grey water., tags: [sea]}
"""


def inventory(entry: str = ENTRY) -> str:
    """Return an imagery.yaml with one entry, for a character that needs no other analysis."""
    return f"appearance: Tall.\nimage_inventory:\n{entry}"


def found(
    project: Path,
    files: Files,
    scope: Scope = "all",
    only: tuple[str, ...] = (),
) -> StoryScan:
    return scan_analysis(write(project, files), Settings(), scope=scope, only=only)


def one(scan: StoryScan) -> Target:
    (target,) = scan.targets
    return target


def test_picture_without_an_entry_is_a_target_by_its_file_name(tmp_path: Path) -> None:
    sea = "characters/ada/images/Sea at Dusk.PNG"
    target = one(found(tmp_path, {ADA: "appearance: Tall.", sea: PNG}))
    assert (target.entity_slug, target.target_id, target.file) == ("ada", "Sea at Dusk.PNG", sea)
    (image,) = target.references
    assert (image.path, image.mime, image.role) == (sea, "image/png", "image")
    assert (target.output_dir, target.output_stem) == (
        "characters/ada/images",
        "Sea at Dusk.PNG.analysis.json",
    )


def test_picture_with_a_whole_entry_is_no_target(tmp_path: Path) -> None:
    scan = found(tmp_path, {ADA: inventory(), "characters/ada/images/sea.png": PNG})
    assert scan.targets == ()


@pytest.mark.parametrize(
    "content",
    [
        "{description: Grey water., tags: [sea]}",
        "{title: ' ', description: Grey water., tags: [sea]}",
        "{title: The Sea, tags: [sea]}",
        "{title: The Sea, description: Grey water.}",
        "{title: The Sea, description: Grey water., tags: []}",
        "{title: The Sea, description: null, tags: [sea]}",
        "none",
    ],
)
def test_picture_whose_entry_lacks_something_is_a_target(tmp_path: Path, content: str) -> None:
    entry = f"- {{path: images/sea.png, content: {content}}}\n"
    scan = found(tmp_path, {ADA: inventory(entry), "characters/ada/images/sea.png": PNG})
    assert ids(scan) == ["sea.png"]


def test_entry_may_say_title_description_and_tags_itself(tmp_path: Path) -> None:
    entry = "- {path: /elsewhere/sea.png, title: Sea, description: Grey., tags: sea}\n"
    scan = found(tmp_path, {ADA: inventory(entry), "characters/ada/images/sea.png": PNG})
    assert scan.targets == ()


def test_one_whole_entry_of_several_is_enough(tmp_path: Path) -> None:
    entries = f"- {{path: images/sea.png}}\n{ENTRY}"
    scan = found(tmp_path, {ADA: inventory(entries), "characters/ada/images/sea.png": PNG})
    assert scan.targets == ()


# Every node of a file that may hold an inventory.
NODES: Final = {
    "the file": ("locations/mill", "{entries}"),
    "a zone": ("locations/mill", "zones: [{{slug: loft, {entries}}}]"),
    "a zone image": ("locations/mill", "zones: [{{slug: a, images: [{{id: b, {entries}}}]}}]"),
    "the overview": ("locations/mill", "overview: {{description: A mill., {entries}}}"),
    "one of several overviews": ("locations/mill", "overview: {{primary: {{{entries}}}}}"),
    "a beat": ("locations/mill", "beat_images: [{{id: a, {entries}}}]"),
    "a chapter image": ("chapters/one", "images: [{{id: a, {entries}}}]"),
}


@pytest.mark.parametrize(("entity", "imagery"), NODES.values(), ids=list(NODES))
def test_entry_counts_in_whichever_node_it_stands(
    tmp_path: Path, entity: str, imagery: str
) -> None:
    content = "content: {title: Sea, description: Grey., tags: [sea]}"
    entries = f"image_inventory: [{{path: images/sea.png, {content}}}]"
    files: Files = {
        f"{entity}/imagery.yaml": imagery.format(entries=entries),
        f"{entity}/images/sea.png": PNG,
        f"{entity}/images/sky.jpg": JPEG,
    }
    assert ids(found(tmp_path, files)) == ["sky.jpg"]


def test_reference_portrait_is_no_target(tmp_path: Path) -> None:
    marked = "- {path: images/ada.png, is_reference_portrait: true}\n"
    files: Files = {
        ADA: inventory(marked),
        "characters/ada/images/ada.png": PNG,
        "characters/ada/images/portrait.png": PNG,
        "characters/bo/imagery.yaml": "appearance: Short.",
        "characters/bo/images/portrait.webp": b"RIFF____WEBP and the rest",
    }
    assert ids(found(tmp_path, files)) == ["portrait.png"]


def test_portrait_of_a_place_is_a_picture_like_any_other(tmp_path: Path) -> None:
    scan = found(tmp_path, {"locations/mill/images/portrait.png": PNG})
    assert ids(scan) == ["portrait.png"]


def test_only_pictures_by_name_and_by_bytes_are_targets(tmp_path: Path) -> None:
    images = "chapters/one/images"
    files: Files = {
        f"{images}/b.jpeg": JPEG,
        f"{images}/a.png": JPEG,
        f"{images}/pointer.png": b"version https://git-lfs.github.com/spec/v1\n",
        f"{images}/notes.txt": PNG,
        f"{images}/.hidden.png": PNG,
        f"{images}/a.png.analysis.json": b"{}",
        f"{images}/folder.png/inner.png": PNG,
    }
    scan = found(tmp_path, files)
    assert ids(scan) == ["a.png", "b.jpeg"]
    message = "chapters/one/images: no pictures by their bytes: folder.png, pointer.png"
    assert scan.warnings == (message,)


def test_many_files_that_are_no_pictures_are_one_short_warning(tmp_path: Path) -> None:
    files: Files = {f"chapters/one/images/{n}.png": b"lfs" for n in range(5)}
    (warning,) = found(tmp_path, files).warnings
    assert warning.endswith("bytes: 0.png, 1.png, 2.png and 2 more")


def test_link_that_leads_out_of_the_project_is_never_a_target(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(PNG)
    project = write(tmp_path / "story", {"chapters/one/images/in.png": PNG})
    (project / "chapters/one/images/out.png").symlink_to(outside)
    assert ids(scan_analysis(project, Settings())) == ["in.png"]


def test_file_name_that_cannot_be_printed_is_left_out(tmp_path: Path) -> None:
    scan = found(tmp_path, {"chapters/one/images/a\u2028b.png": PNG})
    assert scan.targets == ()
    assert "a\\u2028b.png" in scan.warnings[0]


@pytest.mark.parametrize("imagery", ["", "appearance:", "appearance: '  '", "appearance: []"])
def test_character_with_a_profile_and_no_appearance_is_a_target(
    tmp_path: Path, imagery: str
) -> None:
    files: Files = {ADA: imagery, "characters/ada/profile.md": "# Ada Moor - Profile\n\nTall.\n"}
    target = one(found(tmp_path, files))
    assert (target.target_id, target.title, target.references) == ("appearance", "Ada Moor", ())
    assert (target.output_dir, target.output_stem) == ("characters/ada", "imagery.yaml")
    assert target.file == "characters/ada/profile.md"


def test_appearance_comes_first_and_shows_the_portrait(tmp_path: Path) -> None:
    files: Files = {
        "characters/ada/profile.md": "# Ada\nTall.",
        "characters/ada/images/portrait.png": PNG,
        "characters/ada/images/a.png": PNG,
    }
    scan = found(tmp_path, files)
    assert ids(scan) == ["appearance", "a.png"]
    assert [image.role for image in scan.targets[0].references] == ["portrait"]


@pytest.mark.parametrize("profile", [{}, {"characters/ada/profile.md": " \n"}])
def test_character_without_a_profile_is_no_target(tmp_path: Path, profile: Files) -> None:
    assert found(tmp_path, {ADA: "", **profile}).targets == ()


def test_character_with_an_appearance_is_no_target(tmp_path: Path) -> None:
    files: Files = {ADA: "appearance: Tall.", "characters/ada/profile.md": "# Ada\nTall."}
    assert found(tmp_path, files).targets == ()


def test_nothing_is_known_of_an_entity_whose_file_is_broken(tmp_path: Path) -> None:
    files: Files = {
        ADA: "appearance: [",
        "characters/ada/images/a.png": PNG,
        "characters/ada/profile.md": "Tall.",
        "locations/mill/images/b.png": PNG,
    }
    scan = found(tmp_path, files)
    assert ids(scan) == ["b.png"]
    assert problems(scan)[0].startswith(f"{ADA}:")


def test_scope_and_globs_choose_entities(tmp_path: Path) -> None:
    files: Files = {
        f"{kind}/{slug}/images/{slug}.png": PNG
        for kind, slug in (("characters", "ada"), ("characters", "bo"), ("locations", "mill"))
    }
    assert ids(found(tmp_path, files, scope="characters")) == ["ada.png", "bo.png"]
    scan = found(tmp_path, files, only=("m*", "nobody"))
    assert ids(scan) == ["mill.png"]
    assert scan.warnings == ("--only nobody: no entity has such a slug",)
