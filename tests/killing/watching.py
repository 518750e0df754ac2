"""What a process does to its files and to the service, event by event, at Python's lowest level.

Each event is told *before* it happens, but for the two that lie between a deed and the process's
knowing of it: ``half`` (the first half of a write is in the file) and ``answer`` (the service has
done it, and nobody has seen the answer yet).
"""

from __future__ import annotations

import builtins
import io
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from unittest import mock

import httpx
from requests.adapters import HTTPAdapter

from chargen_batch import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    Happens = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens: to a path inside the folder that is watched, or as a request."""

    kind: str
    path: str
    to: str = ""
    data: str = ""


class Watch:
    """The stand-ins for what the package writes and sends with."""

    def __init__(self, folder: Path, happens: Happens, *, durable: bool) -> None:
        self.folder, self.happens, self.durable = f"{folder.resolve()}/", happens, durable
        self.lock = threading.RLock()
        self.paths: dict[int, str] = {}
        names = ("open", "fsync", "replace", "rename", "link", "mkdir", "unlink", "rmdir")
        self.real: dict[str, Any] = {name: getattr(os, name) for name in names}
        self.real_open = io.open
        self.real_send = httpx.Client.send
        self.real_store = HTTPAdapter.send
        self.real_swap, self.real_rename_new = exchange.swap, exchange.rename_new

    def inside(self, path: object) -> str:
        """Return a path relative to the folder (itself a dot), or nothing where it is not in it."""
        if isinstance(path, int):
            return self.paths.get(path, "")
        if not isinstance(path, str | os.PathLike):
            return ""
        whole = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are followed by whoever opens
        if f"{whole}/" == self.folder:
            return "."
        return whole[len(self.folder) :] if whole.startswith(self.folder) else ""

    def tell(self, kind: str, path: str, to: str = "", data: bytes = b"") -> None:
        """Let an event happen, one at a time."""
        with self.lock:
            self.happens(Event(kind, path, to, data.decode("latin-1")))

    def fsync(self, descriptor: int) -> None:
        if path := self.inside(descriptor):
            self.tell("fsync", path)
        if self.durable:
            self.real["fsync"](descriptor)

    def moving(self, name: str) -> Callable[..., None]:
        """Return the stand-in of ``replace``, ``rename`` or ``link``."""

        def moved(source: Any, target: Any, **more: Any) -> None:  # noqa: ANN401 - as in os
            if path := self.inside(source):
                self.tell("rename", path, self.inside(target))
            self.real[name](source, target, **more)

        return moved

    def swapped(self, one: Path, other: Path) -> None:
        """Stand in for the exchange of two names, and for not having looked at what was taken."""
        self.tell("rename", self.inside(one), self.inside(other))
        self.real_swap(one, other)
        self.tell("half", self.inside(other))

    def renamed_new(self, source: Path, target: Path) -> bool:
        """Stand in for a rename to a free name."""
        if not os.path.lexists(target):
            self.tell("rename", self.inside(source), self.inside(target))
        return self.real_rename_new(source, target)

    def naming(self, name: str) -> Callable[..., None]:
        """Return the stand-in of ``mkdir``, ``unlink`` or ``rmdir``."""

        def named(path: Any, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - as in os
            is_there = os.path.lexists(path)
            if (where := self.inside(path)) and is_there == (name != "mkdir"):
                self.tell(name, where)
            self.real[name](path, *rest, **more)

        return named

    def open_descriptor(self, path: Any, flags: int, *rest: Any, **more: Any) -> int:  # noqa: ANN401 - as in os
        where = self.inside(path)
        if where and flags & os.O_CREAT and not os.path.lexists(path):
            self.tell("create", where)
        descriptor: int = self.real["open"](path, flags, *rest, **more)
        self.paths[descriptor] = where
        return descriptor

    def open_file(self, file: Any, mode: str = "r", *rest: Any, **more: Any) -> IO[Any]:  # noqa: ANN401 - as in io
        where = self.inside(file)
        if isinstance(file, int) or not where or not set(mode) & set("wax+"):
            return self.real_open(file, mode, *rest, **more)
        assert "b" in mode, f"{where} is opened as text, which nobody watches"
        if not os.path.lexists(file):
            self.tell("create", where)
        raw = _Raw(file, mode.replace("b", ""))
        raw.watch, raw.where = self, where
        self.paths[raw.fileno()] = where
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    def send(self, client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:  # noqa: ANN401 - as in httpx
        what = f"{request.method} {request.url.path}"
        self.tell("send", what)
        response = self.real_send(client, request, **more)
        self.tell("answer", what)
        return response

    def store(
        self,
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        **more: Any,  # noqa: ANN401 - as in requests
    ) -> requests.Response:
        """Stand in for what is asked of Cloud Storage, and of who gives tokens."""
        what = f"{request.method} {request.path_url.partition('?')[0]}"
        self.tell("send", what)
        response = self.real_store(adapter, request, **more)
        self.tell("answer", what)
        return response


class _Raw(io.FileIO):
    """A file whose every write is two: its halves can be told apart."""

    watch: Watch
    where: str

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        whole = bytes(data)
        self.watch.tell("write", self.where, data=whole)
        middle = len(whole) // 2
        if middle:
            super().write(whole[:middle])
            self.watch.tell("half", self.where)
        super().write(whole[middle:])
        return len(whole)

    def truncate(self, size: int | None = None, /) -> int:
        self.watch.tell("truncate", self.where)
        return super().truncate(size)


@contextmanager
def watching(folder: Path, happens: Happens, *, durable: bool = True) -> Iterator[None]:
    """Tell what this process does inside a folder, and what it asks of the service.

    Not ``durable`` is an fsync that is only told: for a process that is killed it is none.
    """
    watch = Watch(folder, happens, durable=durable)

    def send(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:  # noqa: ANN401 - as in httpx
        return watch.send(client, request, **more)

    def store(
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        **more: Any,  # noqa: ANN401 - as in requests
    ) -> requests.Response:
        return watch.store(adapter, request, **more)

    fakes: dict[str, Any] = {
        "open": watch.open_descriptor,
        "fsync": watch.fsync,
        "replace": watch.moving("replace"),
        "rename": watch.moving("rename"),
        "link": watch.moving("link"),
        **{name: watch.naming(name) for name in ("mkdir", "unlink", "rmdir")},
    }
    with (
        mock.patch.multiple(os, **fakes),
        mock.patch.object(io, "open", watch.open_file),
        mock.patch.object(builtins, "open", watch.open_file),
        mock.patch.object(httpx.Client, "send", send),
        mock.patch.object(HTTPAdapter, "send", store),
        mock.patch.object(exchange, "swap", watch.swapped),
        mock.patch.object(exchange, "rename_new", watch.renamed_new),
    ):
        yield
