"""show: one task as a run holds it, or as it would be planned now."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch.core.adapters import request_line
from chargen_batch.core.planning import PLANNED_BY
from chargen_batch.errors import ExitCode
from chargen_batch.phases import asking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.plan import PlanChoices
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class ShowReport:
    """A task, its request, the run that holds it, and what the story's files ask for now.

    ``run_id`` is ``None`` where the task was planned freshly; ``verdict`` where the story has no
    such target any more. A picture that is not uploaded has its path as its URI in the request.
    """

    task: BatchTask
    request: Mapping[str, Any]
    run_id: str | None
    verdict: Verdict | None
    exit_code: ExitCode = ExitCode.DONE

    @property
    def is_outdated(self) -> bool:
        """Say whether the story asks for another prompt or other references now than the run's."""
        return self.verdict is not None and _asked(self.verdict.task) != _asked(self.task)

    @property
    def now(self) -> BatchTask | None:
        """Return what would be sent now, where that is not what the run has.

        It is another prompt, other references, or the next variant of what is drawn again.
        """
        verdict = self.verdict
        if verdict is None or self.run_id is None:
            return None
        is_next = verdict.state in PLANNED_BY["target"] and verdict.task.key != self.task.key
        return verdict.task if is_next or self.is_outdated else None


def run(
    project: Project,
    name: str,
    choices: PlanChoices,
    *,
    held: RunDirectory | None = None,
    explicit: bool = False,
    clock: Clock,
) -> ShowReport:
    """Find a task by its key, or by ``[[<entityType>/]<slug>/]<targetId>``, or a glob on that.

    Args:
        project: The project.
        name: The key, or as much of the target's name as makes it unique.
        choices: How a target is planned that the run does not have.
        held: The run to look in first.
        explicit: Whether that run was asked for, so that the story is no substitute.
        clock: The time.

    Raises:
        UsageError: No task or target has such a name, or several have.

    """
    tasks = list(held.tasks()) if held else []
    task = asking.find(name, tasks)
    if task is None and explicit and held:
        raise asking.unknown(name, tasks, f"run {held.run_id}")
    verdicts = _planned(project, choices, task, clock)
    if task is not None and held is not None:
        target = asking.target_name(task)
        verdict = next((one for one in verdicts if asking.target_name(one.task) == target), None)
        return ShowReport(task, _request(task, held), held.run_id, verdict)
    task = asking.find(name, [verdict.task for verdict in verdicts])
    if task is None:
        raise asking.unknown(name, [verdict.task for verdict in verdicts], "the story")
    verdict = next(one for one in verdicts if one.task.key == task.key)
    return ShowReport(task, _request(task, None), None, verdict)


def _asked(task: BatchTask) -> tuple[object, ...]:
    """Return what the story decides on in a request."""
    pictures = tuple((image.role, image.sha256) for image in task.images)
    return task.prompt, task.negative_prompt, pictures


def _planned(
    project: Project, choices: PlanChoices, task: BatchTask | None, clock: Clock
) -> Sequence[Verdict]:
    """Return the story's targets, those of a task's entity if there is one; nothing is written."""
    if task is not None:
        choices = dataclasses.replace(choices, mode=task.kind, only=(task.entity_slug,))
    return asking.asked(project, choices, clock=clock).verdicts


def _request(task: BatchTask, held: RunDirectory | None) -> Mapping[str, Any]:
    uploaded = held.uploaded() if held else {}
    uris = {image.sha256: image.path for image in task.images}
    uris |= {sha256: file.uploaded_uri for sha256, file in uploaded.items() if sha256 in uris}
    line: dict[str, Any] = msgspec.json.decode(request_line(task, uris))
    return line
