"""run, before it acts: what it finishes first, and which planned run is the one it would make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import resuming
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import DocumentError
from chargen_batch.phases import plan
from chargen_batch.run import resumable, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.config import Project
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.plan import PlanChoices, PlanReport
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was begun to be paid for, and that has not ended or lacks its report.

    ``is_asked_for`` says that it was planned for just what is asked for now: its end is what this
    command is about. ``others`` are further ones.
    """

    run: RunDirectory
    state: RunState
    is_asked_for: bool
    others: tuple[str, ...] = ()

    @property
    def is_rehearsal(self) -> bool:
        """Say whether its pictures are the emulator's."""
        return self.state.config.backend == EMULATOR


def unfinished(project: Project, choices: PlanChoices) -> Unfinished | None:
    """Return the run that comes before any new one: the one planned last, else the newest.

    Runs on another backend are left alone, and so are those of which nothing was submitted.
    """
    begun = _on_this_backend(project, resumable.every(project.runs_dir).runs)
    run = resumable.preferred(project.runs_dir, list(begun))
    if run is None:
        return None
    asked = plan.config_of(project, choices)
    return Unfinished(
        run=run,
        state=begun[run],
        is_asked_for=resuming.asks_the_same(begun[run].config, asked),
        others=tuple(each.run_id for each in begun if each != run),
    )


def planned_before(project: Project, report: PlanReport) -> RunDirectory | None:
    """Return the newest run that was planned, not submitted, and is what a plan would make now.

    One that was planned before the story changed is none.
    """
    wanted = [verdict.task.key for verdict in report.planned]
    unpaid = _on_this_backend(project, resumable.every(project.runs_dir).unpaid)
    same = (run for run in reversed(unpaid) if _has_tasks(run, unpaid[run], wanted))
    return next(same, None)


def _has_tasks(run: RunDirectory, state: RunState, wanted: Sequence[str]) -> bool:
    if state.task_count != len(wanted):
        return False
    try:
        return [task.key for task in run.tasks()] == wanted
    except DocumentError:
        return False


def _on_this_backend(
    project: Project, found: Sequence[RunDirectory]
) -> dict[RunDirectory, RunState]:
    states = {run: runs.readable(run) for run in found}
    backend = project.settings.batch.backend
    return {
        run: state for run, state in states.items() if state and state.config.backend == backend
    }
