"""Cloud Storage on loopback: gcp-storage-emulator, behind a proxy that checks and records.

The emulator is a third party's and ignores much of what the real service does. The proxy adds it:
preconditions on generations (412, also when an upload ends), 404 and 412 with Google's body, the
hashes and the generation of each download, a download's 416, lists by name and in pages, resumable
uploads whose chunks come twice, X-Goog-Hash, and what is not permitted.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import HTTPServer
from typing import TYPE_CHECKING

from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage as Disk
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from chargen_batch.emulator import responses
from chargen_batch.emulator.faults import Fault, faults_of
from chargen_batch.emulator.server import in_thread
from tests.storage_backend import Backend, Call, Reply
from tests.storage_rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

BUCKET = "stories"
CORRUPT = "corrupt"


@dataclass
class Storage:
    """A running Cloud Storage: where it is, what it was asked, and what shall go wrong.

    `base_url` is the proxy's, which STORAGE_EMULATOR_HOST shall name; `direct_url` is the
    emulator's own, for those whose calls shall be neither recorded nor spoilt. `denied` are
    permissions ("storage.objects.create") that the caller has not; `page_size` is the most items
    of a page.
    """

    base_url: str
    direct_url: str
    rules: Rules
    third_party: ThirdParty
    calls: list[Call] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=lambda: defaultdict(deque))

    @property
    def denied(self) -> set[str]:
        """Give the permissions that are denied, to be changed."""
        return self.rules.denied

    def fail(self, method: str, *faults: str) -> None:
        """Let the next calls of a method go wrong, as the emulator's faults are written.

        "corrupt" is one more: a download of which one byte is another.
        """
        for text in faults:
            self.faults[method] += [None] if text == CORRUPT else faults_of(text)

    def pending(self) -> dict[str, int]:
        """Count the faults that did not happen, by method."""
        return {method: len(queue) for method, queue in self.faults.items() if queue}

    def asked(self, method: str) -> list[Call]:
        """Give the calls of one method, in order."""
        return [call for call in self.calls if call.method == method]

    def put(self, name: str, content: bytes, *, bucket: str = BUCKET) -> None:
        """Write an object, unrecorded."""
        self.rules.backend.put(bucket, name, content)

    def read(self, name: str, *, bucket: str = BUCKET) -> bytes:
        """Read an object, unrecorded."""
        return self.rules.backend.read(bucket, name)

    def names(self, prefix: str = "", *, bucket: str = BUCKET) -> list[str]:
        """Give the objects' names in order, unrecorded."""
        listed = self.rules.backend.items(bucket, prefix)
        return [str(item["name"]) for item in listed]

    def show(self, folder: Path) -> None:
        """Keep the objects in another folder from here on, and find those that are there."""
        self.third_party.show(folder)

    def forget(self) -> None:
        """Forget what was asked until now."""
        self.calls.clear()


@contextmanager
def storage(
    folder: Path, *buckets: str, page_size: int = 1000, lasting: bool = False
) -> Iterator[Storage]:
    """Serve a Cloud Storage that keeps its objects in a folder; its buckets are there already.

    What is known of them is written when it ends, or with every change if the folder is to be
    copied meanwhile: `lasting`.
    """
    third_party = ThirdParty(lasting=lasting)
    with third_party.serve(folder) as direct_url:
        backend = Backend(direct_url)
        for bucket in buckets or (BUCKET,):
            backend.make_bucket(bucket)
        rules = Rules(backend, page_size=page_size)
        proxy = _Proxy()
        with in_thread(proxy) as base_url:
            proxy.storage = Storage(base_url, direct_url, rules, third_party)
            yield proxy.storage


class ThirdParty:
    """The emulator, as it is, on a folder that can be changed."""

    def __init__(self, *, lasting: bool) -> None:
        self._lasting = lasting
        self._disk: _Disk | None = None
        self._server: HTTPServer | None = None

    @contextmanager
    def serve(self, folder: Path) -> Iterator[str]:
        """Serve while the context is open; give the URL."""
        self._server = HTTPServer(("127.0.0.1", 0), RequestHandler)
        self.show(folder)
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{self._server.server_address[1]}"
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
            self._close()

    def show(self, folder: Path) -> None:
        """Serve what is in a folder."""
        self._close()
        self._disk = _Disk(folder, lasting=self._lasting)
        assert self._server is not None
        self._server.RequestHandlerClass = partial(RequestHandler, self._disk)

    def _close(self) -> None:
        if self._disk is not None:
            self._disk.write()


class _Disk(Disk):  # type: ignore[misc] # it has no types
    """The emulator's disk, which would write all that it knows with every object."""

    def __init__(self, folder: Path, *, lasting: bool) -> None:
        self._lasting = lasting
        super().__init__(data_dir=str(folder.absolute()))

    def _write_config_to_file(self) -> None:
        if self._lasting:
            self.write()

    def write(self) -> None:
        """Write what it knows, for the next server on this folder."""
        super()._write_config_to_file()


class _Proxy:
    """The application before the emulator: one call at a time, as it comes."""

    storage: Storage

    def __init__(self) -> None:
        self._one = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[responses.TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        request = Request(scope, receive)
        try:
            call = Call.of(request, await request.body())
        except ClientDisconnect:
            return
        response = await run_in_threadpool(self._answer, call)
        if not isinstance(response, responses.Cut):
            call.status = response.status_code
        await response(scope, receive, send)

    def _answer(self, call: Call) -> Response:
        with self._one:
            self.storage.calls.append(call)
            queue = self.storage.faults[call.method]
            corrupt = bool(queue) and queue[0] is None
            fault = queue.popleft() if queue else None
            replaced = None if fault is None else responses.instead(fault)
            if replaced is not None:
                return replaced
            reply = self.storage.rules.answer(call)
        content = _corrupted(reply) if corrupt else reply.content
        response = Response(content, reply.status, reply.headers)
        return response if fault is None else responses.spoilt(fault, response)


def _corrupted(reply: Reply) -> bytes:
    middle = len(reply.content) // 2
    return reply.content[:middle] + bytes([reply.content[middle] ^ 1]) + reply.content[middle + 1 :]
