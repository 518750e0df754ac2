"""Whether a picture is what was asked for, and whether it decodes to its last pixel."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chargen_batch.core.pictures import BrokenPictureError
from chargen_batch.model.outcome import TaskError

if TYPE_CHECKING:
    from chargen_batch.core.pictures import PictureFacts, ReceivedPicture
    from chargen_batch.core.results import ReadLine

# The models round to whole blocks of pixels: 21:9 comes 1 % off, 8:1 in 4K 4 %. The ratios that
# can be asked for are 6 % apart and more (gemini.md §3).
_RATIO_TOLERANCE: Final = 0.05
# 1K is about as many pixels as 1024 x 1024, in every ratio (up to an eighth more).
_SIDES: Final = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_AREA_TOLERANCE: Final = 0.25
_MOST_PIXELS: Final = 100_000_000  # 4K has 17 million; more is decoded into gigabytes


def differences(facts: PictureFacts, aspect_ratio: str | None, image_size: str | None) -> list[str]:
    """Return in what a picture's pixels are not what was asked for, in words."""
    size = f"the picture has {facts.width} x {facts.height} pixels"
    found = []
    asked = _ratio(aspect_ratio)
    if asked and abs(facts.width / facts.height / asked - 1) > _RATIO_TOLERANCE:
        found.append(f"asked for {aspect_ratio}, {size}")
    side = _SIDES.get(image_size or "")
    if side and abs(facts.width * facts.height / side**2 - 1) > _AREA_TOLERANCE:
        found.append(f"asked for {image_size} (as many as {side} x {side}), {size}")
    return found


def _ratio(text: str | None) -> float | None:
    width, _, height = (text or "").partition(":")
    if not (width.isdecimal() and height.isdecimal() and int(height)):
        return None
    return int(width) / int(height)


def decoded(read: ReadLine) -> ReadLine:
    """Return what a line says, which is an error where a picture in it does not decode."""
    try:
        for picture in read.pictures:
            _decode(picture)
    except BrokenPictureError as err:
        error = TaskError(code="BAD_RESULT", message=str(err), retryable=True)
        return replace(read, error=error, pictures=(), warnings=())
    return read


def _decode(picture: ReceivedPicture) -> None:
    from PIL import Image  # noqa: PLC0415 - needed by --verify full alone

    facts = picture.facts
    if facts.width * facts.height > _MOST_PIXELS:
        size = f"{facts.width} x {facts.height}"
        raise BrokenPictureError(f"{size} pixels are more than any model draws: not decoded")
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            image.load()
    except Exception as err:  # whatever Pillow's decoders raise: there is no list of it
        raise BrokenPictureError(f"the picture does not decode: {err}") from err
