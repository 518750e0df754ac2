"""What is asked about pictures and characters, written out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from chargen_batch.model.settings import Settings
from chargen_batch.story.analysis import scan_analysis
from chargen_batch.story.analysis_prompt import Subject, appearance_prompt, cut, image_prompt
from tests.story.builder import PNG, write

PROFILE: Final = "# Ada Moor - Profile\n\nKeeper of the light. Tall, sixty, white hair."
STORY: Final[dict[str, str | bytes]] = {
    "characters/ada/imagery.yaml": "appearance: 'Sixty, tall,\n  white hair.'\n",
    "characters/ada/image-ideas.yaml": """\
        character: {name: Ada Moor, summary: The keeper.}
        visual_consistency: [grey coat, "Sixty, tall, white hair."]
        """,
    "characters/ada/images/lamp.png": PNG,
    "characters/bo/profile.md": "# Bo\n\nA boy of ten with a red cap.",
    "characters/bo/imagery.yaml": "appearance: null",
    "characters/bo/images/cap.png": PNG,
    "characters/cy/images/cy.png": PNG,
    "locations/mill/imagery.yaml": """\
        metadata: {name: The Old Mill, one_line_essence: Where the river turns}
        location_visual_anchor: {signature: [a broken wheel]}
        overview: {description: A mill over black water.}
        """,
    "locations/mill/images/mill.png": PNG,
    "chapters/one/imagery.yaml": """\
        metadata: {chapter_title: The Storm, visual_thesis: From calm to ruin.}
        characters: [{ref: ada, name: Ada}, {ref: bo}, {ref: stranger, name: The Stranger}, 3]
        """,
    "chapters/one/images/storm.png": PNG,
}


def prompts(project: Path) -> dict[str, str]:
    found = scan_analysis(write(project, STORY), Settings())
    assert found.problems == ()
    return {target.target_id: target.prompt for target in found.targets}


def golden(name: str) -> str:
    """Return a prompt as it is written out; the last line end is the file's own."""
    return (Path(__file__).parent / "golden" / f"analysis-{name}.txt").read_text("utf-8")[:-1]


def described(prompt: str) -> list[str]:
    """Return the lines of the description in a prompt."""
    return prompt.partition("<description>\n")[2].partition("\n</description>")[0].splitlines()


def test_prompt_about_a_picture_of_a_character_is_this_text(tmp_path: Path) -> None:
    assert prompts(tmp_path)["lamp.png"] == golden("picture")


def test_prompt_about_an_appearance_is_this_text() -> None:
    said = appearance_prompt("Ada Moor", PROFILE, has_portrait=True)
    assert said == golden("appearance")


def test_character_is_described_by_its_profile_where_nothing_else_does(tmp_path: Path) -> None:
    said = prompts(tmp_path)
    assert described(said["cap.png"]) == ["# Bo", "", "A boy of ten with a red cap."]
    assert described(said["cy.png"]) == []
    assert "has no description to compare with" in said["cy.png"]


def test_place_is_described_by_essence_anchor_and_overview(tmp_path: Path) -> None:
    said = prompts(tmp_path)["mill.png"]
    assert "the location \u201cThe Old Mill\u201d" in said
    assert described(said) == [
        "Where the river turns",
        "signature: a broken wheel",
        "A mill over black water.",
    ]


def test_chapter_is_described_by_its_thesis_and_its_cast(tmp_path: Path) -> None:
    said = prompts(tmp_path)["storm.png"]
    assert "the chapter \u201cThe Storm\u201d" in said
    assert described(said)[:2] == [
        "From calm to ruin.",
        "Ada: Sixty, tall, white hair.; The keeper.; grey coat",
    ]
    assert described(said)[-1] == "The Stranger"
    assert any(line.startswith("Bo: ") for line in described(said))


def test_prompt_without_portrait_does_not_speak_of_one() -> None:
    assert "portrait" not in appearance_prompt("Ada", PROFILE, has_portrait=False)


def test_same_story_elsewhere_gives_the_same_prompts(tmp_path: Path) -> None:
    assert prompts(tmp_path / "a") == prompts(tmp_path / "b")


def test_braces_in_a_story_are_words_like_any_other() -> None:
    said = image_prompt(Subject("character", "{name}", ("{0} of {looks}",)))
    assert "{0} of {looks}" in said
    assert "Call a figure {name} only" in said


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("One. Two.", 9, "One. Two."),
        ("One two. Three four.", 12, "One two."),
        ("One two three four", 12, "One two"),
        ("One.\nTwo three four five", 8, "One."),
        ("Onetwothreefour", 6, "Onetwo"),
        ('"Go!" he said then', 8, '"Go!"'),
    ],
)
def test_long_text_ends_with_a_sentence_else_with_a_word(text: str, most: int, kept: str) -> None:
    assert cut(text, most) == kept
    assert len(kept) <= most
