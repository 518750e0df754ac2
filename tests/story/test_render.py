from __future__ import annotations

import pytest

from chargen_batch.story.prompt.render import render
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
