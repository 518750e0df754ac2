"""What a phase does to its files, counted: how often each is parsed, hashed, opened and synced."""

from __future__ import annotations

import hashlib
import io
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from unittest import mock

from chargen_batch import yaml12
from chargen_batch.config.file import CONFIG_NAME
from tests.killing.watching import watching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.killing.watching import Event


@dataclass(slots=True)
class Counts:
    """How often something was done, by the file's path in the project; hashes by what was hashed.

    ``replaced`` are the files that another one came in the place of, new ones among them.
    """

    root: Path
    parsed: Counter[str] = field(default_factory=Counter)
    hashed: Counter[bytes] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    fsynced: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)

    def happens(self, event: Event) -> None:
        """Count what is written."""
        if event.kind == "fsync":
            self.fsynced[event.path] += 1
        if event.kind == "rename":
            self.replaced[event.to] += 1

    def of(self, counts: Counter[str], name: str) -> int:
        """Return the count of all files of a name, wherever they are."""
        return sum(count for path, count in counts.items() if path.rpartition("/")[2] == name)

    def hashes(self, *names: str) -> list[int]:
        """Return how often the contents of files were hashed."""
        return [self.hashed[(self.root / name).read_bytes()] for name in names]


@contextmanager
def counting(root: Path) -> Iterator[Counts]:
    """Count what this process does in a project."""
    counts = Counts(root)
    real_open, real_compose = io.open, yaml12.compose
    real_sha256, real_file_digest = hashlib.sha256, hashlib.file_digest

    def opened(file: Any, *rest: Any, **more: Any) -> IO[Any]:  # noqa: ANN401 - as in io
        if not isinstance(file, int):
            counts.opened[str(file).removeprefix(f"{root}/")] += 1
        stream: IO[Any] = real_open(file, *rest, **more)
        return stream

    def sha256(data: bytes = b"", **more: Any) -> Any:  # noqa: ANN401 - as in hashlib
        if sys._getframe(1).f_globals["__name__"].startswith("chargen_batch."):  # noqa: SLF001 - the service hashes too
            counts.hashed[bytes(data)] += 1
        return real_sha256(data, **more)

    def file_digest(stream: io.BufferedReader, kind: str) -> Any:  # noqa: ANN401 - as in hashlib
        with real_open(stream.name, "rb") as again:
            counts.hashed[again.read()] += 1
        return real_file_digest(stream, kind)

    def compose(raw: bytes, *, where: str) -> yaml12.Composed:
        if where != CONFIG_NAME:
            counts.parsed[where] += 1
        return real_compose(raw, where=where)

    with (
        mock.patch.object(io, "open", opened),
        mock.patch.multiple(hashlib, sha256=sha256, file_digest=file_digest),
        mock.patch.object(yaml12, "compose", compose),
        watching(root, counts.happens, durable=False),
    ):
        yield counts
