"""A potter's story of five pictures, and its run in any phase."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image

from chargen_batch.core import state_machine
from chargen_batch.errors import ExitCode, StagingError
from chargen_batch.phases.effects import iso
from chargen_batch.service.api import ServiceAddress
from tests.phases import lines
from tests.phases.world import NOW, Clock, Service, World
from tests.service.lines import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase

PHASES: Final = tuple(state_machine.TRANSITIONS)
REHEARSAL: Final = ServiceAddress("emulator", "http://127.0.0.1:1", "emulator")

IDEAS: Final = "characters/ines/image-ideas.yaml"
INES: Final = "characters/ines/imagery.yaml"
PORTRAIT: Final = "characters/ines/images/portrait.png"
KILN: Final = "locations/old-kiln/imagery.yaml"
CHAPTER: Final = "chapters/first-firing/imagery.yaml"


def portrait(colour: str) -> bytes:
    """Paint a tiny picture."""
    stream = io.BytesIO()
    Image.new("RGB", (3, 4), colour).save(stream, "PNG")
    return stream.getvalue()


STORY: Final[dict[str, bytes]] = {
    "chargen.yaml": b"""\
batch: {upload_concurrency: 1, max_tasks_per_job: 2, adopt_wait_s: 60}
""",
    IDEAS: b"""\
character: {name: Ines Brandao, summary: a potter of forty with grey braids}
scenes:
  - title: Throwing a Bowl
    scene: Ines throws a bowl on the wheel, clay to her elbows.
    tags: [clay, wheel]
  - title: Carrying Wood
    scene: Ines carries ash wood up to the kiln.
""",
    INES: b"""\
# what Ines looks like; mine, by hand
appearance: "Forty, broad hands."
image_inventory: []   # nothing yet
""",
    PORTRAIT: portrait("teal"),
    "characters/tomas/images/portrait.png": portrait("brown"),
    KILN: b"""\
name: The Old Kiln
zones:
  - slug: fire-mouth
    description: A brick arch, black with soot, at dusk.
    images: []
beat_images:
  - slug: first-smoke
    narrative_context: White smoke stands over the roof.
    depicts_characters: [ines]
""",
    CHAPTER: b"""\
characters: [{ref: ines, name: Ines}, {ref: tomas, name: Tomas}]
moments:
  - {id: opening, title: The Door Opens}
images:
  - custom_id: door-opens
    source_moment: opening
    prompt: Ines and Tomas open the kiln door.
    character_refs: [ines, tomas]
    generated_at: null
    file_name: null
    file_path: null
    provider: null
    model: null
    provider_metadata: {}
""",
}
TARGETS: Final = ("throwing-a-bowl", "carrying-wood", "fire-mouth", "first-smoke", "door-opens")


def make(root: Path, kind: type[Service] = Service) -> World:
    """Write the story; its jobs end the first time that they are looked at."""
    clock = Clock()
    world = World(root, kind(looks=1, now=clock), clock)
    for name, content in STORY.items():
        world.write(name, content)
    return world


def in_phase(root: Path, phase: Phase) -> World:
    """Return a world whose run is in a phase, come to by its own way where there is one."""
    world = make(root)
    match phase:
        case "planned" | "staged" | "submitted" | "downloading" | "applying":
            return world.before(state_machine.NEXT_COMMAND[phase])
        case "staging":
            return _staging(world)
        case "running":
            world.service.looks = 2
            return world.do_all("plan", "stage", "submit", "poll")
        case "completed":
            return world.before("report")
        case "failed":
            return _failed(world)
        case "cancelled":
            world.do_all("plan")
            moved = state_machine.moved(world.state, "cancelled", at=iso(NOW), command="cancel")
            world.run.save(moved)
            return world


def _staging(world: World) -> World:
    world.do_all("plan")
    world.service.fail("upload", refusal(400, "INVALID_ARGUMENT", "not this one"))
    with pytest.raises(StagingError):
        world.stage()
    return world


def _failed(world: World) -> World:
    world.do_all("plan", "stage", "submit")
    lose_jobs(world, "JOB_STATE_FAILED")
    assert world.poll().exit_code is ExitCode.FAILED
    return world


def change_portrait(world: World) -> None:
    """Paint Ines anew, as a person does between two commands."""
    world.write(PORTRAIT, portrait("gold"))


def vanish_zone(world: World) -> None:
    """Take a target out of the story."""
    world.write(KILN, world.read(KILN).replace("slug: fire-mouth", "slug: fire-door"))


def every_kind_of_line(world: World) -> None:
    """Let the results have a line of each kind that there is, good and bad."""
    world.service.results = lines.every_kind


def lose_jobs(world: World, state: str, *jobs: int) -> None:
    """Let created jobs end in a state, all or those of these numbers."""
    for number, stored in enumerate(world.service.jobs.values(), 1):
        if not jobs or number in jobs:
            stored.ending = state
