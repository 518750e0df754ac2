"""Prompts in full, one for each kind of target, and the rules that they are made by."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Final

import pytest

from chargen_batch.model.settings import Settings, Style
from chargen_batch.story.scan import scan
from tests.story.builder import CHAPTER, FACTS, IDEAS, LOCATION, PNG, only_target, read, write

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
BEA: Final[dict[str, str | bytes]] = {
    "characters/bea/imagery.yaml": "appearance: |\n  Bea is tall\n  and grey.",
    "characters/cy/imagery.yaml": "appearance: Cy is small.",
}
LOFT: Final[dict[str, str | bytes]] = {
    LOCATION: """
        zones:
        - slug: mill-loft
          name: The Loft
          prompt: p
          image_inventory: [{path: images/loft.png, status: approved}]
        """,
    "locations/mill/images/loft.png": PNG,
}
MILL: Final[dict[str, str | bytes]] = {"locations/mill/overview.md": "# The Mill - Overview\n"}
GOLDEN: Final = Path(__file__).parent / "golden"
SCENE: Final = (GOLDEN / "scene.yaml").read_text("utf-8")
KINDS: Final[dict[str, tuple[str, dict[str, str | bytes]]]] = {
    "scene": (IDEAS, {}),
    "overview": (LOCATION, MILL),
    "zone": (LOCATION, MILL),
    "zone-image": (LOCATION, MILL),
    "beat": (LOCATION, MILL | ADA),
    "chapter-image": (CHAPTER, MILL | ADA | BEA | LOFT),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_each_kind_compiles_to_this_prompt(tmp_path: Path, kind: str) -> None:
    file, others = KINDS[kind]
    text = (GOLDEN / f"{kind}.yaml").read_text("utf-8")
    found = read(tmp_path, {**others, file: text}, SETTINGS)
    assert found.targets[-1].prompt + "\n" == (GOLDEN / f"{kind}.txt").read_text("utf-8")
    assert found.problems == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sections_say_where_each_part_of_a_prompt_stands(tmp_path: Path, kind: str) -> None:
    file, others = KINDS[kind]
    text = (GOLDEN / f"{kind}.yaml").read_text("utf-8")
    target = read(tmp_path, {**others, file: text}, SETTINGS).targets[-1]
    priorities = [section.priority for section in target.sections]
    assert priorities == sorted(priorities)
    assert all(section.text in target.prompt for section in target.sections)
    assert not any(section.dropped for section in target.sections)


def test_a_section_has_its_priority_its_name_and_its_path(tmp_path: Path) -> None:
    text = "generation_defaults: {style: ink}\nimages: [{id: a, prompt: p, technical: {mood: m}}]"
    sections = only_target(read(tmp_path, {CHAPTER: text}, SETTINGS)).sections
    assert [(one.priority, one.name, one.path) for one in sections] == [
        (2, "author's prompt", ("images", 0, "prompt")),
        (5, "style", None),
        (5, "style of the scenario", None),
        (5, "own style", ("generation_defaults", "style")),
        (5, "mood", ("images", 0, "technical", "mood")),
    ]


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


@pytest.mark.parametrize(
    ("mode", "fields", "prompt"),
    [
        ("auto", "prompt: p, description: d, mood: m", "p\n\nMood: m.\n\nAvoid: cats."),
        ("author", "prompt: p, description: d, mood: m", "p\n\nAvoid: cats."),
        ("author", "description: d, mood: m", "d.\n\nMood: m.\n\nAvoid: cats."),
        ("compiled", "prompt: p, description: d, mood: m", "d.\n\nMood: m.\n\nAvoid: cats."),
        ("compiled", "prompt: p, must_avoid: cats", "p\n\nAvoid: cats."),
    ],
)
def test_the_prompt_mode_says_whether_authors_prompts_count(
    tmp_path: Path, mode: str, fields: str, prompt: str
) -> None:
    write(tmp_path, {CHAPTER: f"images: [{{id: a, {fields}, negative_prompt: cats}}]"})
    found = scan(tmp_path, Settings(), facts=FACTS, prompt_mode=mode)  # type: ignore[arg-type]
    assert only_target(found).prompt == prompt


def test_a_portrait_stands_in_for_summary_and_looks(tmp_path: Path) -> None:
    (target,) = read(tmp_path, {IDEAS: SCENE, **ADA}).targets
    assert "image 1 is the portrait of Ada Moor." in target.prompt
    assert "The character is Ada Moor." in target.prompt
    assert "A miller" not in target.prompt
    assert "red scarf" not in target.prompt


def test_the_appearance_stands_in_where_nothing_else_says_how_somebody_looks(
    tmp_path: Path,
) -> None:
    files = {
        IDEAS: "scenes: [{title: t, scene: s}]",
        "characters/ada/imagery.yaml": "appearance: a",
    }
    assert only_target(read(tmp_path, files)).prompt == "The character is Ada.\n\nLooks: a.\n\ns."


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ("{ada: [wet, cold.], mob: running}", "In the picture:\nAda: wet; cold.\nMob: running."),
        ("{ada: null, mob: ''}", "In the picture: Ada."),
        ("All of them wet", "Characters: All of them wet.\n\nIn the picture: Ada."),
    ],
)
def test_states_are_said_of_whomever_they_are_given_to(
    tmp_path: Path, states: str, said: str
) -> None:
    fields = f"depicts_characters: [ada], character_states: {states}"
    text = f"images: [{{id: a, prompt: p, {fields}}}]"
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt == f"p\n\n{said}"


def test_what_an_author_nests_is_read_six_levels_deep(tmp_path: Path) -> None:
    text = "images: [{id: a, prompt: p, lighting: {a: [b, {c: [[d, [[[e]]]]]}]}}]"
    assert only_target(read(tmp_path, {CHAPTER: text})).prompt.endswith("Lighting: a: b, c: d.")


def test_nothing_is_said_twice(tmp_path: Path) -> None:
    text = """
        images:
        - id: a
          prompt: A mill by the dark river. It burns.
          visual_hook: a mill by the dark river
          depicts_characters: [ada, bob]
          character_states: {ada: Wet. A mill by the dark river., bob: Dry.}
          composition_notes: Low and wide. A mill by the dark river!
          composition: Low and wide. A mill by the dark river.
          mood: dark
        """
    prompt = only_target(read(tmp_path, {CHAPTER: text})).prompt
    assert prompt == (
        "A mill by the dark river. It burns.\n\n"
        "In the picture:\nAda: Wet.\nBob: Dry.\n\n"
        "Composition: Low and wide.\n\nMood: dark."
    )


@pytest.mark.parametrize(
    ("weight", "budget"),
    [
        ("critical", 6_000), ("High", 5_000), ("medium", 4_000), ("low", 3_000),
        ("", 4_000), ("huge", 4_000),
    ],
)  # fmt: skip
def test_the_moments_visual_weight_sets_the_length_of_a_prompt(
    tmp_path: Path, weight: str, budget: int
) -> None:
    notes = "It is a long note. " * 400
    text = f"""
        moments: [{{id: m, visual_weight: {weight}}}]
        images: [{{id: a, source_moment: m, prompt: p, mood: m, mood_rationale: {notes}}}]
        """
    target = only_target(read(tmp_path, {CHAPTER: text}))
    assert budget - len("It is a long note. ") <= len(target.prompt) <= budget
    kept, rest = (one for one in target.sections if one.name == "mood rationale")
    assert (kept.dropped, rest.dropped) == (False, True)
    assert f"{kept.text} {rest.text}" == notes.strip()


def test_what_is_never_cut_and_over_the_budget_is_a_warning(tmp_path: Path) -> None:
    text = f"images: [{{id: a, prompt: {'x' * 4_001}}}]"
    message = "what is never cut makes the prompt 4,001 characters long, over its 4,000"
    assert read(tmp_path, {CHAPTER: text}).warnings == (f"{CHAPTER}: a: {message}",)


def test_a_moment_that_does_not_exist_is_a_warning(tmp_path: Path) -> None:
    found = read(tmp_path, {CHAPTER: "images: [{id: a, prompt: p, source_moment: m9}]"})
    (warning,) = found.warnings
    assert "source_moment: no moment has the id 'm9'" in warning


def test_texts_that_no_prompt_takes_are_known_by_their_paths(tmp_path: Path) -> None:
    text = """
        images:
        - id: a
          title: The End
          prompt: p
          source_quote: as she said
          narrative_role: turning
          default_prompt_elements: {must_include: [a lamp], smells: [of hay]}
          interplay: {ada: looks away}
          technical: {focal_length: 35 mm, ratio: 2}
        """
    assert only_target(read(tmp_path, {CHAPTER: text})).unused == (
        ("images", 0, "source_quote"),
        ("images", 0, "default_prompt_elements", "smells"),
        ("images", 0, "interplay"),
        ("images", 0, "technical", "focal_length"),
    )
