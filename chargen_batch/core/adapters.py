"""Between tasks and the wire: one interface for all that can be asked of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from chargen_batch.core.analysis import analysis_of
from chargen_batch.core.generation import Generation
from chargen_batch.model.wire import RequestLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.core.results import ParsedLine, ReadLine
    from chargen_batch.model.task import BatchTask
    from chargen_batch.model.wire import GenerateContentRequest

_ENCODER = msgspec.json.Encoder()


class Adapter(Protocol):
    """How one kind of task is asked, and how its answer is read."""

    def request(self, task: BatchTask, uris: Mapping[str, str]) -> GenerateContentRequest:
        """Return a task's request.

        Args:
            task: What is asked for.
            uris: The uploaded files' URIs by their bytes' SHA-256.

        Raises:
            KeyError: A picture of the task was not uploaded.

        """

    def outcome(self, line: ParsedLine) -> ReadLine:
        """Return what a result line says; an answer that is no good is an error in it."""


def adapter_for(task: BatchTask) -> Adapter:
    """Return the adapter of a task, by its kind.

    Raises:
        DocumentError: The task was planned with a schema that this program does not have.

    """
    match task.kind:
        case "generate":
            return Generation()
        case "analyze":
            return analysis_of(task.response_schema_version)


def request_line(task: BatchTask, uris: Mapping[str, str]) -> bytes:
    """Return a task's line in a request file, without a line end.

    Args:
        task: What is asked for.
        uris: The uploaded files' URIs by their bytes' SHA-256.

    Raises:
        KeyError: A picture of the task was not uploaded.
        DocumentError: The task was planned with a schema that this program does not have.

    """
    return _ENCODER.encode(RequestLine(task.key, adapter_for(task).request(task, uris)))
