"""explain: where a picture came from, by its own bytes, its entry, and the run that drew it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chargen_batch import config
from chargen_batch.core.pictures import BrokenPictureError, inspect
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import BatchError, PlanningError, ResultsError
from chargen_batch.model.history import name_in
from chargen_batch.phases import asking, given
from chargen_batch.phases.explanation import explained
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.tracing import traced
from chargen_batch.story.discover import discover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.explanation import ExplainReport
    from chargen_batch.phases.given import Given
    from chargen_batch.phases.tracing import Traces


def project_of(
    image: Path, asked: Path | None, here: Path, environ: Mapping[str, str]
) -> Project | None:
    """Return the project to look in: the one asked for, the picture's, or the one we are in.

    ``None`` where there is no story: the picture's bytes are then all there is. What is wrong in
    its settings does not matter here.

    Raises:
        ConfigError: There is no such folder.

    """
    around = Path(os.path.realpath(image)).parent
    folders = (asked,) if asked else (config.find_project(around), config.find_project(here))
    for folder in folders:
        if not (asked or folder.is_dir()):
            continue
        project, _problems = config.read(folder, environ, {})
        with contextlib.suppress(PlanningError):
            discover(project.root, project.settings)
            return project
    return None


def run(image: Path, project: Project | None, *, clock: Clock) -> ExplainReport:
    """Gather what is known of a picture; nothing is written, and no service is asked.

    Args:
        image: The picture, wherever it is.
        project: Where to look for its entry and its run, if anywhere.
        clock: The time.

    Raises:
        UsageError: There is no such file.
        ResultsError: It is no picture, or nothing is known of it.

    """
    taken = given.read(image)
    traces = traced(taken, project)
    story = _Story.asked(traces, clock=clock)
    other = story.made_elsewhere(traces)
    if not (traces.known_by or other):
        raise ResultsError(
            f"nothing is known of {image}: it has no record in it, no entry and no run",
            hint=_hint(taken),
        )
    verdict, named_by = other or (story.verdict(traces.target), None)
    return explained(traces, verdict, made_elsewhere=named_by, warnings=story.warnings)


def _hint(taken: Given) -> str:
    try:
        inspect(taken.data)
    except BrokenPictureError as err:
        return f"it is not whole: {err}; adopt takes it once it is saved anew"
    return "make it a target's own: chargen-batch adopt IMAGE TARGET"


@dataclass(frozen=True, slots=True)
class _Story:
    """What the story asks for today of the entity that a picture belongs to."""

    verdicts: Sequence[Verdict] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def asked(cls, traces: Traces, *, clock: Clock) -> _Story:
        """Plan that entity for looking; what cannot be planned is a warning."""
        slug = name_in(traces.key)[1] if traces.key else traces.slug
        if traces.project is None or not slug:
            return cls()
        project = asking.counting(traces.project, rehearsal=traces.provider == EMULATOR)
        try:
            asked = asking.asked(project, PlanChoices(only=(slug,), portraits=True), clock=clock)
        except BatchError as err:
            return cls(warnings=(err.message,))
        return cls(asked.verdicts, tuple(str(problem) for problem in asked.problems))

    def verdict(self, target: str | None) -> Verdict | None:
        """Return what is said of a target; ``None`` where the story has none of that name."""
        same = (each for each in self.verdicts if asking.target_name(each.task) == target)
        return next(same, None)

    def made_elsewhere(self, traces: Traces) -> tuple[Verdict, str] | None:
        """Return whose picture it is by another tool's word, and what said so."""
        if traces.project is None or traces.key:
            return None
        for verdict in self.verdicts:
            for other in verdict.target.others:
                if (traces.project.root / other.path).resolve() == traces.given.path:
                    return verdict, other.named_by
        return None
