"""The services that commands are measured against, each a process of its own.

``python -m benchmarks.services slow STATE_DIR DELAY_S`` is the emulator, with uploads that are
answered so late; ``tiny STATE_DIR`` is the emulator that paints pictures of one pixel. ``python -m
benchmarks.services file FILE`` answers every download with one file, by sendfile, so that it is
faster than any client of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import stories
from benchmarks.side_by_side import ROOT, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_RANGE: Final = re.compile(r"bytes=(\d+)-")
_JOIN_S: Final = 10.0


@contextlib.contextmanager
def served(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve while the context is open; yields the address. ``environ`` is what it is told more.

    Raises:
        RuntimeError: The service did not start.

    """
    with subprocess.Popen(  # noqa: S603 - our own commands
        python("benchmarks.services", *arguments),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for mypy
        try:
            address = process.stdout.readline().strip()
            if not address:
                raise RuntimeError(f"the service did not start: {' '.join(arguments)}")
            yield address
        finally:
            process.terminate()
            process.wait(_JOIN_S)


def slow(state: str, delay_s: str) -> None:
    """Serve the emulator, each upload of which is answered late; that it begins is not."""
    from chargen_batch.emulator.server import run_forever  # noqa: PLC0415 - the other has no use
    from chargen_batch.emulator.trouble import Trouble  # noqa: PLC0415 - the same

    trouble = Trouble(latency_s={"files.upload.chunk": float(delay_s)})
    run_forever(Path(state), "127.0.0.1", 0, _announce, trouble=trouble)


def tiny(state: str) -> None:
    """Serve the emulator, which paints one pixel for each picture, another one for each."""
    from chargen_batch.emulator import answers  # noqa: PLC0415 - the others have no use for it
    from chargen_batch.emulator.server import run_forever  # noqa: PLC0415 - the same

    def pixel(key: str, *_arguments: object) -> bytes:
        return stories.picture(zlib.crc32(key.encode()) & 0xFFFFFF)

    answers.paint = pixel  # type: ignore[assignment,attr-defined]  # here alone
    run_forever(Path(state), "127.0.0.1", 0, _announce)


def file(path: str) -> None:
    """Serve one file at every path that ends in ``:download``."""
    _Sender.path_to_send = Path(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sender)
    _announce(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def _announce(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


class _Sender(BaseHTTPRequestHandler):
    """Sends the file from the byte that was asked for."""

    protocol_version = "HTTP/1.1"
    path_to_send: Path

    def do_GET(self) -> None:
        """Answer with the file, or with what is left of it."""
        if not self.path.partition("?")[0].endswith(":download"):
            self.send_error(404)
            return
        size = self.path_to_send.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size - first))
        self.end_headers()
        self.wfile.flush()
        with self.path_to_send.open("rb") as stream, contextlib.suppress(ConnectionError):
            self.connection.sendfile(stream, first)

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    services: dict[str, Callable[..., None]] = {"slow": slow, "tiny": tiny, "file": file}
    services[sys.argv[1]](*sys.argv[2:])
