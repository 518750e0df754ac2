"""status --story: how far each entity of the story is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import standing
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import ExitCode
from chargen_batch.phases import plan

if TYPE_CHECKING:
    from chargen_batch.config import Project
    from chargen_batch.core.standing import Standing
    from chargen_batch.errors import Problem
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.plan import PlanChoices


@dataclass(frozen=True, slots=True)
class StoryReport:
    """Each entity's standing, their sum, and what is wrong in the files that were left out."""

    entities: tuple[Standing, ...]
    total: Standing
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE


def run(project: Project, choices: PlanChoices, *, clock: Clock) -> StoryReport:
    """Judge every target as a plan would, and count; nothing is written.

    Args:
        project: The project.
        choices: Which targets are looked at.
        clock: The time.

    """
    asked = dataclasses.replace(choices, max_tasks=0, dry_run=True, skip_invalid=True)
    found = plan.run(project, asked, clock=clock, suffix=str)
    rehearsal = project.settings.batch.backend == EMULATOR
    entities = standing.standings(found.verdicts, rehearsal=rehearsal)
    return StoryReport(entities, standing.total(entities), found.problems, found.warnings)
