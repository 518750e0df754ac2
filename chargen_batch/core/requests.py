"""Requests: what those for pictures and those for analyses have in common (gemini.md §2.1, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.model.wire import (
    Content,
    FileData,
    GenerateContentRequest,
    Part,
    SafetySetting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.model.task import BatchTask, ImageRef
    from chargen_batch.model.wire import GenerationConfig


def request(
    task: BatchTask, uris: Mapping[str, str], generation: GenerationConfig
) -> GenerateContentRequest:
    """Return the request that shows a task's pictures and says its prompt.

    Args:
        task: What is asked for.
        uris: The uploaded files' URIs by their bytes' SHA-256.
        generation: How to answer.

    Raises:
        KeyError: A picture of the task was not uploaded.

    """
    # Pictures come before the text that says what they are, as Google's image guide has it.
    parts = (*(_picture(image, uris) for image in task.images), Part(text=task.prompt))
    return GenerateContentRequest(
        contents=(Content(role="user", parts=parts),),
        safety_settings=tuple(SafetySetting(*pair) for pair in sorted(task.safety.items())),
        generation_config=generation,
    )


def _picture(image: ImageRef, uris: Mapping[str, str]) -> Part:
    return Part(file_data=FileData(file_uri=uris[image.sha256], mime_type=image.mime))
