"""A proxy before the emulator that can answer in its place, with all that it was sent.

Real services do that: an error's text may quote the key that was refused, a gateway's page the
address and the headers.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

STYLES: Final = ("json 400", "json 403", "json 500", "html 502", "text 403", "half 403", "half 500")
_HOP: Final = frozenset({"connection", "transfer-encoding", "content-length"})


@dataclass(slots=True)
class Echo:
    """Where the proxy is, and what the next request of a kind is answered with."""

    base_url: str = ""
    target: str = ""
    queue: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, part: str, style: str) -> None:
        """Let the next request whose first line or headers have a part be echoed."""
        self.queue.append((part, style))

    def style_for(self, request: str) -> str:
        """Return how a request is to be echoed; nothing is: it goes on to the emulator."""
        for number, (part, style) in enumerate(self.queue):
            if part in request:
                del self.queue[number]
                return style
        return ""


@contextlib.contextmanager
def echoing(target: str) -> Iterator[Echo]:
    """Serve the proxy before a service while the block lasts."""
    echo = Echo(target=target)

    handler = type("Handler", (_Handler,), {"told": echo})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    echo.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield echo
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    told: Echo
    protocol_version = "HTTP/1.1"

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = f"{self.command} {self.path}\n{self.headers}"
        style = self.told.style_for(said)
        if style:
            self._echo(style, said + body.decode("latin-1"))
        else:
            self._hand_on(body)

    def _echo(self, style: str, said: str) -> None:
        kind, code = style.split()
        error = {"code": int(code), "message": f"You said: {said}", "status": "INVALID_ARGUMENT"}
        body = json.dumps({"error": error}) if kind in {"json", "half"} else f"<h1>{said}</h1>"
        key = self.headers.get("x-goog-api-key", "")
        if kind == "half":  # it breaks off inside of the key
            body = body[: body.index(key) + len(key) // 2] if key else body[: len(body) // 2]
        self.send_response(int(code), f"No {key}")
        self.send_header("Content-Type", "text/html" if kind == "html" else "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body.encode())
        self.close_connection = True

    def _hand_on(self, body: bytes) -> None:
        parts = urlsplit(self.told.target)
        asked = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        asked.request(self.command, self.path, body, dict(self.headers.items()))
        answer = asked.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        asked.close()

    do_GET = do_POST = do_PUT = do_DELETE = _take  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
