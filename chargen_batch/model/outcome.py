"""How a task ended: a line of outcomes.jsonl, and the dead letter of one that failed."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.bounds import Moment
from chargen_batch.model.task import BatchTask

OutcomeStatus = Literal["success", "failed"]
OutcomeStage = Literal["received", "settled", "reverted"]


class TaskError(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Why a task failed, and whether sending it again could help."""

    code: str
    message: str
    retryable: bool


class Picture(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A picture that was written: where (relative to the project), what, and its size in pixels."""

    path: str
    mime: str
    sha256: str
    width: int
    height: int


class Usage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The tokens that the service counted."""

    prompt_tokens: int = 0
    candidates_tokens: int = 0
    thoughts_tokens: int = 0
    image_tokens: int = 0
    total_tokens: int = 0


class ProviderMeta(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What the service says of how it made a result."""

    model_version: str = ""
    response_id: str = ""
    finish_reason: str = ""


class TaskResult(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One task's outcome: a success is first ``received`` (picture written), then ``settled``.

    One that ``revert`` took out of the story again is ``reverted``: paid for, and not drawn.

    ``image_path`` and ``sha256`` are the first picture's; ``pictures`` has them all. ``warnings``
    are what a person should know of it.
    """

    schema_version: Literal[1] = 1
    key: str
    stage: OutcomeStage
    status: OutcomeStatus
    job: int
    at: Moment
    error: TaskError | None = None
    image_path: str | None = None
    sha256: str | None = None
    pictures: tuple[Picture, ...] = ()
    analysis_json: str | None = None
    usage: Usage | None = None
    provider_meta: ProviderMeta | None = None
    warnings: tuple[str, ...] = ()


class DeadLetter(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A task that failed, with what is needed to understand it and to send it again."""

    schema_version: Literal[1] = 1
    run_id: str
    task: BatchTask
    error: TaskError
    attempts: int = 1
    at: Moment
    response: str | None = None
