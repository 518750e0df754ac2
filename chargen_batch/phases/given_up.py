"""Entities that apply goes on without, since a file of theirs stands in the way; and orphans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk
from chargen_batch.errors import Problem
from chargen_batch.model.outcome import TaskError
from chargen_batch.phases import settling
from chargen_batch.phases.writing_back import FATAL
from chargen_batch.story.discover import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.model.outcome import Picture, TaskResult
    from chargen_batch.model.task import BatchTask, EntityType
    from chargen_batch.phases.writing_back import Places
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.story.write_back import Finished

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
    Orphaned(run, places, known).bury(
        (task, FILE_GIVEN_UP, _message(run, task, known[task.key], problem))
        for task in open_tasks
        if (problem := given_up.get((task.entity_type, task.entity_slug)))
    )


@dataclass(frozen=True, slots=True)
class Orphaned:
    """Ends tasks whose pictures have no place in the story, and keeps the pictures."""

    run: RunDirectory
    places: Places
    known: dict[str, TaskResult]

    def bury(self, tasks: Iterable[tuple[BatchTask, str, str]]) -> None:
        """Let tasks end in a code, with a message; their pictures go to ``orphans/``."""
        buried = []
        for task, code, message in tasks:
            pictures = self.moved(task, self.known[task.key].pictures)
            failed = msgspec.structs.replace(
                self.known[task.key],
                stage="settled",
                status="failed",
                error=TaskError(code=code, message=message, retryable=False),
                image_path=pictures[0].path if pictures else None,
                pictures=pictures,
            )
            buried.append((task, failed))
        settling.bury(self.run, buried)

    def bring_home(self, finished: Iterable[Finished]) -> Problem | None:
        """Move pictures from ``orphans/`` to where their entity is, if it was away for a while.

        Returns:
            What stands in the way, ``None`` where nothing does.

        """
        for done in finished:
            folder = self.places.of(done.task)
            if folder is None:
                return None
            homes = [(each, at(folder, each)) for each in done.pictures]
            away = [(place(self.run, done.task, each), home) for each, home in homes]
            away = [(orphan, home) for orphan, home in away if orphan.is_file()]
            try:
                for orphan, home in away:
                    disk.make_directory(home.parent)
                    disk.rename(orphan, home)
            except OSError as err:
                if err.errno in FATAL:
                    raise
                where = (folder / "images").relative_to(self.places.project.root).as_posix()
                return Problem(where, 0, 0, f"cannot be written to: {err.strerror}")
            self._note(done.task, [self._at(each, home) for each, home in homes])
        return None

    def _note(self, task: BatchTask, pictures: Sequence[Picture]) -> None:
        if pictures:
            self.known[task.key] = msgspec.structs.replace(
                self.known[task.key], image_path=pictures[0].path, pictures=tuple(pictures)
            )

    def _at(self, picture: Picture, path: Path) -> Picture:
        where = path.relative_to(self.places.project.root).as_posix()
        return msgspec.structs.replace(picture, path=where)

    def moved(self, task: BatchTask, pictures: Iterable[Picture]) -> tuple[Picture, ...]:
        """Move pictures out of an entity's folder; of the ledger's paths only names are used."""
        return tuple(self._moved(task, picture) for picture in pictures)

    def _moved(self, task: BatchTask, picture: Picture) -> Picture:
        folder, target = self.places.of(task), place(self.run, task, picture)
        source = at(folder, picture) if folder else None
        if source is not None and source.is_file():
            disk.make_directory(target.parent)
            disk.rename(source, target)
        return self._at(picture, target)


def at(folder: Path, picture: Picture) -> Path:
    """Return where a picture is in an entity's folder."""
    return folder / "images" / PurePosixPath(picture.path).name


def place(run: RunDirectory, task: BatchTask, picture: Picture) -> Path:
    """Return where a picture is that has no place in the story."""
    return run.orphans(task) / PurePosixPath(picture.path).name


def _message(run: RunDirectory, task: BatchTask, outcome: TaskResult, problem: Problem) -> str:
    why = f"{problem.file} was given up ({problem.message})"
    if not outcome.pictures:
        return f"{why}; the answer is kept in outcomes.jsonl"
    picture = place(run, task, outcome.pictures[0])
    target = f"{task.entity_type}/{task.entity_slug}/{task.target_id}"
    kept = f"orphans/{picture.parent.name}/{picture.name}"
    return f"{why}; its picture is {kept} of the run: chargen-batch adopt enters it as {target}"


def _is_received(outcome: TaskResult | None) -> bool:
    return outcome is not None and outcome.stage == "received"


def _is_of(places: Places, problem: Problem, entity: Entity) -> bool:
    """Say whether a problem is one of an entity's folder, or of a file in it."""
    folder = places.project.story_root / FOLDERS[entity[0]] / entity[1]
    name = folder.relative_to(places.project.root).as_posix()
    return problem.file == name or problem.file.startswith(f"{name}/")


def _normal(name: str) -> str:
    return PurePosixPath(name).as_posix()
