"""What a picture's own bytes tell of where it came from."""

from __future__ import annotations

from typing import Literal

import msgspec


class PictureRecord(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Where a picture came from. ``prompt_sha256`` is in hex, of the prompt's UTF-8."""

    schema_version: Literal[1] = 1
    task_key: str
    model: str
    run_id: str
    provider: str
    prompt_sha256: str
