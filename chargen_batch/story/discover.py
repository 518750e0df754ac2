"""Which entities a story has: the folders under characters/, locations/ and chapters/."""

from __future__ import annotations

import fnmatch
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core.unseen import in_one_line
from chargen_batch.errors import PlanningError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chargen_batch.model.plan import Scope
    from chargen_batch.model.settings import Settings
    from chargen_batch.model.task import EntityType

FOLDERS: Final[dict[EntityType, Scope]] = {
    "character": "characters",
    "location": "locations",
    "chapter": "chapters",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One character, location or chapter: its folder, and the folder's path within the project."""

    entity_type: EntityType
    slug: str
    folder: Path
    where: str


@dataclass(frozen=True, slots=True)
class Story:
    """A story's root, its entities in the order of their slugs, and folders that cannot be read."""

    project: Path
    root: Path
    entities: dict[EntityType, tuple[Entity, ...]]
    problems: tuple[Problem, ...]


def discover(project: Path, settings: Settings) -> Story:
    """List the entities of the story that ``settings.story`` names, but the excluded ones.

    Raises:
        PlanningError: There is no story, or it lies outside of the project.

    """
    project = project.resolve()
    root = project / settings.story
    if not stays_inside(project, root):
        raise PlanningError(
            f"the story {settings.story} lies outside of the project {project}",
            hint="set story: in chargen.yaml to a folder inside the project",
        )
    root = root.resolve()
    if not any((root / folder).is_dir() for folder in FOLDERS.values()):
        raise PlanningError(
            f"no story found in {root}",
            hint="expected a folder characters/, locations/ or chapters/ there;"
            " name another place with --project, or with story: in chargen.yaml",
        )
    problems: list[Problem] = []
    entities = {
        entity_type: tuple(
            _entities(project, root / folder, entity_type, settings.exclude, problems)
        )
        for entity_type, folder in FOLDERS.items()
    }
    return Story(project, root, entities, tuple(problems))


def _entities(
    project: Path,
    folder: Path,
    entity_type: EntityType,
    exclude: Sequence[str],
    problems: list[Problem],
) -> Iterator[Entity]:
    for path in _folders(project, folder, problems):
        slug = _slug(path)
        if is_left_out(slug, exclude):
            continue
        where = path.relative_to(project).as_posix()
        if fault := _fault(project, path):
            problems.append(Problem(printable(where), 0, 0, fault))
        else:
            yield Entity(entity_type, slug, path, where)


def is_left_out(slug: str, exclude: Sequence[str]) -> bool:
    """Say whether a folder of this name is hidden or excluded."""
    return slug.startswith(".") or any(fnmatch.fnmatchcase(slug, glob) for glob in exclude)


def _folders(project: Path, folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return sorted((path for path in folder.iterdir() if path.is_dir()), key=_slug)
    except OSError as err:
        if not isinstance(err, FileNotFoundError) or folder.is_symlink():
            where = folder.relative_to(project).as_posix()
            problems.append(Problem(printable(where), 0, 0, f"cannot be listed: {err.strerror}"))
        return []


def _slug(folder: Path) -> str:
    return unicodedata.normalize("NFC", folder.name)


def _fault(project: Path, path: Path) -> str | None:
    if not path.name.isprintable():
        return "the folder's name is not printable UTF-8"
    if not stays_inside(project, path):
        return "the folder is a link that leads out of the project"
    images = path / "images"
    try:
        if images.is_symlink() and not (images.is_dir() and stays_inside(project, images)):
            return "images is a link, and not to a folder inside the project"
    except OSError as err:
        return f"cannot be read: {err.strerror}"
    return None


def stays_inside(project: Path, path: Path) -> bool:
    """Say whether a path, its links followed, is inside the project; a loop of links is nowhere."""
    try:
        return path.resolve().is_relative_to(project)
    except (OSError, RuntimeError, ValueError):
        return False


def printable(text: str) -> str:
    """Return a path so that it can be printed, with signs for what is no letter."""
    return in_one_line(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
