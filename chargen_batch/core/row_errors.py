"""Why one row of a job failed: read off an object, or off text that has it inside (Vertex)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

import msgspec

from chargen_batch.model.wire import RowStatus

# DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE (google.rpc.Code).
_RETRYABLE_GRPC: Final = frozenset({4, 8, 10, 13, 14})
_RETRYABLE_NAMES: Final = frozenset(
    {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNAVAILABLE"}
)
_LARGEST_GRPC: Final = 16
_HTTP: Final = {status.phrase.lower(): status.value for status in HTTPStatus}
_CODE: Final = re.compile(r'"code"\s*:\s*"?([0-9]{1,9}|[A-Z_]+)')
_MESSAGE: Final = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)')
_NAME: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+|ABORTED|INTERNAL|UNAVAILABLE")


class _Body(msgspec.Struct, frozen=True):
    """What Google's APIs answer with where they refuse."""

    error: RowStatus


def is_retryable(code: int | str | None) -> bool:
    """Say whether what failed with this code may be asked again as it is."""
    if isinstance(code, str) and re.fullmatch("[0-9]{1,9}", code):
        code = int(code)
    if not isinstance(code, int):
        return code in _RETRYABLE_NAMES
    if code <= _LARGEST_GRPC:
        return code in _RETRYABLE_GRPC
    return code == 429 or code >= 500  # noqa: PLR2004 - HTTP's own numbers


def status_of(text: str) -> RowStatus:
    """Read ``Bad Request: {"error": {"code": 400, ...}}``, as far as it is that.

    The object may be cut off, or missing; then its first words are those of HTTP or of gRPC.
    """
    words, brace, rest = text.partition("{")
    try:
        error = msgspec.json.decode(brace + rest, type=_Body, strict=False).error
    except (msgspec.DecodeError, RecursionError):
        return RowStatus(code=_code(words, rest), message=_message(rest) or text)
    if error.code is not None or error.status is not None:
        return error if error.message else msgspec.structs.replace(error, message=text)
    return RowStatus(code=_code(words, ""), message=error.message or text)


def _code(words: str, rest: str) -> int | str | None:
    if found := _CODE.search(rest):
        return int(found[1]) if found[1].isdigit() else found[1]
    first = words.partition(":")[0].strip()
    if named := _NAME.fullmatch(first):
        return named[0]
    return _HTTP.get(first.lower())


def _message(rest: str) -> str:
    found = _MESSAGE.search(rest)
    return found[1] if found else ""
