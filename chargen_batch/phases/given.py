"""A picture that a person names: its bytes, and what these say of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core import provenance
from chargen_batch.core.pictures import mime_of
from chargen_batch.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.provenance import PictureRecord

_HEAD: Final = 12  # so many bytes tell what a file is


@dataclass(frozen=True, slots=True)
class Given:
    """A picture's file, links followed, its bytes, and the record of ours that is in them."""

    path: Path
    data: bytes
    sha256: str
    record: PictureRecord | None


def read(image: Path) -> Given:
    """Read a picture, wherever it is.

    Raises:
        UsageError: There is no such file.
        ResultsError: It is no picture.

    """
    path = resolved(image)
    if path is None:
        raise UsageError(f"there is no file {image}", hint="name a PNG, JPEG or WebP picture")
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if mime_of(head) is None:
            raise ResultsError(
                f"{image} is not PNG, JPEG or WebP", hint="save it as one of these first"
            )
        data = head + stream.read()
    return Given(path, data, hashlib.sha256(data).hexdigest(), provenance.read(data))


def resolved(image: Path) -> Path | None:
    """Return the file that a path leads to, links followed; ``None`` where there is none."""
    try:
        path = image.resolve()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file can have
        return None
