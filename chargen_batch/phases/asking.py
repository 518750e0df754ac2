"""What the story asks for now, and which of it a person means by a name."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
import re
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import UsageError
from chargen_batch.phases import plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.config import Project
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock
    from chargen_batch.phases.plan import PlanChoices, PlanReport

_MOST_NAMED: Final = 10
_GLOB: Final = re.compile(r"[*?\[]")


def asked(project: Project, choices: PlanChoices, *, clock: Clock) -> PlanReport:
    """Plan for looking only: nothing is written, no cap is held, what is broken is left out."""
    looking = dataclasses.replace(choices, max_tasks=0, dry_run=True, skip_invalid=True)
    return plan.run(project, looking, clock=clock, suffix=str)


def counting(project: Project, *, rehearsal: bool) -> Project:
    """Return the project as it is where the emulator's pictures count, or where they do not."""
    batch = project.settings.batch
    if (batch.backend == EMULATOR) == rehearsal:
        return project
    batch = msgspec.structs.replace(batch, backend=EMULATOR if rehearsal else "gemini")
    settings = msgspec.structs.replace(project.settings, batch=batch)
    return dataclasses.replace(project, settings=settings)


def find(name: str, tasks: Iterable[BatchTask]) -> BatchTask | None:
    """Return the task that a name means: the first of its target's variants.

    A name is a key, ``[[<entityType>/]<slug>/]<targetId>``, or a glob on the latter.

    Raises:
        UsageError: It may be several targets.

    """
    known = list(tasks)
    found = [task for task in known if name in names(task)] or _by_glob(name, known)
    targets = dict.fromkeys(target_name(task) for task in found)
    if len(targets) > 1:
        raise UsageError(
            f"{name} may be any of {len(targets)} targets",
            hint=f"name one: {', '.join([*targets][:_MOST_NAMED])}",
        )
    return found[0] if found else None


def _by_glob(name: str, tasks: Iterable[BatchTask]) -> list[BatchTask]:
    if not _GLOB.search(name):
        return []
    fits = re.compile(fnmatch.translate(name)).match
    return [task for task in tasks if any(fits(each) for each in names(task)[1:])]


def target_name(task: BatchTask) -> str:
    """Return the whole name of a task's target."""
    return f"{task.entity_type}/{task.entity_slug}/{task.target_id}"


def names(task: BatchTask) -> tuple[str, ...]:
    """Return all names that a task goes by: its key, then its target's, the whole one first."""
    target = target_name(task)
    return task.key, target, target.partition("/")[2], task.target_id


def unknown(name: str, tasks: Iterable[BatchTask], where: str) -> UsageError:
    """Return the error that nothing has a name, with the nearest ones that there are."""
    known = {each: target_name(task) for task in tasks for each in names(task)[1:]}
    near = difflib.get_close_matches(name, known, n=3)
    targets = dict.fromkeys(known[each] for each in near)
    hint = (
        f"did you mean {' or '.join(targets)}?" if targets else "plan --dry-run lists the targets"
    )
    return UsageError(f"{where} has no target {name}", hint=hint)
