"""The JSON of Vertex AI: jobs, models, and the operation that a deletion is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chargen_batch.emulator.messages import many as each
from chargen_batch.emulator.messages import message, text
from chargen_batch.emulator.records import (
    CANCELLED,
    EXPIRED,
    FAILED,
    PENDING,
    WITH_OUTPUT,
    timestamp,
)
from chargen_batch.emulator.vertex_output import folder_of

if TYPE_CHECKING:
    from chargen_batch.emulator.catalog import Model
    from chargen_batch.emulator.vertex_records import VertexJob

PUBLISHER: Final = "publishers/google/models/"
_ENDINGS: Final = {
    FAILED: (13, "Internal error: the batch prediction job failed."),
    CANCELLED: (1, "CANCELED"),
    EXPIRED: (4, "The job was queued for too long and has expired."),
}
_EMPTY: Final = "type.googleapis.com/google.protobuf.Empty"
_DELETION: Final = "type.googleapis.com/google.cloud.aiplatform.v1beta1.DeleteOperationMetadata"

read_job = message(
    displayName=text,
    model=text,
    inputConfig=message(instancesFormat=text, gcsSource=message(uris=each(text))),
    outputConfig=message(predictionsFormat=text, gcsDestination=message(outputUriPrefix=text)),
)


def state_of(job: VertexJob) -> str:
    """Name a job's state as this service does; one that waits is queued once it was looked at."""
    if job.state == PENDING and job.looks:
        return "JOB_STATE_QUEUED"
    return job.state.replace("BATCH_STATE_", "JOB_STATE_")


def job_json(job: VertexJob) -> dict[str, Any]:
    """Write a job; what has no value is left out."""
    written: dict[str, Any] = {
        "name": f"{job.project}/batchPredictionJobs/{job.id}",
        "displayName": job.display_name,
        "model": PUBLISHER + job.model,
        "inputConfig": {
            "instancesFormat": "jsonl",
            "gcsSource": {"uris": job.sources},
        },
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": job.destination},
        },
        "state": state_of(job),
        "createTime": timestamp(job.created_us, 6),
        "updateTime": timestamp(job.updated_us, 6),
    }
    if job.started_us:
        written["startTime"] = timestamp(job.started_us, 6)
        written["completionStats"] = _stats(job)
    if job.ended_us is not None:
        written["endTime"] = timestamp(job.ended_us, 6)
    if job.names_output:
        written["outputInfo"] = {"gcsOutputDirectory": folder_of(job)}
    error = _error(job)
    return written | ({"error": error} if error else {})


def model_json(model: Model) -> dict[str, Any]:
    """Write a publisher's model, which tells no methods."""
    return {
        "name": PUBLISHER + model.id,
        "versionId": "default",
        "openSourceCategory": "PROPRIETARY",
        "launchStage": "GA",
        "publisherModelTemplate": (
            f"projects/{{project}}/locations/{{location}}/{PUBLISHER}{model.id}"
        ),
    }


def deletion_json(job: VertexJob, now_us: int) -> dict[str, Any]:
    """Write the operation of a deletion, which is done at once."""
    at = timestamp(now_us, 6)
    return {
        "name": f"{job.project}/operations/{job.id}",
        "metadata": {
            "@type": _DELETION,
            "genericMetadata": {"createTime": at, "updateTime": at},
        },
        "done": True,
        "response": {"@type": _EMPTY},
    }


def _stats(job: VertexJob) -> dict[str, str]:
    if not job.delivered:
        return {"incompleteCount": "-1"}
    counts = {"successfulCount": job.successful, "failedCount": job.failed}
    if job.state in WITH_OUTPUT:
        counts["incompleteCount"] = job.requests - job.answered
    return {name: str(count) for name, count in counts.items() if count}


def _error(job: VertexJob) -> dict[str, Any]:
    code, text_ = _ENDINGS.get(job.state, (0, ""))
    if job.trouble_code:
        code, text_ = job.trouble_code, job.trouble_text
    if not code or job.live or job.state in WITH_OUTPUT:
        return {}
    return {"code": code, "message": text_}
