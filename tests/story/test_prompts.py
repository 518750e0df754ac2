"""Prompts in full, one for each kind of target, and the rules that they are made by."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.model.settings import Settings, Style
from tests.story.builder import CHAPTER, IDEAS, LOCATION, PNG, only_target, read

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS: Final = Settings(
    style=Style(
        base="woodcut",
        scenarios={"character": "half figure", "location": "empty", "scene": "small figures"},
        moods={"Hushed": "few lines"},
        negative=("text", "Watermark"),
    )
)
ADA: Final[dict[str, str | bytes]] = {
    "characters/ada/profile.md": "# Ada Moor",
    "characters/ada/images/portrait.png": PNG,
}
MILL: Final[dict[str, str | bytes]] = {"locations/mill/overview.md": "# The Mill - Overview\n"}

SCENE: Final = """
    character: {name: Ada Moor, summary: "A miller, forty"}
    visual_consistency: [red scarf, 'floury, strong hands']
    scenes:
    - title: Grinding
      scene: |
        Ada feeds the
        hopper.
      pose: Leaning in
      setting: The mill at night
      mood: hushed
      depicts_characters: [tom-reed]
    """
SCENE_PROMPT: Final = """
    The character is Ada Moor.

    A miller, forty.

    Looks: red scarf; floury, strong hands.

    Ada feeds the hopper.

    Pose: Leaning in.

    Also in the picture: Tom Reed.

    Setting: The mill at night.

    Mood: hushed.

    Style: woodcut.

    Style: half figure.

    Style: few lines.

    Avoid: text, Watermark.
    """

OVERVIEW: Final = """
    overview:
      image_type: establishing
      framing: wide
      required_elements: [wheel, weir]
      visual_description: A mill on a river?
      narrative_context: The last dry summer
      composition_notes: low horizon
      composition: {foreground: reeds, depth_layers: [mill, hills]}
      time_of_day: dusk
      weather: mist
      season: autumn
      lighting: {primary_source: window, color_temperature: warm}
      palette: {dominant: [ochre, blue], accent: [red], avoid: [green]}
      scene_mood: uneasy
      mood_rationale: It waits.
      style_notes: thick lines
      negative_prompt: "TEXT, cars (vans, lorries); wires."
    """
OVERVIEW_PROMPT: Final = """
    Place: The Mill.

    Kind of picture: establishing.

    Framing: wide.

    Must show: wheel; weir.

    A mill on a river?

    Story moment: The last dry summer.

    Composition: low horizon.

    Composition: foreground: reeds; depth layers: mill, hills.

    Time of day: dusk.

    Weather: mist.

    Season: autumn.

    Lighting: primary source: window; color temperature: warm.

    Main colours: ochre; blue.

    Accent colours: red.

    Mood: uneasy.

    It waits.

    Style notes: thick lines.

    Style: woodcut.

    Style: empty.

    Avoid: TEXT, cars (vans, lorries), wires, green, Watermark.
    """

ZONE: Final = """
    zones:
    - zone_slug: loft
      zone_name: The Loft
      image_type: zone
      key_elements: [sacks]
      description: Sacks under the roof
      prompt_used: |
        A loft,
        full of sacks
      mood: hushed
      default_prompt_elements: {must_include: [pulley], must_avoid: [people], atmosphere: dust}
    """
ZONE_PROMPT: Final = """
    Place: The Mill, The Loft.

    Kind of picture: zone.

    Must show: sacks.

    Must show: pulley.

    A loft,
    full of sacks

    Atmosphere: dust.

    Mood: hushed.

    Style: woodcut.

    Style: empty.

    Style: few lines.

    Avoid: people, text, Watermark.
    """

ZONE_IMAGE: Final = """
    generation_defaults: {negative_prompts: [snow]}
    overview: {slug: mill, description: d, negative_prompt: sun}
    zones:
    - name: The Loft
      slug: loft
      negative_prompt: cats
      default_prompt_elements: {must_include: [pulley], must_avoid: [people]}
      images: [{image_slug: night, prompt: The loft at night, negative_prompt: "mice, cats"}]
    """
ZONE_IMAGE_PROMPT: Final = """
    Place: The Mill, The Loft.

    Must show: pulley.

    The loft at night

    Style: woodcut.

    Style: empty.

    Avoid: mice, cats, sun, snow, people, text, Watermark.
    """

BEAT: Final = """
    beat_images:
    - beat_id: flood
      chapter_ref: one
      emotional_beat: too late
      image_spec:
        prompt: Water through the door
        image_type: moment
        scene_mood: hushed
        character_refs: [{slug: ada, role: subject}]
    """
BEAT_PROMPT: Final = """
    Reference images: image 1 is the portrait of Ada Moor. \
