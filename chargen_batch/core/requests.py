"""From a task to its line in a request file (design: gemini.md §2.1, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from chargen_batch.model.wire import (
    Content,
    FileData,
    GenerateContentRequest,
    GenerationConfig,
    ImageConfig,
    Part,
    RequestLine,
    SafetySetting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.model.task import BatchTask, ImageRef

_ENCODER = msgspec.json.Encoder()


def request_line(task: BatchTask, uris: Mapping[str, str]) -> bytes:
    """Return a task's request line, without a line end.

    Args:
        task: What is asked for.
        uris: The uploaded files' URIs by their bytes' SHA-256.

    Raises:
        KeyError: A picture of the task was not uploaded.

    """
    return _ENCODER.encode(RequestLine(key=task.key, request=_request(task, uris)))


def _request(task: BatchTask, uris: Mapping[str, str]) -> GenerateContentRequest:
    # Pictures come before the text that says what they are, as Google's image guide has it.
    parts = (*(_picture(image, uris) for image in task.images), Part(text=task.prompt))
    return GenerateContentRequest(
        contents=(Content(role="user", parts=parts),),
        safety_settings=tuple(SafetySetting(*pair) for pair in sorted(task.safety.items())),
        generation_config=_generation(task),
    )


def _picture(image: ImageRef, uris: Mapping[str, str]) -> Part:
    return Part(file_data=FileData(file_uri=uris[image.sha256], mime_type=image.mime))


def _generation(task: BatchTask) -> GenerationConfig:
    if task.kind == "analyze":
        return GenerationConfig(
            temperature=task.temperature, response_mime_type=task.response_mime_type
        )
    return GenerationConfig(
        response_modalities=("TEXT", "IMAGE"),
        image_config=ImageConfig(aspect_ratio=task.aspect_ratio, image_size=task.image_size),
        temperature=task.temperature,
    )
