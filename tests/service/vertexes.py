"""What the tests of the Vertex backend upload, and results that a job may have written."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.service.conformance import NAME

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService, RemoteFile
    from tests.storage import Storage

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 20
RUN = "chargen-batch/" + NAME.split("/")[1]
OUTPUT = f"{RUN}/out/0001-0123abcd/prediction-model-2026-11-22T08:00:00.123456Z"


def upload_picture(service: BatchService, content: bytes = PNG, run: str = "a") -> RemoteFile:
    """Upload a reference."""
    return service.upload(
        io.BytesIO(content),
        size=len(content),
        mime="image/png",
        display_name=f"chargen-batch/{run}",
    )


def write_shards(bucket: Storage, *shards: bytes) -> str:
    """Write a job's results; return what the job would call them."""
    for number, content in enumerate(shards):
        bucket.put(f"{OUTPUT}/predictions-{number:05d}.jsonl", content)
    return f"gs://stories/{OUTPUT}"
