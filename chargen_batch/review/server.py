"""Serving a review on loopback until it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from chargen_batch.review.app import Review, make_app
from chargen_batch.review.guard import Keys
from chargen_batch.review.page import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from chargen_batch.phases.review import Desk

HOST: Final = "127.0.0.1"
_JOIN_S: Final = 5.0
_LAST_WORDS_S: Final = 5  # for what is being saved when the review is ended


@dataclass(frozen=True, slots=True)
class Served:
    """Where a review is, and its secrets."""

    base_url: str
    keys: Keys

    @property
    def link(self) -> str:
        """Return the address for a person to open, as often as they like."""
        return f"{self.base_url}/#{self.keys.link}"

    def link_for_once(self) -> str:
        """Return an address that is good for one time."""
        return f"{self.base_url}/#{self.keys.code()}"


class _Server(uvicorn.Server):
    """A server that tells the desk when it is to end: what waits for the story is let go."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk
        self.announce: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and only then say where: from here on a signal ends it in order."""
        await super().startup(sockets=sockets)
        await asyncio.to_thread(self.announce)  # a browser may take what it is shown at once

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End, as a signal says."""
        self._desk.end()
        super().handle_exit(sig, frame)

    def hung_up(self, _sig: int, frame: FrameType | None) -> None:
        """End as Ctrl-C does it: the terminal is gone."""
        self.handle_exit(signal.SIGINT, frame)


def run_forever(desk: Desk, port: int, announce: Callable[[Served], None]) -> None:
    """Serve a review in the foreground until a signal; ``announce`` is told where it is.

    Ctrl-C ends it with KeyboardInterrupt, once what is being saved is saved; so does a terminal
    that is closed.

    Raises:
        OSError: The port is in use, or not ours to take.

    """
    with contextlib.closing(_bound(port)) as listener:
        served, server = _made(desk, listener)
        server.announce = functools.partial(announce, served)
        with _watched_for_hanging_up(server):
            server.run(sockets=[listener])


@contextlib.contextmanager
def _watched_for_hanging_up(server: _Server) -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    if before != signal.SIG_DFL:  # whoever started us has it ignored
        yield
        return
    signal.signal(signal.SIGHUP, server.hung_up)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextlib.contextmanager
def serve(desk: Desk, port: int = 0) -> Iterator[Served]:
    """Serve a review from a thread while the context is open."""
    with contextlib.closing(_bound(port)) as listener:
        served, server = _made(desk, listener)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="review", daemon=True
        )
        thread.start()
        try:
            yield served
        finally:
            desk.end()
            server.should_exit = True
            thread.join(_JOIN_S)


def _bound(port: int) -> socket.socket:
    # asyncio turns Nagle's delay off only where the protocol is named, which create_server omits.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _made(desk: Desk, listener: socket.socket) -> tuple[Served, _Server]:
    host, port = listener.getsockname()
    served = Served(f"http://{host}:{port}", Keys())
    quiet: dict[str, Any] = {"log_config": None, "log_level": "critical", "access_log": False}
    config = uvicorn.Config(
        make_app(Review(desk, served.keys, page), port),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_WORDS_S,
        **quiet,
    )
    return served, _Server(config, desk)
