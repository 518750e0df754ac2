"""Picture files that a story names: where they are, and that they are pictures by their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from chargen_batch.core.pictures import mime_of
from chargen_batch.model.task import ImageRef

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD_BYTES = 12


@dataclass(slots=True)
class Pictures:
    """The pictures inside a project; each file is read at most once."""

    project: Path
    _mimes: dict[Path, str | None] = field(default_factory=dict)
    _hashes: dict[Path, str] = field(default_factory=dict)

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
        if picture not in self._hashes:
            with picture.open("rb") as stream:
                self._hashes[picture] = hashlib.file_digest(stream, "sha256").hexdigest()
        path = picture.relative_to(self.project).as_posix()
        mime = self._mimes[picture] or ""
        return ImageRef(path=path, mime=mime, sha256=self._hashes[picture], role=role)

    def _real(self, path: Path) -> Path | None:
        """Follow links; ``None`` unless a picture inside the project is at their end."""
        try:
            found = path.resolve()
            if not found.is_relative_to(self.project) or not found.is_file():
                return None
            if found not in self._mimes:
                with found.open("rb") as stream:
                    self._mimes[found] = mime_of(stream.read(_HEAD_BYTES))
        except (OSError, RuntimeError):  # a name too long, a loop of links, no permission
            return None
        return found if self._mimes[found] else None


def _places(folder: Path, path: str) -> Iterator[Path]:
    if not PurePosixPath(path).is_absolute():
        yield folder / path
    yield folder / "images" / PureWindowsPath(path).name
