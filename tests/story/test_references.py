from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import scan
from tests.story.builder import CHAPTER, FACTS, IDEAS, LOCATION, PNG, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.story.scan import StoryScan

JPEG = b"\xff\xd8\xff\xe0 jpeg"
WEBP = b"RIFF\0\0\0\0WEBP webp"
SCENE = "scenes: [{title: Dusk, scene: s, depicts_characters: [bob, ada]}]"
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def shown(found: StoryScan) -> list[str]:
    return [image.path for image in found.targets[0].references]


def portraits(*slugs: str) -> dict[str, str | bytes]:
    return {f"characters/{slug}/images/portrait.png": PNG + slug.encode() for slug in slugs}


def test_a_character_shows_its_own_portrait_then_those_of_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, **portraits("ada", "bob")})
    assert shown(found) == [f"characters/{slug}/images/portrait.png" for slug in ("ada", "bob")]


def test_a_reference_says_type_hash_and_role(tmp_path: Path) -> None:
    found = read(tmp_path, {IDEAS: SCENE, "characters/ada/images/portrait.webp": WEBP})
    (image,) = found.targets[0].references
    assert (image.mime, image.role) == ("image/webp", "portrait")
    assert image.sha256 == hashlib.sha256(WEBP).hexdigest()


@pytest.mark.parametrize("end", ["png", "jpg", "jpeg", "webp"])
def test_portraits_are_taken_in_the_order_png_jpg_jpeg_webp(tmp_path: Path, end: str) -> None:
    ends = ["png", "jpg", "jpeg", "webp"]
    ends = ends[ends.index(end) :]
    files: dict[str, str | bytes] = {f"characters/ada/images/portrait.{one}": JPEG for one in ends}
    assert shown(read(tmp_path, {IDEAS: SCENE, **files})) == [
        f"characters/ada/images/portrait.{end}"
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("images/face.jpg", "images/face.jpg"),
        ("/another/machine/face.jpg", "images/face.jpg"),
        ("C:\\\\story\\\\face.jpg", "images/face.jpg"),
        ("images/gone.jpg", "images/portrait.png"),
        ("../../../secret.png", "images/portrait.png"),
        ("", "images/portrait.png"),
    ],
)
def test_a_marked_entry_goes_first_if_its_file_is_there(
    tmp_path: Path, path: str, expected: str
) -> None:
    entry = f'image_inventory: [{{path: "{path}", is_reference_portrait: true}}]'
    files = {IDEAS: SCENE, "characters/ada/imagery.yaml": entry, **portraits("ada")}
    write(tmp_path, {"secret.png": PNG})
    found = read(tmp_path / "p", {**files, "characters/ada/images/face.jpg": JPEG})
    assert shown(found) == [f"characters/ada/{expected}"]


@pytest.mark.parametrize("content", [LFS_POINTER, b"", b"GIF89a"])
def test_a_file_that_is_no_picture_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    files: dict[str, str | bytes]
    files = {IDEAS: SCENE, "characters/ada/images/portrait.png": content}
    found = read(tmp_path, {**files, "characters/ada/images/portrait.jpg": JPEG})
    assert shown(found) == ["characters/ada/images/portrait.jpg"]


def test_a_link_to_a_picture_in_the_project_is_followed_and_one_out_of_it_is_not(
    tmp_path: Path,
) -> None:
    project = write(tmp_path / "p", {IDEAS: SCENE, "art/ada.png": PNG})
    write(tmp_path, {"secret.png": PNG})
    images = project / "characters/ada/images"
    images.mkdir()
    (images / "portrait.png").symlink_to(tmp_path / "secret.png")
    (images / "portrait.jpg").symlink_to("../../../art/ada.png")
    assert shown(scan(project, Settings(), facts=FACTS)) == ["art/ada.png"]