Identity follows the reference images; setting and action follow the text.

    Place: The Mill.

    Kind of picture: moment.

    Water through the door

    Emotional beat: too late.

    In the picture: Ada Moor.

    Mood: hushed.

    Style: woodcut.

    Style: small figures.

    Style: few lines.

    Avoid: text, Watermark.
    """

CHAPTER_IMAGE: Final = """
    characters: [{ref: ada, name: Ada}]
    images:
    - custom_id: end
      image_type: anchor
      visual_description: Ada opens the sluice.
      visual_hook: one lever
      depicts_characters: [ada, tom-reed]
      character_states: {ada: "soaked, laughing"}
      perspective_description: from the water
      setting: the weir
    """
CHAPTER_PROMPT: Final = """
    Reference images: image 1 is the portrait of Ada. \
Identity follows the reference images; setting and action follow the text.

    Kind of picture: anchor.

    Ada opens the sluice.

    Visual hook: one lever.

    In the picture: Ada (soaked, laughing); Tom Reed.

    Setting: the weir.

    Perspective: from the water.

    Style: woodcut.

    Style: small figures.

    Avoid: text, Watermark.
    """

GOLDEN: Final = {
    "scene": (IDEAS, SCENE, SCENE_PROMPT),
    "overview": (LOCATION, OVERVIEW, OVERVIEW_PROMPT),
    "zone": (LOCATION, ZONE, ZONE_PROMPT),
    "zone image": (LOCATION, ZONE_IMAGE, ZONE_IMAGE_PROMPT),
    "beat": (LOCATION, BEAT, BEAT_PROMPT),
    "chapter image": (CHAPTER, CHAPTER_IMAGE, CHAPTER_PROMPT),
}


@pytest.mark.parametrize(("file", "text", "prompt"), GOLDEN.values(), ids=list(GOLDEN))
def test_a_target_compiles_to_this_prompt(
    tmp_path: Path, file: str, text: str, prompt: str
) -> None:
    people = {} if file == IDEAS else ADA
    found = read(tmp_path, {file: text, **people, **MILL}, SETTINGS)
    assert found.targets[-1].prompt == textwrap.dedent(prompt).strip()
    assert found.problems == ()


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_and_wrapping_change_no_prompt(tmp_path: Path, line_end: str) -> None:
    unix = read(tmp_path / "a", {IDEAS: SCENE}, SETTINGS).targets
    raw = textwrap.dedent(SCENE).replace("\n", line_end).encode()
    rewrapped = raw.replace(b"feeds the", b"feeds", 1).replace(b"hopper", b"the hopper", 1)
    assert read(tmp_path / "b", {IDEAS: rewrapped}, SETTINGS).targets == unix


def test_a_prompt_is_nfc_without_control_characters(tmp_path: Path) -> None:
    text = 'images: [{id: a, prompt: "cafe\\u0301\\0\\a\\r\\nat\\u2028night"}]'
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt == "café\nat\nnight"


@pytest.mark.parametrize("field", ["prompt_used", "prompt", "prompt_template"])
def test_an_authors_prompt_takes_the_place_of_the_description(tmp_path: Path, field: str) -> None:
    text = f"images: [{{id: a, {field}: As I say, description: d, what_happens: w, weather: w}}]"
    prompt = only_target(read(tmp_path, {CHAPTER: text})).prompt
    assert prompt == "As I say\n\nWeather: w."


@pytest.mark.parametrize("prompt", ["", "'  '", "true", "{}", "null"])
def test_an_authors_prompt_that_says_nothing_does_not(tmp_path: Path, prompt: str) -> None:
    text = f"images: [{{id: a, prompt: {prompt}, description: d}}]"
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt == "d."


def test_a_portrait_stands_in_for_summary_and_looks(tmp_path: Path) -> None:
    (target,) = read(tmp_path, {IDEAS: SCENE, **ADA}).targets
    assert "image 1 is the portrait of Ada Moor." in target.prompt
    assert "The character is Ada Moor." in target.prompt
    assert "A miller" not in target.prompt
    assert "red scarf" not in target.prompt


def test_what_an_author_nests_is_read_six_levels_deep(tmp_path: Path) -> None:
    text = "images: [{id: a, prompt: p, lighting: {a: [b, {c: [[d, [[[e]]]]]}]}}]"
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt.endswith("Lighting: a: b, c: d.")


def test_a_style_of_the_files_defaults_is_written_and_their_model_is_not(tmp_path: Path) -> None:
    defaults = "metadata: {generation_defaults: {style: ink wash, model: other-1}}"
    text = f"{defaults}\nimages: [{{id: a, prompt: p}}]"
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt == "p\n\nStyle: ink wash."
