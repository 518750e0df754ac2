"""Drawing: the request for a picture, and the pictures in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pybase64

from chargen_batch.core.pictures import BrokenPictureError, ReceivedPicture, inspect
from chargen_batch.core.requests import request
from chargen_batch.core.results import REFUSALS, ReadLine, failed, shortened
from chargen_batch.model.wire import GenerationConfig, ImageConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.core.results import Answer, ParsedLine
    from chargen_batch.model.task import BatchTask
    from chargen_batch.model.wire import GenerateContentRequest, InlineData


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
    images = [part.inline_data for part in answer.parts if part.inline_data]
    images = [image for image in images if not image.is_empty]
    if not images:
        return _without_image(answer)
    try:
        pictures = tuple(_picture(image) for image in images)
    except ValueError as err:  # base64 and BrokenPictureError both are
        return failed(answer.result, "BAD_RESULT", str(err), retryable=True)
    return answer.success(pictures=pictures, warnings=tuple(_mislabelled(images, pictures)))


def _picture(image: InlineData) -> ReceivedPicture:
    try:
        data = _decoded(image.data)
    except (ValueError, msgspec.DecodeError) as err:
        raise BrokenPictureError(f"the picture's base64 does not hold: {err}") from err
    return ReceivedPicture(data, inspect(data))


def _decoded(text: msgspec.Raw) -> bytes:
    """Decode what stands between the quotes; where that does not hold, what JSON says it means.

    Escapes are legal in it, such as those of slashes and equals signs, and so are base64's URL-safe
    alphabet and no padding; none of these has been seen.
    """
    try:
        return pybase64.b64decode(memoryview(text)[1:-1], validate=True)
    except ValueError:
        encoded = msgspec.json.decode(text, type=str)
    encoded += "=" * (-len(encoded) % 4)
    url_safe = "-" in encoded or "_" in encoded
    return pybase64.b64decode(encoded, altchars=b"-_" if url_safe else None, validate=True)


def _mislabelled(images: list[InlineData], pictures: tuple[ReceivedPicture, ...]) -> list[str]:
    return [
        f"the service called it {image.mime_type}, its bytes are {picture.facts.mime}"
        for image, picture in zip(images, pictures, strict=True)
        if image.mime_type and image.mime_type != picture.facts.mime
    ]


def _without_image(answer: Answer) -> ReadLine:
    reason = answer.finish_reason
    said = answer.candidate.finish_message or answer.text
    text = shortened(said) or "the answer has no picture"
    if reason in REFUSALS:
        return failed(answer.result, reason, text, retryable=False)
    return failed(answer.result, "NO_IMAGE_DATA", f"{reason}: {text}", retryable=True)