@pytest.mark.parametrize(
    "fields",
    [
        "depicts_characters: [bob, ada]",
        "depicts_characters: bob\n  characters_present: ada",
        "depicts_characters: [{slug: bob, role: r}, {generic_count: 3}, {slug: ada}, {slug: bob}]",
        "characters_present: [bob]\n  character_refs: [{slug: ada}]",
        "image_spec: {character_refs: [{slug: bob}, {slug: ada}]}",
        """references:
           - {type: character_portrait, slug: bob}
           - {type: chapter_visual_plan, slug: zoe}
           - just a note
           - {type: character_portrait, slug: ada}""",
    ],
)
@pytest.mark.parametrize(("file", "key"), [(CHAPTER, "images"), (LOCATION, "beat_images")])
def test_places_and_chapters_show_their_characters_in_order(
    tmp_path: Path, file: str, key: str, fields: str
) -> None:
    text = f"{key}:\n- id: i\n  prompt: p\n  {fields}\n"
    found = read(tmp_path, {file: text, **portraits("ada", "bob")})
    assert shown(found) == [f"characters/{slug}/images/portrait.png" for slug in ("bob", "ada")]
    assert found.warnings == ()


def test_a_name_without_a_folder_or_a_portrait_is_one_warning_with_how_often(
    tmp_path: Path,
) -> None:
    images = """
        images:
        - {id: a, prompt: p, depicts_characters: [zoe, ada]}
        - {id: b, prompt: p, depicts_characters: [zoe]}
        """
    found = read(tmp_path, {CHAPTER: images, "characters/ada/profile.md": "# Ada"})
    zoe = f"{CHAPTER}: character 'zoe' is shown by 2 targets and has no folder"
    assert found.warnings == (
        "characters/ada: no portrait (images/portrait.png) for 1 target",
        f"{zoe}  [images[0].depicts_characters[0]]",
    )


@pytest.mark.parametrize("slug", ["ada-mor", "ada", "ada_moor"])
def test_a_name_that_is_nearly_a_folders_is_told_with_its_line_and_the_folder(
    tmp_path: Path, slug: str
) -> None:
    images = f"images:\n- {{id: a, prompt: p, negative_prompt: n, depicts_characters: [{slug}]}}\n"
    (told,) = read(
        tmp_path, {CHAPTER: images, "characters/ada-moor/images/portrait.png": PNG}
    ).warnings
    assert told == (
        f"{CHAPTER}:2:63: character {slug!r} is shown by 1 target and has no folder:"
        " did you mean ada-moor?  [images[0].depicts_characters[0]]"
    )


@pytest.mark.parametrize("name", ["../ada", "/etc", "characters/ada", "ada/", "."])
def test_a_name_is_looked_up_and_never_joined_to_a_path(tmp_path: Path, name: str) -> None:
    images = f"images: [{{id: a, prompt: p, depicts_characters: ['{name}']}}]"
    found = read(tmp_path, {CHAPTER: images, **portraits("ada")})
    assert shown(found) == []


