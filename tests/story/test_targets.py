"""The target table of the story format, a case for each row and spelling."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import pytest

from tests.story.builder import CHAPTER, IDEAS, LOCATION, ids, only_target, problems, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Step = str | int

ROWS: Final[dict[str, tuple[str, str, str, tuple[Step, ...], str]]] = {
    "a scene": (
        IDEAS,
        "scenes: [{title: The Last Wick, scene: s}]",
        "the-last-wick",
        ("scenes", 0),
        "character",
    ),
    "a scene with a number for a title": (
        IDEAS,
        "scenes: [{title: 7, scene: s}]",
        "7",
        ("scenes", 0),
        "character",
    ),
    "an overview with a slug": (
        LOCATION,
        "overview: {slug: mill-wide, description: d}",
        "mill-wide",
        ("overview",),
        "location",
    ),
    "an overview with an image type": (
        LOCATION,
        "overview: {image_type: wide, lighting: {quality: soft}}",
        "overview",
        ("overview",),
        "location",
    ),
    "an overview with a type": (
        LOCATION,
        "overview: {type: wide, key_elements: [wheel]}",
        "overview",
        ("overview",),
        "location",
    ),
    "an overview with framing": (
        LOCATION,
        "overview: {framing: wide, image_spec: {prompt: p}}",
        "overview",
        ("overview",),
        "location",
    ),
    "an overview with text": (
        LOCATION,
        "overview: {description: d, establishing: {description: e}}",
        "overview",
        ("overview",),
        "location",
    ),
    "a named overview": (
        LOCATION,
        "overview: {primary: {description: d}}",
        "primary",
        ("overview", "primary"),
        "location",
    ),
    "a named overview with a slug": (
        LOCATION,
        "overview: {primary: {slug: wide, prompt: p}}",
        "wide",
        ("overview", "primary"),
        "location",
    ),
    "a named overview beside shared light": (
        LOCATION,
        "overview: {lighting: {quality: soft}, primary: {description: d}}",
        "primary",
        ("overview", "primary"),
        "location",
    ),
    "a zone with a slug": (
        LOCATION,
        "zones: [{slug: wheel, name: n, description: d}]",
        "wheel",
        ("zones", 0),
        "location",
    ),
    "a zone with a zone_slug": (
        LOCATION,
        "zones: [{zone_slug: wheel, name: n, description: d}]",
        "wheel",
        ("zones", 0),
        "location",
    ),
    "a zone with a zone_id": (
        LOCATION,
        "zones: [{zone_id: Wheel 1, description: d}]",
        "Wheel 1",
        ("zones", 0),
        "location",
    ),
    "a zone with a name": (
        LOCATION,
        "zones: [{name: The Wheel!, description: d}]",
        "the-wheel",
        ("zones", 0),
        "location",
    ),
    "a zone with a zone_name": (
        LOCATION,
        "zones: [{zone_name: The Wheel, description: d}]",
        "the-wheel",
        ("zones", 0),
        "location",
    ),
    "a zone with an empty list of images": (
        LOCATION,
        "zones: [{slug: wheel, prompt_used: p, images: []}]",
        "wheel",
        ("zones", 0),
        "location",
    ),
    "a zone's image with an image_slug": (
        LOCATION,
        "zones: [{slug: wheel, images: [{image_slug: dusk, prompt: p}]}]",
        "wheel__dusk",
        ("zones", 0, "images", 0),
        "location",
    ),
    "a zone's image with an id": (
        LOCATION,
        "zones: [{name: The Wheel, images: [{id: 3, prompt: p}]}]",
        "the-wheel__3",
        ("zones", 0, "images", 0),
        "location",
    ),
    "a zone's image with a title": (
        LOCATION,
        "zones: [{zone_id: wheel, images: [{title: At Dusk, prompt: p}]}]",
        "wheel__at-dusk",
        ("zones", 0, "images", 0),
        "location",
    ),
    "a beat with a slug": (
        LOCATION,
        "beat_images: [{slug: a, id: b, narrative_context: n}]",
        "a",
        ("beat_images", 0),
        "scene",
    ),
    "a beat with an id": (
        LOCATION,
        "beat_images: [{id: b, beat_slug: c, what_happens: n}]",
        "b",
        ("beat_images", 0),
        "scene",
    ),
    "a beat with a beat_slug": (
        LOCATION,
        "beat_images: [{beat_slug: c, image_spec: {prompt: p}}]",
        "c",
        ("beat_images", 0),
        "scene",
    ),
    "a beat with a beat_id": (
        LOCATION,
        "beat_images: [{beat_id: d, technical: {mood: m}}]",
        "d",
        ("beat_images", 0),
        "scene",
    ),
    "a chapter's image with a custom_id": (
        CHAPTER,
        "images: [{custom_id: x, image_slug: y, prompt: p}]",
        "x",
        ("images", 0),
        "scene",
    ),
    "a chapter's image with an image_slug": (
        CHAPTER,
        "images: [{image_slug: y, id: z, prompt_template: p}]",
        "y",
        ("images", 0),
        "scene",
    ),
    "a chapter's image with an id": (
        CHAPTER,
        "images: [{id: z, visual_description: v}]",
        "z",
        ("images", 0),
        "scene",
    ),
}


def without_paths(lines: Iterable[str]) -> list[str]:
    """Return problems as printed, but for the path in the file's data at their ends."""
    return [line.partition("  [")[0] for line in lines]


