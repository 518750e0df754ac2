"""Which picture shows a place, and what is said where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.model.settings import Settings
from chargen_batch.story.scan import scan
from tests.story.builder import CHAPTER, FACTS, LOCATION, PNG, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.target import Target
    from chargen_batch.story.scan import StoryScan

MILL: Final = """
    overview:
      prompt: The mill
      image_inventory:
      - {path: images/old.png, status: approved, provenance: {created_at: "2026-01-02T00:00:00Z"}}
      - {path: images/new.png, status: approved, provenance: {created_at: "2026-03-01"}}
      - {path: images/draft.png, status: draft, provenance: {created_at: "2026-09-01"}}
      - {path: images/gone.png, status: approved, provenance: {created_at: "2026-09-01"}}
    zones:
    - zone_slug: loft
      zone_name: The Loft
      prompt: p
      image_inventory: [{path: images/loft.png, status: approved}]
    - slug: mill-yard
      image_inventory: [{path: images/yard.png, status: draft}]
      images:
      - {id: day, prompt: p, image_inventory: [{path: images/day.png, status: approved}]}
    - {name: The Cellar, prompt: p}
    beat_images: [{id: b, prompt: p, references: [{type: character_portrait, slug: ada}]}]
    """
NAMES: Final = ("old", "new", "draft", "loft", "yard", "day")
FILES: Final[dict[str, str | bytes]] = {
    LOCATION: MILL,
    "locations/mill/overview.md": "# The Mill",
    "characters/ada/images/portrait.png": PNG,
    **{f"locations/mill/images/{name}.png": PNG + name.encode() for name in NAMES},
}


def shown(target: Target) -> list[str]:
    return [image.path.rpartition("/")[2] for image in target.references]


def chapter(found: StoryScan) -> Target:
    (target,) = (target for target in found.targets if target.entity_type == "chapter")
    return target


def test_a_places_targets_show_its_newest_approved_overview_and_then_portraits(
    tmp_path: Path,
) -> None:
    targets = {target.target_id: target for target in read(tmp_path, FILES).targets}
    assert shown(targets["loft"]) == ["new.png"]
    assert shown(targets["b"]) == ["new.png", "portrait.png"]
    assert [image.role for image in targets["b"].references] == ["location", "portrait"]
    assert (
        "image 1 shows the place The Mill; image 2 is the portrait of Ada." in targets["b"].prompt
    )


def test_an_overview_never_shows_itself_but_another_overview(tmp_path: Path) -> None:
    inventory = "image_inventory: [{path: images/old.png, status: approved}]"
    text = f"overview: {{day: {{prompt: p, {inventory}}}, night: {{prompt: p}}}}"
    day, night = read(tmp_path, {**FILES, LOCATION: text}).targets
    assert (shown(day), shown(night)) == ([], ["old.png"])


@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [
        ("2026-01-02", "2026-01-01", "old.png"),
        ("2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "new.png"),
        ("2026-01-01", "2026-01-01", "new.png"),
        ("2026-01-01", "last week", "old.png"),
        ("", "", "new.png"),
    ],
)
def test_the_newest_picture_is_the_last_made_and_then_the_last_listed(
    tmp_path: Path, first: str, second: str, newest: str
) -> None:
    text = f"""
        overview:
          prompt: p
          image_inventory:
          - {{path: images/old.png, status: approved, provenance: {{created_at: "{first}"}}}}
          - {{path: images/new.png, status: approved, created_at: "{second}"}}
        zones: [{{slug: z, prompt: p}}]
        """
    assert shown(read(tmp_path, {**FILES, LOCATION: text}).targets[1]) == [newest]


@pytest.mark.parametrize(
    ("fields", "picture", "place"),
    [
        ("location: mill, zone: loft", "loft.png", "The Mill, The Loft"),
        ("location: mill, zone: yard", "day.png", "The Mill, Yard"),
        ("location: mill, zone: the-cellar", "new.png", "The Mill, The Cellar"),
        ("location: mill", "new.png", "The Mill"),
        ("location_zone: mill/loft", "loft.png", "The Mill, The Loft"),
        ("source_moment: m", "loft.png", "The Mill, The Loft"),
        ("source_moment: m, location: mill", "loft.png", "The Mill, The Loft"),
        ("source_moment: m, zone: yard", "day.png", "The Mill, Yard"),
    ],
)
def test_a_chapters_image_shows_its_zone_or_else_its_location_after_its_characters(
    tmp_path: Path, fields: str, picture: str, place: str
) -> None:
    text = f"""
        moments: [{{id: m, location_zone: mill/loft}}]
        images: [{{id: a, prompt: p, {fields}, depicts_characters: [ada]}}]
        """
    found = read(tmp_path, {**FILES, CHAPTER: text})
    assert shown(chapter(found)) == ["portrait.png", picture]
    assert f"image 2 shows the place {place}." in chapter(found).prompt or picture == "new.png"
    assert f"Place: {place}." in chapter(found).prompt
    assert found.warnings == ()


def test_an_own_location_takes_no_zone_of_the_moments_other_location(tmp_path: Path) -> None:
    text = """
        moments: [{id: m, location_zone: quay/steps}]
        images: [{id: a, prompt: p, source_moment: m, location: mill}]
        """
    found = read(tmp_path, {**FILES, CHAPTER: text})
    assert (shown(chapter(found)), found.warnings) == (["new.png"], ())


def test_zones_and_locations_that_do_not_exist_are_one_warning_each(tmp_path: Path) -> None:
    text = """
        images:
        - {id: a, prompt: p, location: mill, zone: attic}
        - {id: b, prompt: p, location: mill, zone: attic}
        - {id: c, prompt: p, location: quay, zone: steps}
        - {id: d, prompt: p, location: quay}
        """
    found = read(tmp_path, {**FILES, CHAPTER: text})
    assert [shown(target) for target in found.targets[-4:]] == [["new.png"], ["new.png"], [], []]
    assert found.warnings == (
        "locations/mill: no zone 'attic' for 2 targets; its overview stands in",
        f"{CHAPTER}: location 'quay' is shown by 2 targets and has no folder  [images[2].location]",
    )


def test_a_location_that_is_nearly_a_folders_is_told_with_its_line(tmp_path: Path) -> None:
    text = "images:\n- {id: c, prompt: p, location: mil}\n"
    (told,) = read(tmp_path, {**FILES, CHAPTER: text}).warnings
    assert told.startswith(f"{CHAPTER}:2:32: location 'mil' is shown by 1 target")
    assert told.endswith("did you mean mill?  [images[0].location]")


def test_of_a_broken_location_no_zone_is_missed(tmp_path: Path) -> None:
    text = "images: [{id: a, prompt: p, location: mill, zone: attic}]"
    found = read(tmp_path, {CHAPTER: text, LOCATION: "overview: ["})
    assert (len(found.problems), found.warnings) == (1, ())


@pytest.mark.parametrize("name", ["../mill", "/etc", "locations/mill", "mill/", "."])
def test_a_location_is_looked_up_and_never_joined_to_a_path(tmp_path: Path, name: str) -> None:
    found = read(
        tmp_path, {**FILES, CHAPTER: f"images: [{{id: a, prompt: p, location: '{name}'}}]"}
    )
    assert shown(chapter(found)) == []


@pytest.mark.parametrize(
    ("most", "kept", "left"),
    [
        (2, ["new.png", "portrait.png"], None),
        (1, ["portrait.png"], "the model takes 1 references; left out: The Mill"),
    ],
)
def test_over_the_models_limit_characters_go_before_places(
    tmp_path: Path, most: int, kept: list[str], left: str | None
) -> None:
    project = write(tmp_path, FILES)
    found = scan(project, Settings(), facts=msgspec.structs.replace(FACTS, max_references=most))
    (beat,) = (target for target in found.targets if target.target_id == "b")
    assert shown(beat) == kept
    assert any(str(left) in warning for warning in found.warnings) == (left is not None)
