"""The task key: a name for a result, made of everything that decides it and of nothing else."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from chargen_batch.model.task import BatchTask


def normalized(text: str) -> str:
    r"""Return a text as it is hashed and sent: NFC, with ``\n`` line ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def content_hash(task: BatchTask) -> str:
    r"""Return the first 16 hex digits of the SHA-256 of a request's canonical JSON.

    Canonical JSON has sorted keys, no spaces, UTF-8, NFC, ``\n``, floats by repr and nulls kept
    (docs/run-directory.md, "The task key"). Golden vectors in the tests pin it.
    """
    canonical = json.dumps(
        {
            "kind": task.kind,
            "prompt": normalized(task.prompt),
            "negativePrompt": normalized(task.negative_prompt),
            "references": [[image.role, image.sha256] for image in task.reference_images],
            "inputs": [[image.role, image.sha256] for image in task.input_images],
            "model": task.model,
            "aspectRatio": task.aspect_ratio,
            "imageSize": task.image_size,
            "temperature": None if task.temperature is None else float(task.temperature),
            "safety": task.safety,
            "responseSchemaVersion": task.response_schema_version,
            "variant": task.variant,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def keyed(task: BatchTask) -> BatchTask:
    """Return the task with its key, ``<entityType>/<slug>/<targetId>@<hash>``."""
    place = f"{task.entity_type}/{task.entity_slug}/{task.target_id}"
    return msgspec.structs.replace(task, key=f"{place}@{content_hash(task)}")
