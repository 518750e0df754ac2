"""Answers of analyses, each whole, to be varied by a test."""

from __future__ import annotations

from typing import Any, Final

IMAGE: Final[dict[str, Any]] = {
    "title": "Ada at the Lamp",
    "description": "Ada stands in the lamp room and trims the wick.",
    "altText": "A woman in a grey coat bends over a great lamp.",
    "tags": ["lamp-room", "séa"],
    "imageType": "scene",
    "archetype": "keeper",
    "traits": ["patient", "careful"],
    "mood": "quiet",
    "style": "oil painting, matte",
    "lighting": {
        "primarySource": "the lamp",
        "quality": "soft",
        "direction": "from the left",
        "colorTemperature": "warm gold",
        "shadowDepth": "deep",
        "atmospheric": "",
    },
    "palette": {"dominant": ["umber"], "accent": []},
    "composition": "Seen from the stairs, the lamp in the middle.",
    "canon": {
        "featuresSeen": ["grey coat"],
        "featuresMissing": [],
        "notes": "The coat is hers.",
        "matchesDescription": True,
    },
}
APPEARANCE: Final = {"appearance": "Ada is a tall woman of sixty with white hair."}


def without(name: str) -> dict[str, Any]:
    """Return the answer about an image without one field."""
    return {key: value for key, value in IMAGE.items() if key != name}
