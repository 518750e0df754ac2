"""docs/tour.md: its commands, typed in order, lead to what it says."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from tests import documents
from tests.recipes.running import PICTURES, Place

if TYPE_CHECKING:
    from pathlib import Path

TOUR = documents.ROOT / "docs/tour.md"
HOW_IT_IS_SAID = {"report --open": "report", "run": "run --yes --interval 0.1"}
# Typed, without a person: one go up to the review, and what comes after it.
BEFORE = ["validate", "plan --dry-run", "show two-mugs", "run", "report --open", "status --story"]
AFTER = ["plan --dry-run", "run"]


def follow(home: Place, commands: list[str]) -> str:
    """Type commands of the tour; return what they printed."""
    said = ""
    for command in commands:
        ran = home.command(*shlex.split(HOW_IT_IS_SAID.get(command, command)))
        assert ran.returncode == 0, (command, ran.stderr)
        said += ran.stdout
    return said


def reject(home: Place, picture: str) -> Path:
    """Write ``rejected`` into a picture's entry, as the tour says for those without a browser."""
    (file,) = (path for path in home.story.glob("*/*/imagery.yaml") if picture in path.read_text())
    before, name, after = file.read_text().partition(f'path: "images/{picture}')
    file.write_text(before + name + re.sub('status: "?draft"?', "status: rejected", after, count=1))
    return file


def test_the_tour_types_these_commands_in_this_order() -> None:
    typed = [
        shlex.join(words)
        for block in documents.blocks(TOUR, "sh")
        for words in documents.typed(block.text)
    ]
    assert [command for command in typed if command in {*BEFORE, *AFTER}][: len(BEFORE)] == BEFORE
    assert typed[typed.index("review") + 1 :][: len(AFTER)] == AFTER


def test_the_tour_ends_with_a_second_variant_of_the_rejected_picture(home: Place) -> None:
    follow(home, BEFORE)
    assert home.drawn() == PICTURES
    file = reject(home, "two-mugs")
    assert "rejected" in follow(home, AFTER)
    assert home.drawn() == PICTURES + 1
    assert len(re.findall(r'target_id: "two-mugs"\n\s+variant: ([12])', file.read_text())) == 2


def test_init_writes_the_story_that_the_tour_goes_through(home: Place) -> None:
    assert home.command("init", "--example").returncode == 0
    copy = home.story / "lantern-coast"
    assert {path.name for path in copy.iterdir()} >= {"characters", "locations", "chapters"}
