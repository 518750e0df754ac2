"""Crashes at every write and call: the points are counted first, then each is once the end."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from unittest import mock

from chargen_batch import disk, exchange
from chargen_batch.exchange import replace_if_still, write_new
from tests.phases.world import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chargen_batch.service.api import Download
    from tests.phases.world import World


class Crash(BaseException):
    """The end of the process, here and now."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was about to be done, just done or half done."""

    number: int
    what: str
    how: str


@dataclass(slots=True)
class Power:
    """Counts what is done, and goes out at one point."""

    out_at: Point | None = None
    done: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def goes_out(self, number: int, how: str) -> bool:
        """Say whether this is the end."""
        return bool(self.out_at and (self.out_at.number, self.out_at.how) == (number, how))

    @contextmanager
    def around(self, what: str) -> Iterator[bool]:
        """Count something to do, and crash before or after it; say whether to do it by halves."""
        with self.lock:  # apply writes its pictures by several threads
            number = len(self.done)
            self.done.append(what)
        if self.goes_out(number, "before"):
            raise Crash
        torn = self.goes_out(number, "torn")
        yield torn
        if torn or self.goes_out(number, "after"):
            raise Crash

    def points(self) -> Iterator[Point]:
        """Go through all points of what was done: after one thing is before the next."""
        for number, what in enumerate(self.done):
            yield Point(number, what, "before")
            if what == "append":  # a ledger's line can be half there
                yield Point(number, what, "torn")
        yield Point(len(self.done) - 1, self.done[-1], "after")


class CrashingService(Service):
    """A service whose every call may be the last thing that happens."""

    power = Power()

    @contextmanager
    def _call(self, method: str, *about: str) -> Iterator[None]:
        with self.power.around(method), super()._call(method, *about):
            yield

    @contextmanager
    def download(self, name: str, *, offset: int = 0) -> Iterator[Download]:
        """Open a result file."""
        with self.power.around("download"), super().download(name, offset=offset) as opened:
            yield opened


class _Disk:
    """The disk's primitives, counted."""

    def __init__(self, power: Power) -> None:
        self.power = power
        self.real: dict[str, Any] = {name: getattr(disk, name) for name in self.names()}

    @staticmethod
    def names() -> tuple[str, ...]:
        return ("replacing", "append", "continuing", "rename", "make_directory")

    @contextmanager
    def replacing(self, path: Path, *, locked: bool = True) -> Iterator[IO[bytes]]:
        with self.power.around("replace"), self.real["replacing"](path, locked=locked) as stream:
            yield stream

    def write_new(self, path: Path, *pieces: bytes) -> bool:
        with self.power.around("write new"):
            return write_new(path, *pieces)

    def replace_if_still(self, path: Path, old: bytes | None, new: bytes) -> bool:
        with self.power.around("replace"):
            return replace_if_still(path, old, new)

    def append(self, path: Path, lines: Iterable[bytes], *, durable: bool = True) -> None:
        whole = list(lines)
        with self.power.around("append") as torn:
            if not torn:
                self.real["append"](path, whole, durable=durable)
                return
            text = b"".join(line + b"\n" for line in whole)
            with path.open("ab") as stream:
                stream.write(text[: len(text) // 2])

    @contextmanager
    def continuing(self, path: Path) -> Iterator[IO[bytes]]:
        with self.power.around("continue"), self.real["continuing"](path) as stream:
            yield stream

    def rename(self, source: Path, target: Path) -> None:
        with self.power.around("rename"):
            self.real["rename"](source, target)

    def make_directory(self, path: Path) -> None:
        if not path.is_dir():
            with self.power.around("mkdir"):
                self.real["make_directory"](path)


@contextmanager
def under(power: Power, world: World) -> Iterator[None]:
    """Let a world's disk and service hang on a power."""
    crashing = _Disk(power)
    fakes = {name: getattr(crashing, name) for name in crashing.names()}
    assert isinstance(world.service, CrashingService)
    with (
        mock.patch.multiple(disk, **fakes),
        mock.patch.multiple(
            exchange,
            replace_if_still=crashing.replace_if_still,
            write_new=crashing.write_new,
        ),
        mock.patch.object(CrashingService, "power", power),
    ):
        yield
