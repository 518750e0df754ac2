"""The shape a story asks of a picture: the nearest aspect ratio and size that a model offers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import clean, first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chargen_batch.model.settings import ModelFacts
    from chargen_batch.story.fields import Layer

_NUMBER: Final = r"(\d{1,6}(?:\.\d{1,6})?)"
_RATIO: Final = re.compile(rf"\s*{_NUMBER}\s*[:/]\s*{_NUMBER}\s*").fullmatch
_PIXELS: Final = re.compile(rf"\s*{_NUMBER}\s*[x\u00d7*]\s*{_NUMBER}\s*", re.IGNORECASE).fullmatch
_PIXELS_OF_1K: Final = 1024


def frame(
    layers: Iterable[Layer], facts: ModelFacts
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return the aspect ratio and image size asked for, and warnings; ``None`` for nothing asked.

    The nearest layer that says a shape decides; in one layer ``aspect_ratio`` goes before
    ``size``, a pixel pair.
    """
    layers = tuple(layers)
    size = first(layers, "size")
    pixels = _pair(_PIXELS, size.value) if size else None
    image_size = _nearest_size(pixels, facts) if pixels else None
    for layer in layers:
        asked = layer.fields.get("aspect_ratio")
        if asked is not None:
            ratio, warnings = _offered(asked, facts)
            return ratio, image_size, warnings
        if pair := _pair(_PIXELS, layer.fields.get("size")):
            return _nearest_ratio(pair, facts), image_size, ()
    return None, image_size, ()


def _offered(asked: object, facts: ModelFacts) -> tuple[str | None, tuple[str, ...]]:
    text = clean(asked).replace(" ", "")
    if text in facts.ratios or (text and not facts.ratios):
        return text, ()
    pair = _pair(_RATIO, asked)
    if pair is None:
        return None, (f"aspect_ratio {text or 'that is no text'!r} is no ratio such as 16:9",)
    nearest = _nearest_ratio(pair, facts)
    if nearest and math.isclose(_log(nearest), math.log(pair[0] / pair[1]), abs_tol=1e-3):
        return nearest, ()
    return nearest, (f"aspect_ratio {text} is not offered by the model; {nearest} is used",)


def _pair(
    pattern: Callable[[str], re.Match[str] | None], value: object
) -> tuple[float, float] | None:
    match = pattern(clean(value))
    if match is None:
        return None
    width, height = float(match[1]), float(match[2])
    return (width, height) if width and height else None


def _nearest_ratio(pair: tuple[float, float], facts: ModelFacts) -> str | None:
    asked = math.log(pair[0] / pair[1])
    return min(facts.ratios, key=lambda ratio: abs(_log(ratio) - asked), default=None)


def _log(ratio: str) -> float:
    width, height = ratio.split(":")
    return math.log(float(width) / float(height))


def _nearest_size(pair: tuple[float, float], facts: ModelFacts) -> str | None:
    """Compare by area: ``1K`` is a picture of about 1024 by 1024 pixels, whatever its ratio."""
    asked = math.log2(math.sqrt(pair[0] * pair[1]) / _PIXELS_OF_1K)
    known = [size for size in facts.sizes if re.fullmatch(r"\d+K", size)]
    return min(known, key=lambda size: abs(math.log2(int(size[:-1])) - asked), default=None)
