"""A result file on its way down: from an offset on, in chunks, never whole in memory.

Not the SDK's download: that has no Range, writes its own file, and mistakes the names of batch
outputs in a URI (gemini.md §0.7, §1.3).
"""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import httpcore
import httpx

from chargen_batch.service.api import Download
from chargen_batch.service.refusals import not_understood, refused, unreached
from chargen_batch.service.wire import OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.service.wire import WireClient

# What is read off a connection at once, in bytes: of httpcore's own 64 KB each costs as much Python
# as a megabyte does, and result files have gigabytes.
httpcore.HTTP11Connection.READ_NUM_BYTES = 1 << 20

PARTIAL = 206
RANGE_NOT_SATISFIABLE = 416
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@contextmanager
def opened(client: WireClient, url: str, key: str, *, offset: int, call: str) -> Iterator[Download]:
    """Open a file at an offset; see ``BatchService.download``."""
    headers = {"x-goog-api-key": key, "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    request = client.build_request("GET", url, headers=headers)
    try:
        response = client.send(request, stream=True)
    except httpx.HTTPError as err:
        raise unreached(call, err, request.url.host) from err
    try:
        yield _begin(client, response, offset, call)
    finally:
        response.close()


def _begin(client: WireClient, response: httpx.Response, offset: int, call: str) -> Download:
    first, total = _content_range(response)
    stop = partial(_hang_up, response)
    if response.is_success and response.headers.get("Content-Type", "").startswith("text/html"):
        raise not_understood(call, "with a web page")
    if response.status_code == OK:
        return Download(0, _content_length(response), _chunks(response, call), stop)
    if response.status_code == PARTIAL and offset:
        if first != offset or "Content-Encoding" in response.headers:
            raise not_understood(call, "with another part of the file than was asked for")
        return Download(offset, total, _chunks(response, call), stop)
    if response.status_code == RANGE_NOT_SATISFIABLE and total == offset:
        return Download(offset, total, iter(()))
    try:
        answer = client.without_secrets(response)
    except httpx.HTTPError as err:
        raise unreached(call, err, response.request.url.host) from err
    raise refused(call, answer)


def _content_range(response: httpx.Response) -> tuple[int | None, int | None]:
    """Return the first byte and the whole size, each None where the answer does not tell."""
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None:
        return None, None
    first, total = match.groups()
    return (int(first) if first else None), (None if total == "*" else int(total))


def _content_length(response: httpx.Response) -> int | None:
    told = response.headers.get("Content-Length", "")
    is_size = told.isascii() and told.isdigit() and "Content-Encoding" not in response.headers
    return int(told) if is_size else None


def _chunks(response: httpx.Response, call: str) -> Iterator[bytes]:
    try:
        # As they arrive: gathered into bigger ones, the last before a break would be lost.
        yield from response.iter_bytes()
    except httpx.HTTPError as err:
        raise unreached(call, err, response.request.url.host) from err


def _hang_up(response: httpx.Response) -> None:
    """End a connection under whoever reads from it: to close it would leave him waiting."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if isinstance(connection, socket.socket):
        with suppress(OSError):  # it has ended already
            # Not TLS's own, which would first take the reader's state away.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
