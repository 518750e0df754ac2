"""Where a story's entities are; and of one that cannot be used, whether it has vanished."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch.errors import Problem
from chargen_batch.story.discover import FOLDERS, is_left_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.task import BatchTask


@dataclass(frozen=True, slots=True)
class Places:
    """Where a story's entities are, by type and slug; only those that can be written to.

    ``problems`` are those of folders, by their paths. An entity that was given up is nowhere.
    """

    project: Project
    folders: Mapping[tuple[str, str], Path]
    problems: Mapping[str, Problem] = field(default_factory=dict)
    given_up: frozenset[tuple[str, str]] = frozenset()

    def of(self, task: BatchTask) -> Path | None:
        """Return the folder of a task's entity, ``None`` where it is none that can be used."""
        entity = (task.entity_type, task.entity_slug)
        return None if entity in self.given_up else self.folders.get(entity)

    def fault(self, task: BatchTask) -> Problem | None:
        """Return why an entity cannot be used; ``None`` where it can, or has vanished.

        What cannot be looked at has not vanished: a network drive may be away for a moment.
        """
        if self.of(task) or (task.entity_type, task.entity_slug) in self.given_up:
            return None
        folder = self.project.story_root / FOLDERS[task.entity_type] / task.entity_slug
        for path in (folder.parent, folder):
            if known := self.problems.get(self._where(path)):
                return known
        message = self._why_not(folder)
        return Problem(self._where(folder), 0, 0, message) if message else None

    def _where(self, path: Path) -> str:
        return path.relative_to(self.project.root).as_posix()

    def _why_not(self, folder: Path) -> str | None:
        """Return what there is in the place of a folder that can be used."""
        is_link = False
        try:
            is_link = stat.S_ISLNK(os.lstat(folder).st_mode)
            if not stat.S_ISDIR(folder.stat().st_mode):
                return "is not a folder"
        except (FileNotFoundError, NotADirectoryError):
            return "is a link to a folder that is not there" if is_link else None
        except OSError as err:
            return f"cannot be read: {err.strerror}"
        if is_left_out(folder.name, self.project.settings.exclude):
            return "is excluded: see exclude in chargen.yaml"
        return "was not there a moment ago"
