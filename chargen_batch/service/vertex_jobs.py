"""What Vertex AI's JSON says of a batch prediction job, in our words (gemini.md §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.model.state import JobCounts
from chargen_batch.service.api import RemoteJob, RemoteModel
from chargen_batch.service.operations import error_text, items, moment, number, part, text

if TYPE_CHECKING:
    from chargen_batch.service.operations import Raw
    from chargen_batch.service.vertex_names import Place

MODEL_PREFIX = "publishers/google/models/"
# Vertex tells of no methods: which of them a model is asked for is its documentation's to say.
ACTIONS = ("generateContent", "batchGenerateContent")


def job_of(raw: Raw, place: Place) -> RemoteJob:
    """Read a job; ``name`` is empty where the service gave none.

    Its results are where ``outputInfo`` says, which is not the destination that was asked for.
    """
    return RemoteJob(
        name=text(raw, "name"),
        display_name=text(raw, "displayName"),
        state=text(raw, "state") or "JOB_STATE_UNSPECIFIED",
        model=model_name(text(raw, "model")),
        input_file_name=_input(raw, place),
        result_file_name=text(part(raw, "outputInfo"), "gcsOutputDirectory") or None,
        created_at=moment(raw, "createTime"),
        ended_at=moment(raw, "endTime"),
        counts=_counts(part(raw, "completionStats")),
        error=error_text(part(raw, "error")),
    )


def model_name(told: str) -> str:
    """Return a model's bare name, also of one that is named with its project."""
    return told.rpartition("/models/")[2] or told


def _input(raw: Raw, place: Place) -> str:
    """Return the request file's object, or all that is named where it is not one file."""
    uris = items(part(part(raw, "inputConfig"), "gcsSource"), "uris")
    return " ".join(place.object_of(uri) for uri in uris if isinstance(uri, str))


def _counts(stats: Raw) -> JobCounts:
    """Read the counts, which are -1 where the service does not know."""
    succeeded, failed, pending = (
        max(0, number(stats, f"{kind}Count")) for kind in ("successful", "failed", "incomplete")
    )
    return JobCounts(
        total=succeeded + failed + pending, succeeded=succeeded, failed=failed, pending=pending
    )


def model_of(raw: Raw) -> RemoteModel:
    """Read a model that the service knows; its name is the bare one."""
    name = model_name(text(raw, "name"))
    return RemoteModel(name=name, actions=ACTIONS)
