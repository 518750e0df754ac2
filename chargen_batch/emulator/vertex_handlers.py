"""What each method of Vertex AI does, from call to answer."""

from __future__ import annotations

import hashlib
from typing import Any

from chargen_batch.emulator.bucket_client import parts_of
from chargen_batch.emulator.calls import MOST_PER_PAGE, Answer, Call
from chargen_batch.emulator.catalog import MODELS, Model
from chargen_batch.emulator.refusals import bad_request, not_found
from chargen_batch.emulator.vertex_filter import filter_of
from chargen_batch.emulator.vertex_wire import (
    PUBLISHER,
    deletion_json,
    job_json,
    model_json,
    read_job,
)
from chargen_batch.emulator.vertex_world import VertexJobs
from chargen_batch.emulator.wire import page_json

LONGEST_NAME = 128


def create_job(call: Call) -> Answer:
    """Make a job; its input is not looked into before it runs."""
    asked = read_job(call.json(), "")
    name = asked.get("displayName", "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise bad_request(f"display_name must have 1 to {LONGEST_NAME} characters.")
    model = _model(asked.get("model", "").removeprefix(PUBLISHER))
    sources = _sources(asked.get("inputConfig", {}))
    destination = _destination(asked.get("outputConfig", {}))
    job = VertexJobs(call.world).create(_scope(call), model.id, name, sources, destination)
    return Answer(job_json(job))


def get_job(call: Call) -> Answer:
    """Tell of one job, which goes on by it."""
    return Answer(job_json(VertexJobs(call.world).look_at(_scope(call), call.names["id"])))


def list_jobs(call: Call) -> Answer:
    """List the jobs that the filter lets through, which do not go on by it."""
    passes = filter_of(call.query.get("filter", ""))
    size, token = call.page(MOST_PER_PAGE)
    jobs, following = VertexJobs(call.world).page(_scope(call), size, token, passes)
    return Answer(page_json("batchPredictionJobs", [job_json(job) for job in jobs], following))


def cancel_job(call: Call) -> Answer:
    """Stop a job."""
    VertexJobs(call.world).cancel(_scope(call), call.names["id"])
    return Answer()


def delete_job(call: Call) -> Answer:
    """Forget a job."""
    job = VertexJobs(call.world).delete(_scope(call), call.names["id"])
    return Answer(deletion_json(job, call.world.now_us()))


def get_model(call: Call) -> Answer:
    """Tell of one model."""
    return Answer(model_json(_model(call.names["model"])))


def _scope(call: Call) -> str:
    """Name the project by its number and the location, as the service does in what it answers."""
    project = call.names["project"]
    if not project.isdecimal():
        digest = hashlib.sha256(project.encode()).digest()
        project = str(10**11 + int.from_bytes(digest[:8]) % 10**11)
    return f"projects/{project}/locations/{call.names['location']}"


def _model(model_id: str) -> Model:
    model = MODELS.get(model_id)
    if model is None:
        raise not_found(
            f"Publisher Model `{PUBLISHER}{model_id}` was not found or your project does not have "
            "access to it. Please ensure you are using a valid model version."
        )
    return model


def _sources(config: dict[str, Any]) -> list[str]:
    if config.get("instancesFormat") != "jsonl":
        raise bad_request("input_config.instances_format: this stand-in takes jsonl only.")
    uris: list[str] = config.get("gcsSource", {}).get("uris", [])
    if not uris:
        raise bad_request("input_config.gcs_source.uris is required.")
    for uri in uris:
        parts_of(uri)
    return uris


def _destination(config: dict[str, Any]) -> str:
    if config.get("predictionsFormat") != "jsonl":
        raise bad_request("output_config.predictions_format: this stand-in writes jsonl only.")
    prefix: str = config.get("gcsDestination", {}).get("outputUriPrefix", "")
    if not prefix:
        raise bad_request("output_config.gcs_destination.output_uri_prefix is required.")
    parts_of(prefix if prefix.count("/") > 2 else f"{prefix}/")  # noqa: PLR2004 - gs://bucket/…
    return prefix
