"""Which lines of ``scene_variations`` hold for a scene and a state."""

from __future__ import annotations

import textwrap
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.story.prompt.variations import parsed, picked, prose_of, scene_number

PROSE: Final = textwrap.dedent(
    """\
    CHAPTER 4 VARIATIONS (THE FLOOD):
    BEFORE: Dry, in
    her Sunday coat. Later: barefoot,
    as her hands say: calm
    - SCENE 03 (Trapped): At the glass.
    - SCENE 03 (Before the fall, calm): On the stairs.
      Note: a lamp,
      and a rope.
    - SCENES 01-03: In the cart
    - SCENES 05, 7 and 9 (Night): Asleep.
    - SCENES 11\N{EN DASH}12: With a stick.
    - SCENE 20+: Old.
    Wolf form: Grey fur.

    A loose remark that belongs nowhere.
    - Throughout: A red scarf.
    """
)
SCARF: Final = "A red scarf."
COAT: Final = "Dry, in her Sunday coat. Later: barefoot, as her hands say: calm."
STAIRS: Final = "On the stairs. Note: a lamp, and a rope."


@pytest.mark.parametrize(
    ("scene_id", "state", "expected"),
    [
        ("", "", SCARF),
        ("scn-04-01", "", f"In the cart. {SCARF}"),
        ("scn-04-02", "unknown", f"In the cart. {SCARF}"),
        ("scn-04-03", "", f"At the glass. {STAIRS} In the cart. {SCARF}"),
        ("scn-04-03", "trapped", f"At the glass. {SCARF}"),
        ("scn-04-03", "before", f"{COAT} {STAIRS} {SCARF}"),
        ("scn-04-03", "calm", f"{STAIRS} {SCARF}"),
        ("scn-04-03", "fall calm", f"{STAIRS} {SCARF}"),
        ("scn-04-03", "trap", f"At the glass. {STAIRS} In the cart. {SCARF}"),
        ("scn-04-04", "before", f"{COAT} {SCARF}"),
        ("scn-04-04", "", SCARF),
        ("scn-04-05", "day", f"Asleep. {SCARF}"),
        ("scn-04-07", "", f"Asleep. {SCARF}"),
        ("scn-04-08", "", SCARF),
        ("scn-04-09", "", f"Asleep. {SCARF}"),
        ("scn-4-12", "", f"With a stick. {SCARF}"),
        ("scn-04-19", "", SCARF),
        ("scn-04-20", "", f"Old. {SCARF}"),
        ("scn-04-112", "wolf_form", f"Grey fur. Old. {SCARF}"),
        ("", "Wolf-Form", f"Grey fur. {SCARF}"),
    ],
)
def test_the_lines_that_fit_a_scene_and_a_state_are_picked(
    scene_id: str, state: str, expected: str
) -> None:
    assert picked(PROSE, scene_id=scene_id, state=state) == expected


@pytest.mark.parametrize(
    "prose",
    ["", "Just prose, without a name.", "CHAPTER 1:\n- SCENE 02: Wet.", "AFTER: Wet.", ":", "- :"],
)
def test_where_no_line_fits_none_is_taken(prose: str) -> None:
    assert picked(prose, scene_id="scn-01-01", state="before") == ""


@pytest.mark.parametrize(
    ("label", "scenes"),
    [
        ("SCENE 3", ((3, 3),)),
        ("Scene 03", ((3, 3),)),
        ("SCENES 01-03", ((1, 3),)),
        ("SCENES 1 \u2013 3 (x)", ((1, 3),)),
        ("SCENES 1 to 3", ((1, 3),)),
        ("SCENES 01, 05", ((1, 1), (5, 5))),
        ("SCENES 1-2, 5 & 7+", ((1, 2), (5, 5), (7, 10**9))),
        ("SCENERY 3", ()),
    ],
)
def test_a_name_says_for_which_scenes_a_line_is(label: str, scenes: tuple[object, ...]) -> None:
    (line,) = parsed(f"{label}: text")
    assert line.scenes == scenes


@pytest.mark.parametrize(
    ("scene_id", "number"),
    [("scn-01-03", 3), ("scn-15-5-03", 3), ("12", 12), ("scn-01-03b", 3), ("", None), ("x", None)],
)
def test_the_last_number_of_a_scenes_id_is_its_number(scene_id: str, number: int | None) -> None:
    assert scene_number(scene_id) == number


@pytest.mark.parametrize(
    "value",
    [
        "BEFORE: Dry.\nAFTER: Wet.",
        ["BEFORE: Dry.", "AFTER: Wet."],
        {"BEFORE": "Dry.", "AFTER": "Wet."},
    ],
)
def test_a_list_or_a_mapping_is_read_as_lines(value: object) -> None:
    assert picked(prose_of(value), scene_id="", state="after") == "Wet."


@given(st.text(alphabet="SCENEbe 03-+,:()\n.aT", max_size=80), st.text(max_size=9))
def test_any_prose_can_be_read_and_gives_only_words_of_its_own(prose: str, state: str) -> None:
    text = picked(prose, scene_id="scn-01-03", state=state)
    assert set(text) <= set(prose) | set(" .")
