"""From a result line to an outcome (docs/run-directory.md)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64

from chargen_batch.core.pictures import BrokenPictureError, PictureFacts, inspect
from chargen_batch.model.outcome import ProviderMeta, TaskError, Usage
from chargen_batch.model.wire import ResultLine, RowStatus

if TYPE_CHECKING:
    from chargen_batch.model.wire import Candidate, GenerateContentResponse, ResultPart

# Never the same prompt again: the service has decided (gemini.md §2.4).
_REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
    }
)
# DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE (google.rpc.Code).
_RETRYABLE_GRPC = frozenset({4, 8, 10, 13, 14})
_RETRYABLE_NAMES = frozenset(
    {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNAVAILABLE"}
)
_LARGEST_GRPC = 16
_TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ReceivedPicture:
    """A whole picture out of an answer."""

    data: bytes
    facts: PictureFacts

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the picture's bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What a result line says: pictures, or why there are none; whose, where it says so."""

    key: str | None
    error: TaskError | None = None
    pictures: tuple[ReceivedPicture, ...] = ()
    usage: Usage | None = None
    provider_meta: ProviderMeta | None = None
    warnings: tuple[str, ...] = field(default=())


class UnreadableLineError(ValueError):
    """The line is not JSON, or not a result: whose it was cannot be known."""


# Not strict: proto3 JSON may write a number as a string.
_DECODER = msgspec.json.Decoder(ResultLine, strict=False)
_FOUND_NOTHING = frozenset({"NO_IMAGE_DATA", "BLOCKED_NO_CANDIDATE"})


def read_line(line: bytes) -> ReadLine:
    """Read one line of a result file.

    Raises:
        UnreadableLineError: The line does not parse.

    """
    try:
        read = _outcome(_DECODER.decode(line))
        if read.error and read.error.code in _FOUND_NOTHING and b"_" in line:
            # snake_case names are legal proto3 JSON and are dropped by the fast reading.
            names = _camelised(msgspec.json.decode(line))
            return _outcome(msgspec.convert(names, ResultLine, strict=False))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise UnreadableLineError(str(err)) from err
    return read


def _outcome(result: ResultLine) -> ReadLine:
    status = result.error or result.status
    if status:
        return ReadLine(result.key, _row_error(status))
    if result.response is None:
        return _failed(result, "NO_IMAGE_DATA", "the line has no response", retryable=True)
    return _read_response(result, result.response)


def _read_response(result: ResultLine, response: GenerateContentResponse) -> ReadLine:
    feedback, candidates = response.prompt_feedback, response.candidates
    if (feedback and feedback.block_reason) or not candidates:
        reason = (feedback and feedback.block_reason) or "NO_CANDIDATE"
        return _failed(result, f"BLOCKED_{reason}", "the prompt was blocked", retryable=False)
    parts = _parts(candidates[0])
    images = [part for part in parts if part.inline_data and part.inline_data.data]
    if not images:
        return _without_image(result, candidates[0], parts)
    try:
        pictures = tuple(_picture(part) for part in images)
    except ValueError as err:  # base64 and BrokenPictureError both are
        return _failed(result, "BAD_RESULT", str(err), retryable=True)
    return ReadLine(
        result.key,
        pictures=pictures,
        usage=_usage(response),
        provider_meta=_meta(response),
        warnings=tuple(_mislabelled(images, pictures)),
    )


def _parts(candidate: Candidate) -> list[ResultPart]:
    content = candidate.content
    parts = (content.parts or ()) if content else ()
    return [part for part in parts if not part.thought]


def _picture(part: ResultPart) -> ReceivedPicture:
    encoded = part.inline_data.data if part.inline_data else ""
    try:
        url_safe = "-" in encoded or "_" in encoded
        data = pybase64.b64decode(encoded, altchars=b"-_" if url_safe else None, validate=True)
    except ValueError as err:
        raise BrokenPictureError(f"the picture's base64 does not hold: {err}") from err
    return ReceivedPicture(data, inspect(data))


def _mislabelled(parts: list[ResultPart], pictures: tuple[ReceivedPicture, ...]) -> list[str]:
    said = [part.inline_data.mime_type for part in parts if part.inline_data]
    return [
        f"the service called it {word}, its bytes are {picture.facts.mime}"
        for word, picture in zip(said, pictures, strict=True)
        if word and word != picture.facts.mime
    ]


def _without_image(result: ResultLine, candidate: Candidate, parts: list[ResultPart]) -> ReadLine:
    reason = candidate.finish_reason or "OTHER"
    said = candidate.finish_message or "".join(part.text or "" for part in parts)
    text = said[:_TEXT_LIMIT] or "the answer has no picture"
    if reason in _REFUSALS:
        return _failed(result, reason, text, retryable=False)
    return _failed(result, "NO_IMAGE_DATA", f"{reason}: {text}", retryable=True)


def _failed(result: ResultLine, code: str, message: str, *, retryable: bool) -> ReadLine:
    error = TaskError(code=code, message=message, retryable=retryable)
    response = result.response
    if response is None:
        return ReadLine(result.key, error)
    return ReadLine(result.key, error, usage=_usage(response), provider_meta=_meta(response))


def _row_error(status: RowStatus | str) -> TaskError:
    if isinstance(status, str):
        return TaskError(code="ROW_ERROR", message=status[:_TEXT_LIMIT], retryable=False)
    code = status.code if status.code is not None else status.status
    message = (status.message or "the service gave no reason")[:_TEXT_LIMIT]
    name = "ROW_ERROR" if code is None else f"ROW_ERROR_{code}"
    return TaskError(code=name, message=message, retryable=_row_retryable(code))


def _row_retryable(code: int | str | None) -> bool:
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    if not isinstance(code, int):
        return code in _RETRYABLE_NAMES
    if code <= _LARGEST_GRPC:
        return code in _RETRYABLE_GRPC
    return code == 429 or code >= 500  # noqa: PLR2004 - HTTP's own numbers


def _usage(response: GenerateContentResponse) -> Usage | None:
    usage = response.usage_metadata
    if usage is None:
        return None
    details = usage.candidates_tokens_details or ()
    return Usage(
        prompt_tokens=usage.prompt_token_count or 0,
        candidates_tokens=usage.candidates_token_count or 0,
        thoughts_tokens=usage.thoughts_token_count or 0,
        image_tokens=sum(part.token_count for part in details if part.modality == "IMAGE"),
        total_tokens=usage.total_token_count or 0,
    )


def _meta(response: GenerateContentResponse) -> ProviderMeta:
    first = response.candidates[0] if response.candidates else None
    return ProviderMeta(
        model_version=response.model_version or "",
        response_id=response.response_id or "",
        finish_reason=(first and first.finish_reason) or "",
    )


def _camelised(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {_camel(name): _camelised(item) for name, item in value.items()}
    return [_camelised(item) for item in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)
