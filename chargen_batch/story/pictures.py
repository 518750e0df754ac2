"""Picture files that a story names: where they are, and that they are pictures by their bytes."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Final

from chargen_batch.model.task import ImageRef
from chargen_batch.story.cache import StoryCache

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_KNOWN: Final = 20_000

# As most are: names with slashes between them, none with a dot in front.
_PLAIN: Final = re.compile(r"[^/\\:.][^/\\:]*(?:/[^/\\:.][^/\\:]*)*").fullmatch


@dataclass(slots=True)
class Pictures:
    """The pictures inside a project; each file is read at most once.

    ``looked_for`` are the paths at which a picture was looked for, found or not, but for those that
    are within the folder of the entity which names it.
    """

    project: Path
    cache: StoryCache = field(default_factory=StoryCache)
    looked_for: set[str] = field(default_factory=set)
    _at: dict[str, Path | None] = field(default_factory=dict)
    _folders: dict[str, str] = field(default_factory=dict)

    def find(self, folder: Path, path: object) -> Path | None:
        """Return the picture that an entity means by ``path``; ``None`` where it is missing.

        Looked for at the path within the entity's ``folder``, then by its base name in the
        folder's images/, since paths may come from another machine.
        """
        if not isinstance(path, str) or not path.strip() or not path.isprintable():
            return None
        if not _PLAIN(path):
            self.looked_for.update(_places(folder, path))
        return next(
            (found for place in _places(folder, path) if (found := self._real(place))), None
        )

    def reference(self, picture: Path, role: str) -> ImageRef:
        """Return a picture that ``find`` found as what a request shows the model."""
        path = picture.relative_to(self.project).as_posix()
        mime, sha256 = self.cache.mime(path, picture), self.cache.sha256(path, picture)
        return ImageRef(path=path, mime=mime or "", sha256=sha256, role=role)

    def _real(self, path: str) -> Path | None:
        if path not in self._at:
            if len(self._at) >= MOST_KNOWN:  # an entity's pictures are looked for at one time
                self._at.clear()
            self._at[path] = self._resolved(path)
        return self._at[path]

    def _folder(self, path: str) -> str:
        if path not in self._folders:  # most pictures stand in few folders, and links cost much
            self._folders[path] = str(Path(path).resolve())
        return self._folders[path]

    def _resolved(self, path: str) -> Path | None:
        """Follow links; ``None`` unless a picture inside the project is at their end."""
        try:
            folder, name = os.path.split(path)
            at = os.path.join(self._folder(folder), name)  # noqa: PTH118 - a Path costs too much
            mode = os.lstat(at).st_mode  # most are missing: no more than this is spent on them
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                return None
            found = Path(at).resolve() if stat.S_ISLNK(mode) else Path(at)
            if not found.is_relative_to(self.project) or not found.is_file():
                return None
            where = found.relative_to(self.project).as_posix()
            return found if self.cache.mime(where, found) else None
        except (OSError, RuntimeError):  # a name too long, a loop of links, no permission
            return None


def _places(folder: Path, path: str) -> Iterator[str]:
    if _PLAIN(path):  # a Path would say the same, and take longer
        yield f"{folder}/{path}"
        yield f"{folder}/images/{path.rpartition('/')[2]}"
        return
    if not path.startswith("/"):
        yield str(folder / path)
    yield str(folder / "images" / PureWindowsPath(path).name)
