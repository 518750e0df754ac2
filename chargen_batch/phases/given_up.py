"""Entities that apply goes on without, since a file of theirs stands in the way."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from chargen_batch.phases import orphans
from chargen_batch.phases.orphans import End
from chargen_batch.story.discover import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chargen_batch.errors import Problem
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.task import BatchTask, EntityType
    from chargen_batch.phases.places import Places
    from chargen_batch.run.directory import RunDirectory

    Entity = tuple[EntityType, str]

FILE_GIVEN_UP: Final = "FILE_GIVEN_UP"


def entities(
    places: Places, tasks: Iterable[BatchTask], problems: Sequence[Problem], names: Iterable[str]
) -> dict[Entity, Problem]:
    """Return the entities whose file is named and stands in the way, with what was wrong."""
    wanted = {_normal(name) for name in names}
    chosen = [problem for problem in problems if problem.file in wanted]
    found: dict[Entity, Problem] = {}
    for task in tasks if chosen else ():
        entity = (task.entity_type, task.entity_slug)
        held = (each for each in chosen if _is_of(places, each, entity))
        if entity not in found and (problem := next(held, None)):
            found[entity] = problem
    return found


def others(
    places: Places, problems: Iterable[Problem], given_up: Iterable[Entity]
) -> Iterator[Problem]:
    """Go through the problems of entities that were not given up."""
    known = list(given_up)
    for problem in problems:
        if not any(_is_of(places, problem, entity) for entity in known):
            yield problem


def not_in_the_way(names: Iterable[str], problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return a warning for each file that is named and stands in nobody's way."""
    files = {problem.file for problem in problems}
    return tuple(
        f"{name} is not in the way of this run, so nothing was given up for it"
        for name in names
        if _normal(name) not in files
    )


def bury(
    run: RunDirectory,
    places: Places,
    known: dict[str, TaskResult],
    given_up: Mapping[Entity, Problem],
) -> None:
    """End the open tasks of entities that are given up: paid for, and not to be sent again."""
    open_tasks = (task for task in run.tasks() if _is_received(known.get(task.key)))
    orphans.Orphaned(run, places, known).bury(
        End(
            task,
            FILE_GIVEN_UP,
            f"{problem.file} was given up ({problem.message})",
            target=f"{task.entity_type}/{task.entity_slug}/{task.target_id}",
            leaves=True,
        )
        for task in open_tasks
        if (problem := given_up.get((task.entity_type, task.entity_slug)))
    )


def _is_received(outcome: TaskResult | None) -> bool:
    return outcome is not None and outcome.stage == "received"


def _is_of(places: Places, problem: Problem, entity: Entity) -> bool:
    """Say whether a problem is one of an entity's folder, the one around it, or a file in it."""
    folder = places.project.story_root / FOLDERS[entity[0]] / entity[1]
    name = folder.relative_to(places.project.root)
    return problem.file == name.parent.as_posix() or PurePosixPath(problem.file).is_relative_to(
        name.as_posix()
    )


def _normal(name: str) -> str:
    return PurePosixPath(name).as_posix()
