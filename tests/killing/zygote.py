"""A process that has imported everything and has no threads: it forks one child a command.

Orders come as JSON lines on standard input, answers go out as JSON lines. A child is told what to
type, and at which event of its own it dies: by SIGKILL, with no clean-up whatever.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from unittest import mock

import google.genai
import httpx
import stamina

import chargen_batch
from chargen_batch.cli import main, session
from chargen_batch.cli.app import COMMANDS
from chargen_batch.core.retry_policy import ATTEMPTS
from chargen_batch.errors import BatchError
from chargen_batch.service import gemini
from chargen_batch.story import cache_records
from tests.killing.watching import Event, watching

if TYPE_CHECKING:
    from collections.abc import Callable


def load_all() -> None:
    """Import what commands import when they run, so that no child has to."""
    assert google.genai.__version__
    for module in pkgutil.walk_packages(chargen_batch.__path__, "chargen_batch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def warm_up() -> None:
    """Let the SDK build its models, which it does when they are first used."""

    def answered(_client: httpx.Client, request: httpx.Request, **_more: object) -> httpx.Response:
        headers = {"x-goog-upload-url": "http://127.0.0.1:1/", "x-goog-upload-status": "final"}
        thing = {"name": "batches/a", "response": {}}
        return httpx.Response(200, headers=headers, json={**thing, "file": thing}, request=request)

    with mock.patch.object(httpx.Client, "send", answered):
        service = gemini.connect(api_key="a", base_url="http://127.0.0.1:1", trust_env=False)
        calls: tuple[Callable[[], object], ...] = (
            lambda: service.upload(io.BytesIO(b"a"), size=1, mime="a/b", display_name="a"),
            lambda: service.create_job(model="a", request_file="files/a", display_name="a"),
            lambda: service.get_job("batches/a"),
            lambda: list(service.list_jobs()),
            lambda: list(service.list_files()),
            lambda: service.get_file("files/a"),
            lambda: service.delete_file("files/a"),
            lambda: service.cancel_job("batches/a"),
            lambda: service.delete_job("batches/a"),
            lambda: service.get_model("a"),
        )
        for call in calls:
            with contextlib.suppress(BatchError):
                call()


class Late:
    """What children import only when they run: the next ones shall find it imported."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        os.set_blocking(self.out, False)

    def tell(self, names: set[str]) -> None:
        """Say, in a child, what it has imported."""
        if names:
            os.write(self.into, "".join(f"{name}\n" for name in sorted(names)).encode())

    def load(self) -> None:
        """Import what children have told of."""
        with contextlib.suppress(BlockingIOError):
            for name in os.read(self.out, 1 << 16).decode().split():
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)


LATE = Late()


class Fate:
    """What becomes of a child: it dies or stops at an event, and leaves a record of all."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.count = 0
        self.counted: list[str] = order.get("counted", [])
        self.signals: dict[int, int] = {
            order.get("die_at", -1): signal.SIGKILL,
            order.get("stop_at", -1): signal.SIGSTOP,
        }
        self.bug_at: int = order.get("bug_at", -1)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.record = os.open(order["record"], flags) if order.get("record") else None

    def __call__(self, event: Event) -> None:
        """Let an event be the last, where it is its turn."""
        if self.counted and event.kind not in self.counted:
            return
        number, self.count = self.count, self.count + 1
        if self.record is not None:
            line = [event.kind, event.path, event.to, event.data]
            os.write(self.record, json.dumps(line).encode() + b"\n")
        if number in self.signals:
            os.kill(os.getpid(), self.signals[number])
        if number == self.bug_at:
            raise RuntimeError(f"a bug at {event.kind} {event.path}")


def child(order: dict[str, Any]) -> NoReturn:
    """Type one command, as its own process would, and end with its exit code."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    now, end = datetime.fromisoformat(order["now"]), order["suffix"]
    session.clock = lambda: now
    session.suffix = lambda: end
    session.Session.clock = staticmethod(session.clock)
    stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
    fate = Fate(order)
    known = set(sys.modules)
    with watching(Path(order["folder"]), fate, durable=False):
        code = main.main(order["argv"])
        fate(Event("end", ""))
    LATE.tell(set(sys.modules) - known)
    Path(order["title"]).write_bytes(Path("/proc/self/cmdline").read_bytes())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def obey(order: dict[str, Any]) -> dict[str, int]:
    """Start a child, or let one that has stopped go on; return how it ended, or that it stopped."""
    if "pid" in order:
        pid = order["pid"]
        os.kill(pid, order["signal"])
    else:
        pid = os.fork()
        if not pid:
            try:
                child(order)
            finally:
                os._exit(99)
    _, status = os.waitpid(pid, os.WUNTRACED)
    LATE.load()
    if os.WIFSTOPPED(status):
        return {"pid": pid, "stopped": 1}
    return {"pid": pid, "code": os.waitstatus_to_exitcode(status)}


def serve() -> None:
    """Obey until standard input ends."""
    load_all()
    warm_up()
    # A plan does the same, however long ago the story was written.
    cache_records.GRANULARITY_NS = 1 << 62  # type: ignore[misc]  # final, but for this
    dict(COMMANDS)  # to build one is a third of what a short command takes
    gc.collect()
    gc.freeze()
    gc.get_freeze_count = lambda: 1  # to count takes longer than to type a short command
    for line in sys.stdin.buffer:
        print(json.dumps(obey(json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    serve()
