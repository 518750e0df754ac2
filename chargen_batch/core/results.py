"""Result lines: what all have in common, and why there is no answer (docs/run-directory.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch.core import row_errors
from chargen_batch.core.decoding import result_line
from chargen_batch.model.outcome import ProviderMeta, TaskError, Usage
from chargen_batch.model.wire import RowStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.core.pictures import ReceivedPicture
    from chargen_batch.model.wire import Candidate, GenerateContentResponse, ResultLine, ResultPart

# Never the same prompt again: the service has decided (gemini.md §2.4).
REFUSALS = frozenset(
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
_TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What a result line says: pictures or an analysis, or why there is none; whose, if it says so.

    ``analysis_json`` is an answer that was checked by its schema, written out anew.
    """

    key: str | None
    error: TaskError | None = None
    pictures: tuple[ReceivedPicture, ...] = ()
    analysis_json: str | None = None
    usage: Usage | None = None
    provider_meta: ProviderMeta | None = None
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Answer:
    """A candidate that the service gave for one request, and the line that it stands in."""

    result: ResultLine
    response: GenerateContentResponse
    candidate: Candidate

    @property
    def parts(self) -> list[ResultPart]:
        """Return the parts of the answer; thoughts are none."""
        content = self.candidate.content
        parts = (content.parts or ()) if content else ()
        return [part for part in parts if not part.thought]

    @property
    def text(self) -> str:
        """Return the answer's text, which may come in several parts."""
        return "".join(part.text or "" for part in self.parts)

    @property
    def finish_reason(self) -> str:
        """Return why the model stopped."""
        return self.candidate.finish_reason or "OTHER"

    def success(
        self,
        *,
        pictures: tuple[ReceivedPicture, ...] = (),
        analysis_json: str | None = None,
        warnings: tuple[str, ...] = (),
    ) -> ReadLine:
        """Return what the line says where the answer holds."""
        return ReadLine(
            self.result.key,
            pictures=pictures,
            analysis_json=analysis_json,
            usage=_usage(self.response),
            provider_meta=_meta(self.response),
            warnings=warnings,
        )


class UnreadableLineError(ValueError):
    """The line is not JSON, or not a result: whose it was cannot be known."""


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A result line as it is on the wire; the task that it is for says how its answer is read."""

    raw: memoryview | bytes
    result: ResultLine

    @property
    def key(self) -> str | None:
        """Return whose line it is, where it says so."""
        return self.result.key

    def read(self, answered: Callable[[Answer], ReadLine], *, nothing: str) -> ReadLine:
        """Return what the line says.

        Args:
            answered: Reads an answer.
            nothing: The code of an answer in which nothing was found.

        Raises:
            UnreadableLineError: The line is JSON, and no result.

        """
        read = _outcome(self.result, answered, nothing)
        if (
            read.error
            and read.error.code in {nothing, "BLOCKED_NO_CANDIDATE"}
            and b"_" in bytes(self.raw)
        ):
            return _outcome(_snake_case(self.raw), answered, nothing)
        return read


def parse_line(line: memoryview | bytes) -> ParsedLine:
    """Parse one line of a result file.

    Raises:
        UnreadableLineError: The line does not parse.

    """
    try:
        return ParsedLine(line, result_line(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise UnreadableLineError(str(err)) from err


def _snake_case(line: memoryview | bytes) -> ResultLine:
    """Read a line again: snake_case names are legal proto3 JSON; the fast reading drops them."""
    try:
        # Written out anew, as the fast reading needs the text of what it does not look into.
        return result_line(msgspec.json.encode(_camelised(msgspec.json.decode(line))))
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as err:
        raise UnreadableLineError(str(err)) from err


def _outcome(result: ResultLine, answered: Callable[[Answer], ReadLine], nothing: str) -> ReadLine:
    status = result.error or result.status
    if status and not (result.response and _is_ok(status)):
        return ReadLine(result.key, _row_error(status))
    response = result.response
    if response is None:
        return failed(result, nothing, "the line has no response", retryable=True)
    feedback, candidates = response.prompt_feedback, response.candidates
    if (feedback and feedback.block_reason) or not candidates:
        reason = (feedback and feedback.block_reason) or "NO_CANDIDATE"
        return failed(result, f"BLOCKED_{reason}", "the prompt was blocked", retryable=False)
    return answered(Answer(result, response, candidates[0]))


def _is_ok(status: RowStatus | str) -> bool:
    """Say whether a status beside a response is google.rpc.Code's OK, or says nothing."""
    return isinstance(status, RowStatus) and status.code in {None, 0, "0", "OK"}


def shortened(text: str) -> str:
    """Return the beginning of a text that an error quotes."""
    return text[:_TEXT_LIMIT]


def failed(result: ResultLine, code: str, message: str, *, retryable: bool) -> ReadLine:
    """Return what a line says that has no result."""
    error = TaskError(code=code, message=message, retryable=retryable)
    response = result.response
    if response is None:
        return ReadLine(result.key, error)
    return ReadLine(result.key, error, usage=_usage(response), provider_meta=_meta(response))


def _row_error(status: RowStatus | str) -> TaskError:
    if isinstance(status, str):
        status = row_errors.status_of(status)
    code = status.code if status.code is not None else status.status
    message = shortened(status.message or "the service gave no reason")
    name = "ROW_ERROR" if code is None else shortened(f"ROW_ERROR_{code}")
    return TaskError(code=name, message=message, retryable=row_errors.is_retryable(code))


def _usage(response: GenerateContentResponse) -> Usage | None:
    usage = response.usage_metadata
    if usage is None:
        return None
    details = usage.candidates_tokens_details or ()
    return Usage(
        prompt_tokens=usage.prompt_token_count or 0,
        candidates_tokens=usage.candidates_token_count or 0,
        thoughts_tokens=usage.thoughts_token_count or 0,
        image_tokens=sum(part.token_count or 0 for part in details if part.modality == "IMAGE"),
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