@pytest.mark.parametrize(
    ("file", "text", "target_id", "path", "scenario"), ROWS.values(), ids=list(ROWS)
)
def test_a_row_of_the_table_makes_one_target(
    tmp_path: Path, file: str, text: str, target_id: str, path: tuple[Step, ...], scenario: str
) -> None:
    found = read(tmp_path, {file: text})
    target = only_target(found)
    assert (target.target_id, target.yaml_path, target.scenario) == (target_id, path, scenario)
    assert target.file == file
    assert [one for one in found.warnings if "portrait" not in one] == []


@pytest.mark.parametrize("field", ["title", "name", "description", "narrative_context"])
def test_a_beat_without_an_id_takes_its_first_six_words_and_warns(
    tmp_path: Path, field: str
) -> None:
    words = f"{field}: One two three, four five six seven"
    found = read(tmp_path, {LOCATION: f"beat_images:\n- {words}\n  mood: m\n"})
    assert ids(found) == ["one-two-three-four-five-six"]
    message = "beat 'one-two-three-four-five-six' has no id of its own"
    changes = f"{LOCATION}:2:3: {message}: it changes with the beat's words"
    assert without_paths(found.warnings) == [changes]


def test_scenes_of_one_title_carry_four_hex_of_their_text(tmp_path: Path) -> None:
    scenes = "[{title: Dusk, scene: a}, {title: dusk!, scene: b}, {title: Dawn, scene: a}]"
    a, b = (hashlib.sha256(text.encode()).hexdigest()[:4] for text in ("a", "b"))
    assert ids(read(tmp_path, {IDEAS: f"scenes: {scenes}"})) == [f"dusk-{a}", f"dusk-{b}", "dawn"]


def test_targets_come_by_kind_then_slug_then_as_the_file_has_them(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            CHAPTER: "images: [{id: last, prompt: p}]",
            "locations/b/imagery.yaml": "zones: [{slug: z, prompt: p}]\noverview: {prompt: p}",
            "locations/a/imagery.yaml": "beat_images: [{id: b, prompt: p}]",
            IDEAS: "scenes: [{title: y, scene: s}, {title: x, scene: s}]",
        },
    )
    assert ids(found) == ["y", "x", "b", "overview", "z", "last"]


