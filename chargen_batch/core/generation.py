"""Drawing: the request for a picture, and the pictures in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pybase64

from chargen_batch.core.pictures import BrokenPictureError, ReceivedPicture, inspect
from chargen_batch.core.requests import request
from chargen_batch.core.results import REFUSALS, ReadLine, failed, shortened
from chargen_batch.model.wire import GenerationConfig, ImageConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.core.results import Answer, ParsedLine
    from chargen_batch.model.task import BatchTask
    from chargen_batch.model.wire import GenerateContentRequest, ResultPart


class Generation:
    """The adapter of tasks that draw."""

    def request(self, task: BatchTask, uris: Mapping[str, str]) -> GenerateContentRequest:
        """Return the request for a picture; see ``Adapter``."""
        generation = GenerationConfig(
            response_modalities=("TEXT", "IMAGE"),
            image_config=ImageConfig(aspect_ratio=task.aspect_ratio, image_size=task.image_size),
            temperature=task.temperature,
        )
        return request(task, uris, generation)

    def outcome(self, line: ParsedLine) -> ReadLine:
        """Return the pictures in a result line, or why there are none; see ``Adapter``."""
        return line.read(_pictures, nothing="NO_IMAGE_DATA")


def _pictures(answer: Answer) -> ReadLine:
    images = [part for part in answer.parts if part.inline_data and part.inline_data.data]
    if not images:
        return _without_image(answer)
    try:
        pictures = tuple(_picture(part) for part in images)
    except ValueError as err:  # base64 and BrokenPictureError both are
        return failed(answer.result, "BAD_RESULT", str(err), retryable=True)
    return answer.success(pictures=pictures, warnings=tuple(_mislabelled(images, pictures)))


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


def _without_image(answer: Answer) -> ReadLine:
    reason = answer.finish_reason
    said = answer.candidate.finish_message or answer.text
    text = shortened(said) or "the answer has no picture"
    if reason in REFUSALS:
        return failed(answer.result, reason, text, retryable=False)
    return failed(answer.result, "NO_IMAGE_DATA", f"{reason}: {text}", retryable=True)
