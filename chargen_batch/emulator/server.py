"""Serving a world over a real socket, in a thread of this process or in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from chargen_batch.emulator.app import make_app
from chargen_batch.emulator.clock import system_clock
from chargen_batch.emulator.faults import Faults
from chargen_batch.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

    from chargen_batch.emulator.clock import Clock
    from chargen_batch.emulator.faults import Fault
    from chargen_batch.emulator.ids import IdChoice
    from chargen_batch.emulator.jobs import Pace
    from chargen_batch.emulator.outcomes import Behaviour
    from chargen_batch.emulator.trouble import Trouble

_TICK_S = 0.01
_SETTLE_S = 0.05
_JOIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: where it is, what it knows, and what shall go wrong."""

    base_url: str
    world: World
    faults: Faults


class _Server(uvicorn.Server):
    """Uvicorn's server, but one that stops at once."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(_TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._settle()
        for connection in list(self.server_state.connections):
            connection.shutdown()
            connection.transport.close()
        await asyncio.sleep(0)
        for task in list(self.server_state.tasks):
            task.cancel()
        await self._settle()

    async def _settle(self) -> None:
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_SETTLE_S)


@contextlib.contextmanager
def serve(
    state_dir: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    now: Clock = system_clock,
    ids: IdChoice = "random",
    pace: Pace | None = None,
    behaviour: Behaviour | None = None,
    trouble: Trouble | None = None,
) -> Iterator[Emulator]:
    """Serve the state of a directory from a daemon thread while the context is open.

    With `ids` "counted" the same calls get the same ids, in whatever order threads make them.
    `pace` and `behaviour` go before those of `trouble`. `now` is what the virtual clock goes by.
    """
    world = World(state_dir, now=now, ids=ids, trouble=trouble)
    world.pace = pace or world.pace
    world.behaviour = behaviour or world.behaviour
    faults = Faults(world.store, world.trouble.faults)
    with in_thread(make_app(world, faults), host, port) as base_url:
        yield Emulator(base_url, world, faults)


@contextlib.contextmanager
def in_thread(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve any application from a daemon thread while the context is open; give its URL."""
    listener = _bound(host, port)
    server = _Server(_config(app))
    run = server.serve(sockets=[listener])
    thread = threading.Thread(target=asyncio.run, args=(run,), name="emulator", daemon=True)
    thread.start()
    try:
        yield _url(listener)
    finally:
        server.should_exit = True
        thread.join(_JOIN_S)


def run_forever(
    state_dir: Path,
    host: str,
    port: int,
    announce: Callable[[str], None],
    *,
    trouble: Trouble | None = None,
    faults: Mapping[str, Sequence[Fault]] | None = None,
) -> None:
    """Serve in the foreground until a signal; `announce` is told the URL once it can be called.

    `faults` are this server's own, before those of `trouble`. Ctrl-C ends it with
    KeyboardInterrupt, and SIGTERM as if it had not been caught. A port in use is an OSError before
    anything is announced.
    """
    world = World(state_dir, trouble=trouble)
    queues = Faults(world.store, world.trouble.faults)
    for method, queue in (faults or {}).items():
        queues.add(method, *queue)
    listener = _bound(host, port)
    server = _Server(_config(make_app(world, queues)))
    announce(_url(listener))
    asyncio.run(server.serve(sockets=[listener]))


def _bound(host: str, port: int) -> socket.socket:
    # asyncio turns Nagle's delay off only where the protocol is named, which create_server omits.
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _config(app: ASGIApp) -> uvicorn.Config:
    quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False}
    quiet["date_header"] = False  # the world's clock tells it
    return uvicorn.Config(app, loop="asyncio", http="h11", ws="none", lifespan="off", **quiet)
