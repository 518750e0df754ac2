"""files-cache.jsonl: what a run has uploaded."""

from __future__ import annotations

from typing import Literal

import msgspec


class FilesCacheEntry(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One uploaded file, told apart by its bytes' SHA-256. ``expires_at`` is the service's."""

    schema_version: Literal[1] = 1
    local_path: str
    sha256: str
    mime: str
    size: int
    uploaded_uri: str
    name: str
    uploaded_at: str
    expires_at: str | None
