"""A key that is nearly one that is read is said; a writer's own keys are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.model.settings import Settings, Style
from chargen_batch.story.misspelling import misspelt_keys, near_name
from tests.story.builder import CHAPTER, IDEAS, LOCATION, read

if TYPE_CHECKING:
    from pathlib import Path

# A file, a text with a slip in it, and the warning.
SLIPS: Final[dict[str, tuple[str, str, str]]] = {
    "a scene": (
        IDEAS,
        "scenes: [{title: T, scen: S, pose: P}]",
        "1:27: scen: did you mean scene?  [scenes[0].scen]",
    ),
    "the list of scenes": (IDEAS, "scnes: []", "1:8: scnes: did you mean scenes?  [scnes]"),
    "who a character is": (
        IDEAS,
        "character: {naem: Ada}",
        "1:19: naem: did you mean name?  [character.naem]",
    ),
    "how a character looks": (
        "characters/ada/imagery.yaml",
        "apearance: Tall.",
        "1:12: apearance: did you mean appearance?  [apearance]",
    ),
    "an overview": (
        LOCATION,
        "overview: {descripton: A mill., mood: calm}",
        "1:24: descripton: did you mean description?  [overview.descripton]",
    ),
    "one of several overviews": (
        LOCATION,
        "overview: {primary: {prompt: A mill., time-of-day: dusk}}",
        "1:52: time-of-day: did you mean time_of_day?  [overview.primary.time-of-day]",
    ),
    "a zone": (
        LOCATION,
        "zones: [{slug: a, prompt: A wheel., lightning: soft}]",
        "1:48: lightning: did you mean lighting?  [zones[0].lightning]",
    ),
    "a zone's image": (
        LOCATION,
        "zones: [{slug: a, images: [{id: b, prompt: A wheel., Mood: calm}]}]",
        "1:60: Mood: did you mean mood?  [zones[0].images[0].Mood]",
    ),
    "an image's specification": (
        LOCATION,
        "beat_images: [{id: b, image_spec: {prompt: A wheel., wheather: rain}}]",
        "1:64: wheather: did you mean weather?  [beat_images[0].image_spec.wheather]",
    ),
    "a chapter's image": (
        CHAPTER,
        "images: [{id: a, prompt: P, depict_characters: [ada]}]",
        "1:48: depict_characters: did you mean depicts_characters?  [images[0].depict_characters]",
    ),
    "a moment": (
        CHAPTER,
        "moments: [{id: a, narative_beat: B}]",
        "1:34: narative_beat: did you mean narrative_beat?  [moments[0].narative_beat]",
    ),
    "someone in a chapter": (
        CHAPTER,
        "characters: [{slug: ada, refrence_images: [a]}]",
        "1:43: refrence_images: did you mean reference_images?  [characters[0].refrence_images]",
    ),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_in_a_key_is_a_warning_with_its_place(tmp_path: Path, case: str) -> None:
    file, text, warning = SLIPS[case]
    files = {IDEAS: "scenes: []", file: text}
    assert f"{file}:{warning}" in read(tmp_path, files).warnings


@pytest.mark.parametrize(
    "key", ["my_notes", "scene_index", "mood_board", "atmospheric", "image_subtype", "reason", "x"]
)
def test_a_key_of_the_writers_own_is_left_alone(key: str) -> None:
    assert not [*misspelt_keys({"scenes": [{key: "a text", "title": "T"}]}, "ideas")]


def test_what_has_the_right_key_as_well_has_no_slip() -> None:
    fields = {"scenes": [{"scene": "S", "scen": "a draft", "title": "T"}]}
    assert not [*misspelt_keys(fields, "ideas")]


def test_letters_that_changed_places_are_a_slip_however_short_the_name() -> None:
    assert near_name("poes", ("pose",)) == "pose"
    assert near_name("pos", ("pose",)) == "pose"
    assert near_name("nose", ("pose",)) is None


STYLE: Final = Settings(style=Style(moods={"Homely": "Warm light.", "late sun": "Long shadows."}))


@pytest.mark.parametrize(("mood", "meant"), [("homly", "Homely"), ("late-sun", "late sun")])
def test_a_mood_that_is_nearly_one_of_the_settings_is_a_warning(
    tmp_path: Path, mood: str, meant: str
) -> None:
    ideas = f"scenes: [{{title: T, scene: S, mood: {mood}}}]"
    assert read(tmp_path, {IDEAS: ideas}, STYLE).warnings[0] == (
        f"{IDEAS}:1:37: mood: style.moods has no {mood!r}: did you mean {meant}?  [scenes[0].mood]"
    )


@pytest.mark.parametrize("mood", ["homely", "HOMELY", "sombre", "a home far away", "[a, b]"])
def test_moods_that_are_known_or_free_are_left_alone(tmp_path: Path, mood: str) -> None:
    ideas = f"scenes: [{{title: T, scene: S, mood: {mood}}}]"
    assert not any("mood" in one for one in read(tmp_path, {IDEAS: ideas}, STYLE).warnings)


def test_a_place_in_a_scene_of_a_character_is_a_text_that_nothing_takes(tmp_path: Path) -> None:
    ideas = "scenes: [{title: T, scene: S, location: the-mill}]"
    (target,) = read(tmp_path, {IDEAS: ideas}).targets
    assert target.unused == (("scenes", 0, "location"),)


def test_a_place_in_an_image_of_a_chapter_is_taken(tmp_path: Path) -> None:
    (target,) = read(tmp_path, {CHAPTER: "images: [{id: a, prompt: P, location: mill}]"}).targets
    assert target.unused == ()