def test_more_references_than_the_model_takes_are_left_out_and_said(tmp_path: Path) -> None:
    project = write(tmp_path, {IDEAS: SCENE, **portraits("ada", "bob")})
    found = scan(project, Settings(), facts=msgspec.structs.replace(FACTS, max_references=1))
    assert shown(found) == ["characters/ada/images/portrait.png"]
    assert found.warnings == (f"{IDEAS}: dusk: the model takes 1 references; left out: Bob",)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({CHAPTER: "characters: [{ref: ada, name: Aunt Ada}]"}, "Aunt Ada"),
        ({IDEAS: "character: {name: Ada Moor}"}, "Ada Moor"),
        (
            {"characters/ada/profile.md": "---\nx: y\n---\n\n# Ada Vane \u2013 Profile\n"},
            "Ada Vane",
        ),
        ({}, "Ada"),
    ],
)
def test_a_character_is_called_as_the_chapter_its_ideas_or_its_profile_say(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    image = "images: [{id: a, prompt: p, depicts_characters: [ada]}]"
    chapter = files.get(CHAPTER, "") + "\n" + image
    found = read(tmp_path, {**files, CHAPTER: chapter, **portraits("ada")})
    assert f"image 1 is the portrait of {name}." in found.targets[0].prompt


NAMED = """
    characters: [{{ref: ada, reference_images: {ids}}}]
    images: [{{id: a, prompt: p, depicts_characters: [ada]}}]
    """
INVENTORY = """
    appearance: Ada is tall.
    image_inventory:
    - {id: coat, path: images/draft.png, status: draft}
    - {id: coat, path: images/coat.png, status: approved}
    - {id: scarf, path: images/draft.png, status: draft}
    - {id: hat, path: images/coat.png, status: rejected}
    - {id: gone, path: images/gone.png, status: approved}
    """
COATS: dict[str, str | bytes] = {
    "characters/ada/imagery.yaml": INVENTORY,
    "characters/ada/images/coat.png": PNG + b"coat",
    "characters/ada/images/draft.png": PNG + b"draft",
}


@pytest.mark.parametrize(
    ("ids", "pictures"),
    [
        ("[coat]", ["coat.png"]),
        ("[scarf]", ["draft.png"]),
        ("[scarf, coat, scarf]", ["draft.png", "coat.png"]),
        ("[{id: coat}]", ["coat.png"]),
        ("coat", ["coat.png"]),
        ("[]", ["portrait.png"]),
    ],
)
def test_ids_that_a_chapter_names_are_looked_up_in_the_characters_inventory(
    tmp_path: Path, ids: str, pictures: list[str]
) -> None:
    found = read(tmp_path, {CHAPTER: NAMED.format(ids=ids), **COATS, **portraits("ada")})
    assert shown(found) == [f"characters/ada/images/{name}" for name in pictures]
    assert found.warnings == ()


@pytest.mark.parametrize("image_id", ["hat", "gone", "unknown", "../coat"])
def test_an_id_that_leads_to_no_picture_is_a_warning_and_the_portrait_stands_in(
    tmp_path: Path, image_id: str
) -> None:
    chapter = NAMED.format(ids=f"['{image_id}']")
    found = read(tmp_path, {CHAPTER: chapter, **COATS, **portraits("ada")})
    assert shown(found) == ["characters/ada/images/portrait.png"]
    missing = f"{CHAPTER}: reference image '{image_id}' of character 'ada' does not exist"
    assert found.warnings == (missing,)


@pytest.mark.parametrize(
    ("ids", "state", "line"),
    [
        ("[]", "", "Ada: Ada is tall."),
        ("[]", "wet", "Ada: wet."),
        ("[hat]", "wet", "Ada: wet. Ada is tall."),
    ],
)
def test_the_appearance_stands_in_where_a_reference_is_missing(
    tmp_path: Path, ids: str, state: str, line: str
) -> None:
    states = f"character_states: {{ada: {state}}}"
    chapter = NAMED.format(ids=ids).replace("prompt: p", f"prompt: p, {states}")
    (target,) = read(tmp_path, {CHAPTER: chapter, **COATS}).targets
    assert target.prompt == f"p\n\nIn the picture:\n{line}"


def test_over_the_limit_every_character_keeps_a_picture_before_one_gets_two(
    tmp_path: Path,
) -> None:
    chapter = NAMED.format(ids="[coat, scarf]").replace("[ada]}", "[ada, bob]}")
    project = write(tmp_path, {CHAPTER: chapter, **COATS, **portraits("bob")})
    found = scan(project, Settings(), facts=msgspec.structs.replace(FACTS, max_references=2))
    assert shown(found) == [
        "characters/ada/images/coat.png",
        "characters/bob/images/portrait.png",
    ]
    assert found.warnings == (f"{CHAPTER}: a: the model takes 2 references; left out: Ada",)
