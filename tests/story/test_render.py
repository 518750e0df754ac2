from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen_batch.story.prompt.render import render, trimmed
from chargen_batch.story.prompt.sections import Section

KEPT = Section(1, "constraints", "Must show: a mill.", kept=True)
AUTHOR = Section(2, "author's prompt", "A mill. It burns.", kept=True)
LIGHT = Section(4, "lighting", "Soft light. From above. Warm.")
STYLE = Section(5, "style", "Woodcut.")


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (
            400,
            "Must show: a mill.\n\nA mill. It burns.\n\nSoft light. From above. Warm.\n\nWoodcut.",
        ),
        (77, "Must show: a mill.\n\nA mill. It burns.\n\nSoft light. From above. Warm."),
        (66, "Must show: a mill.\n\nA mill. It burns.\n\nSoft light. From above."),
        (50, "Must show: a mill.\n\nA mill. It burns.\n\nSoft light."),
        (49, "Must show: a mill.\n\nA mill. It burns."),
    ],
)
def test_over_budget_the_last_sections_go_and_one_is_cut_at_a_sentence(
    budget: int, expected: str
) -> None:
    rendered = render([KEPT, AUTHOR, LIGHT, STYLE], budget=budget)
    assert rendered.text == expected
    assert not rendered.over_budget


def test_what_is_kept_is_never_cut_and_that_is_said() -> None:
    rendered = render([KEPT, AUTHOR, LIGHT], negatives=["fire"], budget=10)
    assert rendered.text == "Must show: a mill.\n\nA mill. It burns.\n\nAvoid: fire."
    assert rendered.over_budget


def test_a_section_behind_a_dropped_one_is_dropped_though_it_would_fit() -> None:
    long = Section(3, "composition", "No sentence ends in here before the very last word.")
    assert render([KEPT, long, STYLE], budget=40).text == "Must show: a mill."


@pytest.mark.parametrize("budget", range(0, 120, 7))
def test_a_prompt_of_droppable_sections_stays_within_any_budget(budget: int) -> None:
    sections = [LIGHT, Section(4, "palette", 'Ochre, "blue." And (red!) too.'), STYLE]
    assert len(render(sections, budget=budget).text) <= budget


@pytest.mark.parametrize("budget", [400, 66, 49, 30])
def test_what_is_left_out_is_said_with_the_rest_of_what_was_cut(budget: int) -> None:
    rendered = render([KEPT, AUTHOR, LIGHT, STYLE], budget=budget)
    texts = [one.text for one in rendered.fitting + rendered.left if one.name == "lighting"]
    assert " ".join(texts) == LIGHT.text
    assert {one.name for one in rendered.fitting + rendered.left} >= {"style", "constraints"}


words = st.text(alphabet="abc .,!", min_size=1, max_size=60).filter(str.strip)
sections = st.lists(
    st.builds(
        Section,
        st.sampled_from([1, 2, 3, 4, 5]),
        st.sampled_from(["constraints", "author's prompt", "setting", "mood"]),
        words,
        kept=st.booleans(),
    ),
    max_size=8,
)


@given(sections, st.integers(0, 300), st.lists(words, max_size=2))
def test_trimming_keeps_what_is_kept_and_the_budget_otherwise(
    parts: list[Section], budget: int, negatives: list[str]
) -> None:
    rendered = render(parts, negatives=negatives, budget=budget)
    kept = [one for one in parts if one.kept]
    assert [one for one in rendered.fitting if one.kept] == kept
    assert not any(one.kept for one in rendered.left)
    least = render(kept, negatives=negatives, budget=0).text
    assert len(rendered.text) <= max(budget, len(least))
    assert rendered == render(parts, negatives=negatives, budget=budget)


@given(sections, st.integers(-9, 300))
def test_nothing_is_lost_between_what_fits_and_what_does_not(
    parts: list[Section], room: int
) -> None:
    fitting, left = trimmed(parts, room)
    letters = "".join(one.text for one in (*fitting, *left))
    assert sorted("".join(letters.split())) == sorted(
        "".join("".join(one.text for one in parts).split())
    )
