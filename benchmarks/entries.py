"""The entry that the splicing sides enter: one like those that apply writes."""

from __future__ import annotations

from typing import Final

ENTRY: Final[dict[str, object]] = {
    "id": "a-new-picture-1a2b3c4d",
    "path": "images/a-new-picture-1a2b3c4d.png",
    "type": "generated",
    "status": "draft",
    "content": {
        "title": "A New Picture",
        "description": "A lamp on a stair, and the tide below it.",
        "alt_text": "A lamp on a stair.",
        "tags": ["lamp", "generated"],
    },
    "generation": {"task_key": "character/x/a-new-picture@1a2b3c4d5e6f7a8b", "variant": 1},
}
