"""Gemini's request and result lines, as far as we write and read them.

What we write is strict; what we read is tolerant: Google adds fields.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

# Gemini's counts are int32; of larger ones the ledger could not hold the sum.
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]


class FileData(msgspec.Struct, frozen=True, rename="camel"):
    """A picture that was uploaded."""

    file_uri: str
    mime_type: str


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A piece of a prompt: a text or a picture."""

    text: str | None = None
    file_data: FileData | None = None


class Content(msgspec.Struct, frozen=True, rename="camel"):
    """What one side says."""

    role: str
    parts: tuple[Part, ...]


class ImageConfig(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The shape of the picture asked for."""

    aspect_ratio: str | None = None
    image_size: str | None = None


class GenerationConfig(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How to answer. Modalities are always sent: the models' defaults differ."""

    response_modalities: tuple[str, ...] | None = None
    image_config: ImageConfig | None = None
    temperature: float | None = None
    response_mime_type: str | None = None
    response_json_schema: dict[str, Any] | None = None


class SafetySetting(msgspec.Struct, frozen=True):
    """One category's threshold, in the service's words."""

    category: str
    threshold: str


class GenerateContentRequest(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The REST request of one task."""

    contents: tuple[Content, ...]
    safety_settings: tuple[SafetySetting, ...] = ()
    generation_config: GenerationConfig | None = None


class RequestLine(msgspec.Struct, frozen=True):
    """One line of a request file: ``key`` and ``request``, and nothing else."""

    key: str
    request: GenerateContentRequest


class InlineData(msgspec.Struct, frozen=True, rename="camel"):
    """Bytes in base64, and what the service calls them.

    ``data`` is the JSON text as it stands in the line, with its quotes: no copy is made of it.
    """

    mime_type: str | None = None
    data: msgspec.Raw = msgspec.Raw(b'""')

    @property
    def is_empty(self) -> bool:
        """Say whether there are no bytes."""
        return bytes(memoryview(self.data)[:5]) in {b'""', b"null"}


class ResultPart(msgspec.Struct, frozen=True, rename="camel"):
    """A piece of an answer; thoughts are drafts."""

    text: str | None = None
    thought: bool | None = None
    inline_data: InlineData | None = None


class ResultContent(msgspec.Struct, frozen=True, rename="camel"):
    """The pieces of an answer."""

    parts: tuple[ResultPart, ...] | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """One answer."""

    content: ResultContent | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class PromptFeedback(msgspec.Struct, frozen=True, rename="camel"):
    """Why a prompt was not answered."""

    block_reason: str | None = None


class ModalityCount(msgspec.Struct, frozen=True, rename="camel"):
    """Tokens of one kind."""

    modality: str | None = None
    token_count: Count | None = None


class UsageMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """The tokens that the service counted."""

    prompt_token_count: Count | None = None
    candidates_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    total_token_count: Count | None = None
    candidates_tokens_details: tuple[ModalityCount, ...] | None = None


class GenerateContentResponse(msgspec.Struct, frozen=True, rename="camel"):
    """The REST answer to one task."""

    candidates: tuple[Candidate, ...] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None


class RowStatus(msgspec.Struct, frozen=True):
    """Why a row failed. ``code`` is a gRPC number, an HTTP one, or a string."""

    code: int | str | None = None
    message: str | None = None
    status: str | None = None


class ResultLine(msgspec.Struct, frozen=True):
    """One line of a result file. ``status`` is where some rows have their error."""

    key: str | None = None
    response: GenerateContentResponse | None = None
    error: RowStatus | str | None = None
    status: RowStatus | str | None = None
