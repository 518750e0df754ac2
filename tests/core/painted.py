"""Real pictures, made by Pillow, and result lines around them."""

from __future__ import annotations

import base64
import io
import json
from typing import Any, Final

from PIL import Image


def painted(kind: str = "PNG", size: tuple[int, int] = (30, 40), **options: Any) -> bytes:  # noqa: ANN401 - Pillow's options
    """Return a picture's bytes."""
    raw = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(raw, kind, **options)
    return raw.getvalue()


PNG: Final = painted("PNG")
JPEG: Final = painted("JPEG")
WEBP: Final = painted("WEBP")


def image_part(data: bytes = PNG, mime: str = "image/png") -> dict[str, Any]:
    """Return a part with a picture in it."""
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}


def answer(*parts: dict[str, Any], reason: str | None = "STOP") -> bytes:
    """Return the result line of task k: one candidate with these parts."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if reason:
        candidate["finishReason"] = reason
    return line(response={"candidates": [candidate]})


def line(key: str | None = "k", **fields: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a result line."""
    return json.dumps(fields if key is None else {"key": key, **fields}).encode()
