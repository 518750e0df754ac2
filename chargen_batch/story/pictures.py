"""Picture files that a story names: where they are, and that they are pictures by their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from chargen_batch.model.task import ImageRef
from chargen_batch.story.cache import StoryCache

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@dataclass(slots=True)
class Pictures:
    """The pictures inside a project; each file is read at most once."""

    project: Path
    cache: StoryCache = field(default_factory=StoryCache)
    _at: dict[Path, Path | None] = field(default_factory=dict)
    _folders: dict[Path, Path] = field(default_factory=dict)

    def find(self, folder: Path, path: object) -> Path | None:
        """Return the picture that an entity means by ``path``; ``None`` where it is missing.

        Looked for at the path within the entity's ``folder``, then by its base name in the
        folder's images/, since paths may come from another machine.
        """
        if not isinstance(path, str) or not path.strip() or not path.isprintable():
            return None
        return next(
            (found for place in _places(folder, path) if (found := self._real(place))), None
        )

    def reference(self, picture: Path, role: str) -> ImageRef:
        """Return a picture that ``find`` found as what a request shows the model."""
        path = picture.relative_to(self.project).as_posix()
        mime, sha256 = self.cache.mime(path, picture), self.cache.sha256(path, picture)
        return ImageRef(path=path, mime=mime or "", sha256=sha256, role=role)

    @property
    def looked_for(self) -> Collection[Path]:
        """Return every path at which a picture was looked for, found or not."""
        return self._at.keys()

    def _real(self, path: Path) -> Path | None:
        if path not in self._at:
            self._at[path] = self._resolved(path)
        return self._at[path]

    def _folder(self, path: Path) -> Path:
        if path not in self._folders:  # most pictures stand in few folders, and links cost much
            self._folders[path] = path.resolve()
        return self._folders[path]

    def _resolved(self, path: Path) -> Path | None:
        """Follow links; ``None`` unless a picture inside the project is at their end."""
        try:
            found = self._folder(path.parent) / path.name
            if found.is_symlink():
                found = found.resolve()
            if not found.is_relative_to(self.project) or not found.is_file():
                return None
            where = found.relative_to(self.project).as_posix()
            return found if self.cache.mime(where, found) else None
        except (OSError, RuntimeError):  # a name too long, a loop of links, no permission
            return None


def _places(folder: Path, path: str) -> Iterator[Path]:
    if not PurePosixPath(path).is_absolute():
        yield folder / path
    yield folder / "images" / PureWindowsPath(path).name
