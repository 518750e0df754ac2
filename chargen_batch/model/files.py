"""files-cache.jsonl: what a run has uploaded."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.bounds import Moment, Number


class FilesCacheEntry(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One uploaded file, told apart by its bytes' SHA-256. ``expires_at`` is the service's."""

    schema_version: Literal[1] = 1
    local_path: str
    sha256: str
    mime: str
    size: Number
    uploaded_uri: str
    name: str
    uploaded_at: Moment
    expires_at: Moment | None
