"""show: one task as a run holds it, or as it would be planned now."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chargen_batch.core.adapters import request_line
from chargen_batch.errors import ExitCode, UsageError
from chargen_batch.phases import plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chargen_batch.config import Project
    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.plan import PlanChoices
    from chargen_batch.run.directory import RunDirectory

_MOST_NAMED: Final = 10


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
        """Say whether the story asks for another prompt now than the run's."""
        return self.verdict is not None and self.verdict.task.prompt != self.task.prompt


def run(
    project: Project,
    name: str,
    choices: PlanChoices,
    *,
    held: RunDirectory | None = None,
    explicit: bool = False,
    clock: Clock,
) -> ShowReport:
    """Find a task by its key, or by ``[[<entityType>/]<slug>/]<targetId>``.

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
    task = _find(name, tasks)
    if task is None and explicit and held:
        raise _unknown(name, tasks, f"run {held.run_id}")
    verdicts = _planned(project, choices, task, clock)
    if task is not None and held is not None:
        verdict = next((one for one in verdicts if _target(one.task) == _target(task)), None)
        return ShowReport(task, _request(task, held), held.run_id, verdict)
    task = _find(name, [verdict.task for verdict in verdicts])
    if task is None:
        raise _unknown(name, [verdict.task for verdict in verdicts], "the story")
    verdict = next(one for one in verdicts if one.task is task)
    return ShowReport(task, _request(task, None), None, verdict)


def _planned(
    project: Project, choices: PlanChoices, task: BatchTask | None, clock: Clock
) -> tuple[Verdict, ...]:
    """Return the story's targets, those of a task's entity if there is one; nothing is written."""
    asked = dataclasses.replace(choices, max_tasks=0, dry_run=True, skip_invalid=True)
    if task is not None:
        asked = dataclasses.replace(asked, mode=task.kind, only=(task.entity_slug,))
    return plan.run(project, asked, clock=clock, suffix=str).verdicts


def _find(name: str, tasks: Iterable[BatchTask]) -> BatchTask | None:
    """Return the task that a name means: the first of its target's variants."""
    found = [task for task in tasks if name in _names(task)]
    targets = dict.fromkeys(_target(task) for task in found)
    if len(targets) > 1:
        raise UsageError(
            f"{name} may be any of {len(targets)} targets",
            hint=f"name one: {', '.join([*targets][:_MOST_NAMED])}",
        )
    return found[0] if found else None


def _target(task: BatchTask) -> str:
    return f"{task.entity_type}/{task.entity_slug}/{task.target_id}"


def _names(task: BatchTask) -> tuple[str, ...]:
    target = _target(task)
    return task.key, target, target.partition("/")[2], task.target_id


def _unknown(name: str, tasks: Iterable[BatchTask], where: str) -> UsageError:
    known = {each: _target(task) for task in tasks for each in _names(task)[1:]}
    near = difflib.get_close_matches(name, known, n=3)
    names = dict.fromkeys(known[each] for each in near)
    hint = f"did you mean {' or '.join(names)}?" if names else "plan --dry-run lists the targets"
    return UsageError(f"{where} has no target {name}", hint=hint)


def _request(task: BatchTask, held: RunDirectory | None) -> Mapping[str, Any]:
    uploaded = held.uploaded() if held else {}
    uris = {image.sha256: image.path for image in task.images}
    uris |= {sha256: file.uploaded_uri for sha256, file in uploaded.items() if sha256 in uris}
    line: dict[str, Any] = msgspec.json.decode(request_line(task, uris))
    return line