FAULTS: Final[dict[str, tuple[str, str, str]]] = {
    "a scene without a title": (
        IDEAS,
        "scenes:\n- scene: s\n",
        "2:3: a scene needs a title: its id is made from it",
    ),
    "a title of no letters": (
        IDEAS,
        "scenes:\n- title: '!!'\n  scene: s\n",
        "2:10: title '!!' has no letter or digit to make an id of",
    ),
    "scenes that are no list": (
        IDEAS,
        "scenes: {a: 1}",
        "1:9: scenes: expected a list, found a mapping",
    ),
    "a scene that is no mapping": (
        IDEAS,
        "scenes: [dusk]",
        "1:10: scenes: expected a mapping, found the text 'dusk'",
    ),
    "a zone without an id": (
        LOCATION,
        "zones:\n- prompt: p\n",
        "2:3: no id: expected slug, zone_slug, zone_id, or a name to make one of",
    ),
    "a zone's image without an id": (
        LOCATION,
        "zones:\n- slug: z\n  images:\n  - prompt: p\n",
        "4:5: no id: expected image_slug, id, or a name to make one of",
    ),
    "a beat without id or words": (
        LOCATION,
        "beat_images: [{prompt: p}]",
        "1:15: no id: expected slug, id, beat_slug, beat_id, or words to make one of",
    ),
    "a chapter's image without an id": (
        CHAPTER,
        "images: [{prompt: p}]",
        "1:10: no id: expected custom_id, image_slug, id",
    ),
    "an id that is a fraction": (
        CHAPTER,
        "images: [{id: 1.5, prompt: p}]",
        "1:15: id: expected one line of text or a whole number, found the number 1.5",
    ),
    "an id that is a list": (
        LOCATION,
        "zones: [{slug: [a], prompt: p}]",
        "1:16: slug: expected one line of text or a whole number, found a list",
    ),
    "an id of two lines": (
        LOCATION,
        'zones: [{slug: "a\\nb", prompt: p}]',
        "1:16: slug: expected one line of text or a whole number, found a text of several lines",
    ),
    "an id that is a boolean": (
        LOCATION,
        "zones: [{slug: true, prompt: p}]",
        "1:16: slug: expected one line of text or a whole number, found the boolean true",
    ),
    "an overview that is text": (
        LOCATION,
        "overview: a mill",
        "1:11: overview: expected a mapping, found the text 'a mill'",
    ),
    "an empty item": (
        CHAPTER,
        "images: [null]",
        "1:10: images: expected a mapping, found nothing",
    ),
    "a target without text": (
        LOCATION,
        "zones: [{slug: z, image_type: zone, prompt: ' '}]",
        "1:9: target 'z' has no text: expected prompt, description or the like",
    ),
    "an id that is taken": (
        LOCATION,
        "zones:\n- {slug: z, prompt: p}\nbeat_images:\n- {id: z, prompt: p}\n",
        "4:3: target id 'z' is taken: first used at line 2",
    ),
    "one title and one text twice": (
        IDEAS,
        "scenes:\n- {title: t, scene: s}\n- {title: t, scene: s}\n",
        "3:3: target id 't-043a' is taken: first used at line 2",
    ),
}


@pytest.mark.parametrize(("file", "text", "problem"), FAULTS.values(), ids=list(FAULTS))
def test_a_mistake_is_a_problem_with_its_place(
    tmp_path: Path, file: str, text: str, problem: str
) -> None:
    assert without_paths(problems(read(tmp_path, {file: text}))) == [f"{file}:{problem}"]


def test_of_two_targets_with_one_id_the_first_is_kept(tmp_path: Path) -> None:
    twice = "images: [{id: a, prompt: first}, {id: a, prompt: second}]"
    (target,) = read(tmp_path, {CHAPTER: twice}).targets
    assert target.description == "first"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (IDEAS, ""),
        (IDEAS, "scenes:"),
        (IDEAS, "scenes: []"),
        (LOCATION, "overview: {}"),
        (LOCATION, "overview: {notes: {author: me}, 3: {prompt: p}}"),
        (LOCATION, "recommended_images: 3"),
        (CHAPTER, "# nothing yet"),
    ],
)
def test_what_asks_for_nothing_is_neither_target_nor_problem(
    tmp_path: Path, file: str, text: str
) -> None:
    found = read(tmp_path, {file: text})
    assert (found.targets, found.problems) == ((), ())


@pytest.mark.parametrize(
    ("file", "text", "title"),
    [
        (IDEAS, "scenes: [{title: The Last Wick, scene: s}]", "The Last Wick"),
        (LOCATION, "zones: [{slug: z, zone_name: The Wheel, prompt: p}]", "The Wheel"),
        (LOCATION, "beat_images: [{id: b, beat_title: Snap, prompt: p}]", "Snap"),
        (
            CHAPTER,
            "moments: [{id: m, title: M}]\nimages: [{id: i, source_moment: m, prompt: p}]",
            "M",
        ),
        (CHAPTER, "images: [{id: the-end, source_moment: gone, prompt: p}]", "The End"),
    ],
)
def test_a_title_is_what_the_target_says_else_its_moment_else_its_id(
    tmp_path: Path, file: str, text: str, title: str
) -> None:
    assert only_target(read(tmp_path, {file: text})).title == title


def test_description_and_tags_are_the_targets_own(tmp_path: Path) -> None:
    text = "images: [{id: i, prompt: p, description: 'A  mill\n  by night', tags: [a, b, a]}]"
    target = only_target(read(tmp_path, {CHAPTER: text}))
    assert (target.description, target.tags) == ("A mill by night", ("a", "b"))


def test_of_a_great_many_faults_in_one_file_the_first_hundred_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, {CHAPTER: f"images: [{'x, ' * 50_000}]"})
    assert len(found.problems) == 101
    assert str(found.problems[0]) == f"{CHAPTER}: and 49,900 more like these"
