"""The pictures of answers, written into their entity's folder, each with its record in it."""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from chargen_batch import disk, exchange
from chargen_batch.core import provenance
from chargen_batch.core.picture_checks import differences
from chargen_batch.core.pictures import EXTENSIONS
from chargen_batch.model.outcome import Picture
from chargen_batch.model.provenance import PictureRecord
from chargen_batch.story.slug import file_stem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chargen_batch.core.pictures import PictureFacts, Pieces, ReceivedPicture
    from chargen_batch.model.task import BatchTask

_BLOCK: Final = 1 << 20


class Signed(NamedTuple):
    """A picture's bytes as they are written, their SHA-256 in hex, and what is wrong with them."""

    pieces: Pieces
    facts: PictureFacts
    sha256: str
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class PictureWriter:
    """Writes pictures; several threads may do so at once, and ``settle`` makes their names last.

    An existing picture is never replaced by other bytes.
    """

    root: Path
    run_id: str
    provider: str
    _folders: set[Path] = field(default_factory=set)
    _found: dict[Path, frozenset[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(
        self, images: Path, task: BatchTask, received: Sequence[ReceivedPicture]
    ) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
        """Write an answer's pictures; return them, and what a person should know of them."""
        self._look_into(images)
        written, warnings = [], []
        for number, picture in enumerate(received, 1):
            signed = self.signed(task, picture)
            facts = signed.facts
            paths = names(images, task, signed.sha256, facts.mime, number)
            path = self._place(paths, signed.pieces)
            if signed.warning:
                warnings.append(signed.warning)
            warnings += differences(facts, task.aspect_ratio, task.image_size)
            written.append(
                Picture(
                    path=path.relative_to(self.root).as_posix(),
                    mime=facts.mime,
                    sha256=signed.sha256,
                    width=facts.width,
                    height=facts.height,
                )
            )
        return tuple(written), tuple(dict.fromkeys(warnings))

    def _look_into(self, images: Path) -> None:
        """See what a folder has, once: a look for each picture waits for the others' renames."""
        with self._lock:  # whoever comes second finds a folder that is there for good
            if images not in self._found:
                disk.make_directory(images)
                self._found[images] = frozenset(path.name for path in images.iterdir())

    def _place(self, paths: Sequence[Path], pieces: Pieces) -> Path:
        """Write a picture under the first name that is free, or has these very bytes already."""
        for path in paths:
            is_free = path.name not in self._found[path.parent]
            if (is_free and exchange.write_new(path, *pieces)) or _holds(path, pieces):
                with (
                    self._lock
                ):  # also of one that is there: whoever was killed may not have settled
                    self._folders.add(path.parent)
                return path
        raise _taken(paths)

    def settle(self) -> None:
        """Make the names of what was written durable; call it before they are told of."""
        with self._lock:
            folders = sorted(self._folders)
            self._folders.clear()
        for folder in folders:
            disk.fsync_directory(folder)

    def signed(self, task: BatchTask, picture: ReceivedPicture) -> Signed:
        """Return a picture with its record; as it came where there is no room for that."""
        record = PictureRecord(
            task_key=task.key,
            model=task.model,
            run_id=self.run_id,
            provider=self.provider,
            prompt_sha256=hashlib.sha256(task.prompt.encode()).hexdigest(),
        )
        try:
            pieces, warning = provenance.embed(picture.data, picture.facts, record), None
        except (ValueError, struct.error, IndexError) as err:  # an odd, but whole picture
            pieces, warning = (picture.data,), f"it does not say where it came from: {err}"
        sha256 = hashlib.sha256()
        for piece in pieces:
            sha256.update(piece)
        return Signed(pieces, picture.facts, sha256.hexdigest(), warning)


def picture_path(images: Path, task: BatchTask, signed: Signed, number: int) -> Path:
    """Return where a picture would go: a free place, or that of these very bytes.

    Raises:
        FileExistsError: Every name that it could have is taken.

    """
    paths = names(images, task, signed.sha256, signed.facts.mime, number)
    for path in paths:
        if not os.path.lexists(path) or _holds(path, signed.pieces):
            return path
    raise _taken(paths)


def names(images: Path, task: BatchTask, sha256: str, mime: str, number: int) -> tuple[Path, ...]:
    """Return the names that a picture may have: the next where one is that of other bytes.

    They are derived anew from the target's id, whatever a tampered plan says.
    """
    stem = file_stem(task.target_id)
    end = f"-{number}" if number > 1 else ""
    end += f".{EXTENSIONS[mime]}"
    marks = (task.key_hash[:8], sha256[:8], sha256[:16], sha256)
    return tuple(images / f"{stem}-{mark}{end}" for mark in marks)


def _taken(paths: Sequence[Path]) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(paths[0]))


def _holds(path: Path, pieces: Pieces) -> bool:
    """Say whether a file, and no link to one, has these bytes."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != sum(map(len, pieces)):
        return False
    blocks = (
        bytes(piece[start : start + _BLOCK])
        for piece in pieces
        for start in range(0, len(piece), _BLOCK)
    )
    with path.open("rb") as stream:
        return all(stream.read(len(block)) == block for block in blocks)
