"""Request and result lines for the service in memory, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from chargen_batch.errors import ServiceError
from chargen_batch.model.state import JobCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Line = dict[str, object]
    Results = Callable[[Sequence[Line]], Iterable[Line | bytes]]

# A PNG of one grey pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def picture_line(key: str, picture: str = PIXEL) -> Line:
    """Return the result line of a picture (base64), as the service writes it."""
    content = {
        "role": "model",
        "parts": [{"inlineData": {"mimeType": "image/png", "data": picture}}],
    }
    usage = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 1120,
        "totalTokenCount": 1130,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    }
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"key": key, "response": {"candidates": [candidate], "usageMetadata": usage}}


def error_line(key: str, code: int = 13, message: str = "An internal error has occurred.") -> Line:
    """Return the result line of a request that failed."""
    return {"key": key, "error": {"code": code, "message": message}}


def pictures(requests: Sequence[Line]) -> Iterable[Line | bytes]:
    """Answer every request with one picture, in order."""
    return [picture_line(str(request["key"])) for request in requests]


def refusal(http_status: int, status: str, message: str) -> ServiceError:
    """Return the error that ``GeminiService`` raises for Google's JSON error."""
    return ServiceError(
        f"refused: {http_status} {status}: {message}",
        http_status=http_status,
        status=status,
        google=True,
    )


def request_lines(content: bytes) -> list[Line]:
    """Return a request file's lines; one that is no request is a 400, and no job."""
    lines: list[Line] = []
    for line in filter(None, content.split(b"\n")):
        try:
            parsed = json.loads(line)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict) or set(parsed) != {"key", "request"}:
            raise refusal(400, "INVALID_ARGUMENT", f"line {len(lines) + 1} is no request.")
        lines.append(cast("Line", parsed))
    if not lines:
        raise refusal(400, "INVALID_ARGUMENT", "the file has no request.")
    return lines


def line_bytes(line: Mapping[str, object] | bytes) -> bytes:
    """Return a result line as it stands in the file."""
    return line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"


def counts_of(requests: Sequence[Line], lines: Sequence[Line | bytes]) -> JobCounts:
    """Return a job's counts: a request with no good line has failed."""
    good = {str(line["key"]) for line in lines if isinstance(line, dict) and "response" in line}
    succeeded = sum(str(request["key"]) in good for request in requests)
    return JobCounts(total=len(requests), succeeded=succeeded, failed=len(requests) - succeeded)
