"""Answers on the wire: Google's headers for the good ones, broken connections for the faults."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response

from chargen_batch.emulator.refusals import RefusalError, quota

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from chargen_batch.emulator.calls import Answer
    from chargen_batch.emulator.faults import Fault

JSON = "application/json; charset=UTF-8"
TRANSPORT = "chargen.transport"
NO_ANSWER = 0
_MOST_OF_A_TRUNCATED_FILE = 4_000_000
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PAGE = b"<!DOCTYPE html>\n<html><title>Error</title><p>The server encountered an error.</html>\n"


class Download(FileResponse):
    """A file in pieces of a mebibyte; ranges are served as 206."""

    chunk_size = 1024 * 1024


class Cut(Response):
    """No answer, or part of one, and then the connection is closed."""

    def __init__(self, sent: bytes = b"", *, after_s: float = 0) -> None:
        super().__init__(status_code=502)
        self._sent = sent
        self._after_s = after_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write straight to the connection: the server would add what makes an answer whole."""
        del send
        await asyncio.sleep(self._after_s)
        transport: asyncio.Transport = scope[TRANSPORT]
        transport.write(self._sent)
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def date(moment: datetime) -> str:
    """Write a moment as the Date header has it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def json_response(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write JSON as Google does, indented by two."""
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    content = text.encode("utf-8", "surrogatepass")
    # Starlette would write the charset its own way.
    return Response(content, status, {**(headers or {}), "Content-Type": JSON})


def answered(answer: Answer) -> Response:
    """Write a success: always 200."""
    if answer.file is not None:
        return Download(answer.file, media_type="application/octet-stream")
    return json_response(answer.body, headers=answer.headers)


def refused(error: RefusalError) -> Response:
    """Write a refusal."""
    return json_response(error.body(), error.code, error.headers)


def instead(fault: Fault) -> Response | None:
    """Give what a fault answers without doing anything, or None if it is done first."""
    makers: dict[str, Callable[[Fault], Response]] = {
        "status": _error,
        "empty": lambda fault: Response(status_code=fault.code),
        "html": lambda fault: Response(_PAGE, fault.code, media_type="text/html"),
        "empty_list": lambda _: json_response({}),
        "drop_before": lambda _: Cut(),
        "hang": lambda fault: Cut(after_s=fault.hang_s),
    }
    maker = makers.get(fault.kind.partition(":")[0])
    return None if maker is None else maker(fault)


def spoilt(fault: Fault, response: Response, wanted: str = "") -> Response:
    """Give what becomes of a good answer; `wanted` is the Range that was asked for."""
    if fault.kind == "drop_after":
        return Cut()
    is_good = response.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
    is_cut = is_good and fault.kind.startswith("truncate")
    half = _half(response, wanted) if is_cut else None
    if half is None:
        return response
    head, content = half.head, half.content
    if fault.kind == "truncate":
        return Cut(head + b"Content-Length: %d\r\n\r\n" % half.length + content)
    if fault.kind == "truncate_chunked":
        chunk = b"%x\r\n" % len(content) + content + b"\r\n"
        return Cut(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
    return Cut(head + b"Connection: close\r\n\r\n" + content)


def _error(fault: Fault) -> Response:
    if fault.code == HTTPStatus.TOO_MANY_REQUESTS:
        return refused(quota(fault.retry_delay_s))
    return refused(RefusalError(fault.code, "The service is not well, by request."))


@dataclass(frozen=True, slots=True)
class _Half:
    """The first half of an answer of a certain length; `part` is what of a file that has."""

    content: bytes
    length: int
    part: str = ""

    @property
    def head(self) -> bytes:
        """Give what comes before the content, but for what tells its length."""
        first = f"206 Partial Content\r\nContent-Range: {self.part}" if self.part else "200 OK"
        return f"HTTP/1.1 {first}\r\nContent-Type: application/octet-stream\r\n".encode()


def _half(response: Response, wanted: str) -> _Half | None:
    if isinstance(response, Download):
        return _half_of_file(Path(response.path), wanted)
    body = bytes(response.body)
    return _Half(body[: len(body) // 2], len(body), response.headers.get("content-range", ""))


def _half_of_file(path: Path, wanted: str) -> _Half | None:
    found = _RANGE.fullmatch(wanted)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        first = int(found[1]) if found else 0
        end = min(size, int(found[2]) + 1) if found and found[2] else size
        if found and first >= end:
            return None  # it is refused with 416
        file.seek(first)
        content = file.read(min((end - first) // 2, _MOST_OF_A_TRUNCATED_FILE))
    part = f"bytes {first}-{end - 1}/{size}" if found else ""
    return _Half(content, end - first, part)
