"""The JSON that the service answers with: files, operations and models, as Google writes them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.catalog import METHODS, Model
from chargen_batch.emulator.records import (
    CANCELLED,
    EXPIRED,
    FAILED,
    SUCCEEDED,
    WITH_OUTPUT,
    File,
    Job,
    timestamp,
)
from chargen_batch.emulator.world import OUTPUT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "https://generativelanguage.googleapis.com"
_TYPES = "type.googleapis.com/google.ai.generativelanguage.v1main."
# gRPC codes; a cancelled job says 13, as a live one did.
_ENDINGS = {
    FAILED: (13, "The batch job failed with an internal error."),
    CANCELLED: (13, "The batch job was cancelled."),
    EXPIRED: (4, "The batch job expired before it was finished."),
}


def file_json(file: File) -> dict[str, Any]:
    """Write a file; its uri names Google's host whatever the port that served it."""
    created = timestamp(file.created_us, 6)
    named = {"displayName": file.display_name} if file.display_name else {}
    return {
        "name": f"files/{file.id}",
        **named,
        "mimeType": file.mime_type,
        "sizeBytes": str(file.size),
        "createTime": created,
        "updateTime": created,
        "expirationTime": timestamp(file.expires_us, 6),
        "sha256Hash": base64.b64encode(file.sha256.encode()).decode(),
        "uri": f"{HOST}/v1beta/files/{file.id}",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


def operation_json(job: Job) -> dict[str, Any]:
    """Write a job as the operation that it is; what has no value is left out."""
    operation: dict[str, Any] = {"name": f"batches/{job.id}", "metadata": _metadata(job)}
    if job.live:
        return operation
    operation["done"] = True
    if job.state in WITH_OUTPUT:
        operation["response"] = {"@type": f"{_TYPES}GenerateContentBatchOutput", **_output(job)}
        return operation
    code, message = _ENDINGS[job.state]
    return operation | {"error": {"code": code, "message": message}}


def model_json(model: Model) -> dict[str, Any]:
    """Write a model."""
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.title,
        "inputTokenLimit": 131072,
        "outputTokenLimit": 32768,
        "supportedGenerationMethods": METHODS,
    }


def page_json(name: str, items: list[dict[str, Any]], token: str) -> dict[str, Any]:
    """Write a page of a list: an empty one is {}."""
    page: dict[str, Any] = {name: items} if items else {}
    return page | ({"nextPageToken": token} if token else {})


def _metadata(job: Job) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "@type": f"{_TYPES}GenerateContentBatch",
        "model": f"models/{job.model}",
    }
    if job.display_name:
        metadata["displayName"] = job.display_name
    metadata["inputConfig"] = {"fileName": f"files/{job.input_file}"}
    if job.names_output:
        metadata["output"] = _output(job)
    metadata["createTime"] = timestamp(job.created_us, 9)
    if job.ended_us is None:
        metadata["updateTime"] = timestamp(job.updated_us, 9)
    else:
        metadata["endTime"] = timestamp(job.ended_us, 9)
    stats = _counts(job)
    metadata["batchStats"] = {name: str(count) for name, count in stats.items() if count}
    return metadata | {"state": job.state, "name": f"batches/{job.id}"}


def _output(job: Job) -> dict[str, str]:
    if not job.names_output:
        return {}
    return {"responsesFile": f"files/{OUTPUT_PREFIX}{job.id}"}


def _counts(job: Job) -> Mapping[str, int]:
    if job.live:
        return {"requestCount": job.requests, "pendingRequestCount": job.requests}
    if not job.names_output and job.state != SUCCEEDED:
        return {"requestCount": job.requests}
    whole = job.state == SUCCEEDED
    return {
        "requestCount": job.requests,
        "successfulRequestCount": job.successful if whole else job.half_successful,
        "failedRequestCount": job.failed if whole else job.half_failed,
    }
