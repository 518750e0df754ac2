"""What the service's JSON says, in our words: files, jobs and models read off raw bodies.

Tolerant, as the service adds fields and leaves out zeros: both camelCase and snake_case are read,
numbers also from strings, and what has the wrong shape counts as absent. Shapes: gemini.md §1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from chargen_batch.model.bounds import FIRST_YEAR, LAST_YEAR
from chargen_batch.model.state import JobCounts
from chargen_batch.service.api import RemoteFile, RemoteJob, RemoteModel

Raw = Mapping[str, object]

HEX_DIGITS = 64
RAW_DIGEST = 32
# A Date header has whole seconds and took time to come; clocks that differ by less are one clock.
CLOCKS_AGREE = timedelta(seconds=5)
STATES = {
    f"BATCH_STATE_{word}": f"JOB_STATE_{word}"
    for word in (
        "UNSPECIFIED",
        "PENDING",
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "CANCELLING",
        "CANCELLED",
        "EXPIRED",
        "PARTIALLY_SUCCEEDED",
    )
}


def job_of(raw: Raw) -> RemoteJob:
    """Read an operation; ``name`` is empty where the service gave none."""
    about = part(raw, "metadata") or raw
    return RemoteJob(
        name=text(raw, "name") or text(about, "name"),
        display_name=text(about, "displayName"),
        state=_state(raw, about),
        model=text(about, "model").removeprefix("models/"),
        input_file_name=text(part(about, "inputConfig"), "fileName"),
        result_file_name=_result_file(raw, about),
        created_at=moment(about, "createTime"),
        ended_at=moment(about, "endTime"),
        counts=_counts(part(about, "batchStats")),
        error=error_text(part(raw, "error") or part(about, "error")),
    )


def _state(raw: Raw, about: Raw) -> str:
    told = text(about, "state")
    if told:
        return STATES.get(told, told)
    if raw.get("done") is not True:
        return "JOB_STATE_UNSPECIFIED"
    return "JOB_STATE_FAILED" if part(raw, "error") else "JOB_STATE_SUCCEEDED"


def _result_file(raw: Raw, about: Raw) -> str | None:
    for place in (part(about, "output"), part(raw, "response"), part(about, "dest")):
        name = text(place, "responsesFile") or text(place, "fileName")
        if name:
            return name
    return None


def _counts(stats: Raw) -> JobCounts:
    return JobCounts(
        total=number(stats, "requestCount"),
        succeeded=number(stats, "successfulRequestCount"),
        failed=number(stats, "failedRequestCount"),
        pending=number(stats, "pendingRequestCount"),
    )


def error_text(error: Raw) -> str | None:
    """Return a status object as ``code: message``, None where it is empty."""
    code = error.get("code")
    words = ["" if code is None else str(code), text(error, "message")]
    return ": ".join(word for word in words if word) or None


def file_of(raw: Raw, *, service_now: datetime | None, now: datetime) -> RemoteFile:
    """Read a file; its expiry is moved from the service's clock to ours."""
    expires = moment(raw, "expirationTime")
    skew = now - service_now if service_now else timedelta(0)
    if expires and abs(skew) > CLOCKS_AGREE:
        expires += skew
    return RemoteFile(
        name=text(raw, "name"),
        uri=text(raw, "uri"),
        mime=text(raw, "mimeType"),
        size=number(raw, "sizeBytes"),
        sha256=_digest(text(raw, "sha256Hash")),
        state=text(raw, "state") or "ACTIVE",
        display_name=text(raw, "displayName"),
        expires_at=expires,
    )


def _digest(told: str) -> str:
    """Return a digest in hex: the service sends the base64 of the hex digits."""
    try:
        plain = base64.b64decode(told, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return ""
    if len(plain) == RAW_DIGEST:
        return plain.hex()
    digits = plain.decode("ascii", "replace").lower()
    return digits if re.fullmatch(r"[0-9a-f]{64}", digits) else ""


def model_of(raw: Raw) -> RemoteModel:
    """Read a model; its name is the bare one, as chargen.yaml has it."""
    actions = items(raw, "supportedGenerationMethods") or items(raw, "supportedActions")
    return RemoteModel(
        name=text(raw, "name").removeprefix("models/"),
        actions=tuple(action for action in actions if isinstance(action, str)),
    )


def get(raw: Raw, name: str) -> object:
    """Return a field by its camelCase name, also where it is written in snake_case."""
    return raw[name] if name in raw else raw.get(re.sub(r"(?=[A-Z])", "_", name).lower())


def text(raw: Raw, name: str) -> str:
    """Return a field that is text, else the empty one."""
    value = get(raw, name)
    return value if isinstance(value, str) else ""


def part(raw: Raw, name: str) -> Raw:
    """Return a field that is an object, else the empty one."""
    value = get(raw, name)
    return value if isinstance(value, Mapping) else {}


def items(raw: Raw, name: str) -> Sequence[object]:
    """Return a field that is a list, else the empty one."""
    value = get(raw, name)
    return value if isinstance(value, list) else ()


def number(raw: Raw, name: str) -> int:
    """Return a count, which the wire has as text; 0 where there is none."""
    value = get(raw, name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) else 0


def moment(raw: Raw, name: str) -> datetime | None:
    """Return a time, which the wire has with up to nine decimals; None where there is none."""
    try:
        value = datetime.fromisoformat(text(raw, name))
    except ValueError:
        return None
    if not FIRST_YEAR < value.year < LAST_YEAR:
        return None  # "never", and none that a document can hold
    return value if value.tzinfo else value.replace(tzinfo=UTC)
