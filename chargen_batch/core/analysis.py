"""Analysing: the request for JSON by a schema, and the answer checked by the schema's type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch.core.requests import request
from chargen_batch.core.response_schema import response_schema
from chargen_batch.core.results import REFUSALS, failed, shortened
from chargen_batch.errors import DocumentError
from chargen_batch.model.analysis import SCHEMAS
from chargen_batch.model.wire import GenerationConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.core.results import Answer, ParsedLine, ReadLine
    from chargen_batch.model import analysis
    from chargen_batch.model.task import BatchTask
    from chargen_batch.model.wire import GenerateContentRequest

JSON = "application/json"
BAD_ANALYSIS = "BAD_ANALYSIS"
_CUT_OFF = "MAX_TOKENS"


@dataclass(frozen=True, slots=True)
class Analysis:
    """The adapter of tasks that analyse, for one version of one schema."""

    answer: type[analysis.Analysis]

    def request(self, task: BatchTask, uris: Mapping[str, str]) -> GenerateContentRequest:
        """Return the request for an analysis; see ``Adapter``."""
        generation = GenerationConfig(
            temperature=task.temperature,
            response_mime_type=task.response_mime_type,
            response_json_schema=_schema(self.answer),
        )
        return request(task, uris, generation)

    def outcome(self, line: ParsedLine) -> ReadLine:
        """Return the analysis in a result line, or why there is none; see ``Adapter``."""
        return line.read(self._checked, nothing=BAD_ANALYSIS)

    def _checked(self, answer: Answer) -> ReadLine:
        try:
            checked = msgspec.json.decode(answer.text, type=self.answer)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as err:
            return _unusable(answer, err)
        return answer.success(analysis_json=msgspec.json.encode(checked).decode())


def analysis_of(version: str | None) -> Analysis:
    """Return the adapter of tasks that were planned with a version of a schema.

    Raises:
        DocumentError: This program does not have that version.

    """
    answer = SCHEMAS.get(version or "")
    if answer is None:
        raise DocumentError(
            f"the run asks for analyses by the schema {version}, which is not known here",
            hint=f"it has {', '.join(SCHEMAS)}: use the version that planned the run, or plan anew",
        )
    return Analysis(answer)


@cache
def schema_text(version: str) -> str:
    """Return the schema of a version as a request carries it."""
    return msgspec.json.encode(_schema(SCHEMAS[version])).decode()


@cache
def _schema(answer: type[analysis.Analysis]) -> dict[str, Any]:
    return response_schema(answer)


def _unusable(answer: Answer, err: Exception) -> ReadLine:
    """Return why there is no analysis: refused, cut off, no JSON, or not by the schema."""
    reason, text = answer.finish_reason, answer.text
    if reason in REFUSALS:
        said = shortened(answer.candidate.finish_message or text) or "the answer was refused"
        return failed(answer.result, reason, said, retryable=False)
    return failed(answer.result, BAD_ANALYSIS, _fault(reason, text, err), retryable=True)


def _fault(reason: str, text: str, err: Exception) -> str:
    if reason == _CUT_OFF:
        return f"{_CUT_OFF}: the answer was cut off after {len(text)} characters"
    if not text.strip():
        return f"{reason}: the answer has no text"
    if isinstance(err, msgspec.ValidationError):
        return f"not by the schema: {err}"
    return f"{reason}: not JSON: {err}; it begins: {shortened(text)}"
