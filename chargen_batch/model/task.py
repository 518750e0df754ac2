"""One task: a request for one picture, with everything that decides its result."""

from __future__ import annotations

from typing import Literal

import msgspec

EntityType = Literal["character", "location", "chapter"]
TaskKind = Literal["generate", "analyze"]
PathStep = str | int


class ImageRef(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A picture that a request shows the model.

    ``path`` is relative to the project, with forward slashes; ``sha256`` in hex, of its bytes when
    the plan was made; ``role`` says what the picture is (``portrait``, ``location``, ...).
    """

    path: str
    mime: str
    sha256: str
    role: str


class TaskSource(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Where the target stood when it was planned: a hint for people; apply looks it up anew."""

    file: str
    yaml_path: tuple[PathStep, ...] = ()


class TaskEstimate(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a task is expected to take: tokens in and out, images out, USD at the batch price."""

    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    cost_usd: float | None = None


class BatchTask(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One request of a plan, a line of tasks.jsonl.

    ``key`` is ``<entityType>/<slug>/<targetId>@<16 hex>`` (core/task_key). ``prompt`` is the text
    that is sent, to the letter. ``output_dir`` is relative to the project. ``attempt`` counts the
    runs that the same request was in, this one too; it is no part of the key.
    """

    key: str
    kind: TaskKind
    entity_type: EntityType
    entity_slug: str
    target_id: str
    variant: int = 1
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    prompt: str
    negative_prompt: str = ""
    reference_images: tuple[ImageRef, ...] = ()
    input_images: tuple[ImageRef, ...] = ()
    output_dir: str
    output_file_name_hint: str
    model: str
    aspect_ratio: str | None = None
    image_size: str | None = None
    temperature: float | None = None
    safety: dict[str, str] = {}
    response_mime_type: str | None = None
    response_schema_version: str | None = None
    source: TaskSource
    estimate: TaskEstimate = TaskEstimate()
    attempt: int = 1

    @property
    def images(self) -> tuple[ImageRef, ...]:
        """Return every picture that the request shows, references first."""
        return self.reference_images + self.input_images

    @property
    def key_hash(self) -> str:
        """Return the key's 16 hex digits."""
        return self.key.rpartition("@")[2]
