"""What is killed: a command, in what world, and how its run goes on from there.

A new command is a line in ``SCENARIOS``: its points are then counted, killed at and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.killing.world import PIPELINE
from tests.phases import analysing, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.killing.world import World

PICTURES: Final = {
    analysing.BOWL: story.portrait("red"),
    analysing.DOOR: story.portrait("black"),
}
ANALYSIS: Final = "plan --mode analyze"
ADOPT: Final = f"adopt {story.PORTRAIT} throwing-a-bowl"
RESUME: Final = "resume --yes"
SETTINGS: Final = "max_tasks_per_job: 2, adopt_wait_s: 60"
KEEP_ALL: Final = "cleanup_after_success: false"
SECOND_JOB: Final = "*/0002/*"


def as_it_is(_world: World) -> None:
    """Nothing out of the ordinary."""


def change_portrait(world: World) -> None:
    """Paint Ines anew, between plan and stage."""
    (world.project / story.PORTRAIT).write_bytes(story.portrait("gold"))


def vanish_zone(world: World) -> None:
    """Take a target out of the story."""
    kiln = world.project / story.KILN
    kiln.write_text(kiln.read_text().replace("slug: fire-mouth", "slug: fire-door"))


def take_entries_out(world: World) -> None:
    """Take our entries out of the story, as its author does."""
    for name in (story.INES, story.KILN):
        (world.project / name).write_bytes(story.STORY[name])


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command that is killed, what was typed before it, and what is typed after it."""

    before: tuple[str, ...]
    command: str
    after: tuple[str, ...]
    arrange: Callable[[World], None] = as_it_is
    with_pictures: bool = False
    uploads_at_once: int = 1
    settings: str = SETTINGS
    # A glob on display names: these jobs end without results.
    failing: str = ""
    # Killed at each n-th of its points only, where most of them are those of another scenario.
    stride: int = 1

    def write_story(self, project: Path) -> None:
        """Write the story's files."""
        settings = f"batch: {{upload_concurrency: {self.uploads_at_once}, {self.settings}}}\n"
        pictures = PICTURES if self.with_pictures else {}
        files = {**story.STORY, **pictures, "chargen.yaml": settings.encode()}
        for name, content in files.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def of(command: str, *, plan: str = "plan") -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return a phase of the pipeline with what comes before and after it."""
    commands = (plan, *PIPELINE[1:])
    at = PIPELINE.index(command)
    return commands[:at], commands[at], commands[at + 1 :]


SCENARIOS: Final[dict[str, Scenario]] = {
    # A plan is told again as a new run; whether its jobs come once is seen when they are created.
    "plan": Scenario((), "plan", ("stage", "submit")),
    **{command: Scenario(*of(command)) for command in PIPELINE[1:]},
    "stage, five uploads at once": Scenario(*of("stage"), uploads_at_once=5, stride=2),
    "stage after a changed reference": Scenario(*of("stage"), arrange=change_portrait, stride=2),
    "apply to an edited story": Scenario(*of("apply"), arrange=vanish_zone, stride=2),
    "apply of an analysis": Scenario(*of("apply", plan=ANALYSIS), with_pictures=True),
    "apply with a lost job": Scenario(*of("apply"), failing=SECOND_JOB, stride=2),
    "restore": Scenario(PIPELINE, "apply --restore", (), arrange=take_entries_out),
    "revert": Scenario(PIPELINE, "revert RUN --yes", ("report",)),
    "revert of an analysis": Scenario(
        (ANALYSIS, *PIPELINE[1:]), "revert RUN --yes", ("report",), with_pictures=True
    ),
    "cancel": Scenario(PIPELINE[:3], "cancel --yes", ()),
    # Up to where pictures would say which run drew them: retried again it is another one.
    "retry": Scenario(PIPELINE, "retry", PIPELINE[1:5], failing=SECOND_JOB),
    "cleanup": Scenario(PIPELINE, "cleanup", (), settings=f"{SETTINGS}, {KEEP_ALL}"),
    "adopt": Scenario(("plan",), ADOPT, PIPELINE[1:]),
    "resume": Scenario(("plan",), RESUME, (), stride=5),
}
