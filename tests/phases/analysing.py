"""The potter's story with pictures that nobody described, and answers about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from chargen_batch.phases.plan import PlanChoices
from tests.analyses import APPEARANCE, IMAGE
from tests.phases import lines, story
from tests.phases.story import portrait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.phases.world import Service, World
    from tests.service.lines import Line, Results

ANALYZE: Final = PlanChoices(mode="analyze")
BOWL: Final = "characters/ines/images/bowl.png"
DOOR: Final = "chapters/first-firing/images/door.jpg"  # a PNG by its bytes
TARGETS: Final = ("bowl.png", "appearance", "door.jpg")


def make(root: Path, kind: type[Service] | None = None) -> World:
    """Write the story with two pictures and a profile, and a service that analyses."""
    world = story.make(root, kind) if kind else story.make(root)
    world.write(BOWL, portrait("red"))
    world.write(DOOR, portrait("black"))
    world.write("characters/tomas/profile.md", "# Tomas\n\nA boy with flour in his hair.\n")
    world.service.results = answered()
    return world


def analysis_line(key: str) -> Line:
    """Return the result line of an analysis, as the service writes it."""
    answer = APPEARANCE if "/appearance@" in key else IMAGE
    return lines.text_line(key, text=json.dumps(answer, indent=2))


def answered(**answers: Callable[[str], Line | bytes]) -> Results:
    """Answer targets (by their names' stems) as told; else well."""

    def results(requests: Sequence[Line]) -> Iterable[Line | bytes]:
        for request in requests:
            key = str(request["key"])
            stem = key.rpartition("@")[0].rpartition("/")[2].partition(".")[0]
            yield answers.get(stem, analysis_line)(key)

    return results


def run(world: World, *commands: str) -> World:
    """Plan an analysis, and run phases, none of which fails."""
    assert world.plan(ANALYZE).run_id
    return world.do_all(*commands)
