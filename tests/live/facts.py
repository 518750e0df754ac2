"""What gemini.md leaves open, looked at while a run goes by; each function yields sentences."""

from __future__ import annotations

import base64
import collections
import json
import time
from typing import TYPE_CHECKING, Any, Final

from tests.live.probe import OK, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.probe import Probe

BETA: Final = "/v1beta"
PAGE: Final = 100
_LISTED_WITHIN_S: Final = 60.0
_ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")


def can_batch(probe: Probe, model: str) -> bool:
    """Say whether the service lists a model for batches."""
    seen = probe.get(f"{BETA}/models/{model}")
    return seen.status == OK and "batchGenerateContent" in seen.body.get(
        "supportedGenerationMethods", []
    )


def of_the_service(probe: Probe, models: list[str]) -> Iterator[str]:
    """Look at models, versions, listings and the clock; costs nothing."""
    for model in models:
        seen = probe.get(f"{BETA}/models/{model}")
        methods = seen.body.get("supportedGenerationMethods", []) if seen.status == OK else []
        yield f"model {model}: {seen.said}; lists {', '.join(methods) or 'no method'}"
    for version in ("/v1", BETA):
        for what in ("batches", "files"):
            seen = probe.get(f"{version}/{what}", pageSize=1)
            yield f"GET {version}/{what}?pageSize=1: {seen.said}"
    skew = probe.skew_s()
    yield "no Date header" if skew is None else f"Date header: {skew:+.1f} s from our clock"


def of_uploads(probe: Probe) -> Iterator[str]:
    """Look at one of the files that stage has uploaded."""
    seen = probe.get(f"{BETA}/files", pageSize=PAGE)
    files = seen.body.get("files", []) if seen.status == OK else []
    ours = [file for file in files if file.get("displayName", "").startswith("chargen-batch/")]
    yield f"the list of files: {seen.said}, {len(ours)} of ours right after stage"
    for file in ours[:1]:
        life = moment(file["expirationTime"]) - moment(file["createTime"])
        raw = base64.b64decode(file.get("sha256Hash", ""))
        kind = {64: "base64 of the hex digest", 32: "base64 of the digest"}.get(len(raw), "unknown")
        yield f"a file lives {life.total_seconds() / 3600:.2f} h; its sha256Hash is {kind}"
        yield f"fields of a file: {', '.join(sorted(file))}"


def of_listing(probe: Probe, names: list[str]) -> Iterator[str]:
    """Look how long it takes until created jobs stand in the list."""
    begun = time.monotonic()
    missing = set(names)
    while missing and time.monotonic() - begun < _LISTED_WITHIN_S:
        seen = probe.get(f"{BETA}/batches", pageSize=PAGE)
        listed = seen.body.get("operations", []) if seen.status == OK else []
        missing -= {operation.get("name") for operation in listed}
        if missing:
            time.sleep(1)
    waited = time.monotonic() - begun
    end = f"not listed after {waited:.0f} s" if missing else f"listed within {waited:.1f} s"
    yield f"create on v1beta works: {', '.join(names)}; {end} of the end of submit"
    bare, paged = probe.get(f"{BETA}/batches"), probe.get(f"{BETA}/batches", pageSize=PAGE)
    yield (
        f"the list of jobs has {_count(bare.body, 'operations')} without pageSize, "
        f"{_count(paged.body, 'operations')} with pageSize={PAGE}"
    )


def _count(body: Any, name: str) -> int:  # noqa: ANN401 - any JSON value
    return len(body.get(name, [])) if isinstance(body, dict) else 0


def of_ended(probe: Probe, name: str) -> Iterator[str]:
    """Look at an ended job and its output file."""
    seen = probe.get(f"{BETA}/{name}")
    body = seen.body if seen.status == OK else {}
    job = body.get("metadata", {})
    yield f"the ended job: {seen.said}, {job.get('state')}, batchStats {job.get('batchStats')}"
    if "endTime" in job:
        took = moment(job["endTime"]) - moment(job["createTime"])
        yield f"it took {took.total_seconds() / 60:.1f} min from createTime to endTime"
    yield f"fields: {', '.join(sorted(body))}; of metadata: {', '.join(sorted(job))}"
    output = job.get("output", {}).get("responsesFile")
    if output is None:
        yield "it names no output file"
        return
    yield f"GET {BETA}/{output}: {probe.get(f'{BETA}/{output}').said}"
    for first in (0, 10):
        part = probe.head_of(f"{BETA}/{output}:download", first, first + 9)
        told = {
            name: part.headers.get(name) for name in ("content-length", "content-range", "etag")
        }
        yield f"download with Range {first}-{first + 9}: {part.said}, {told}"


def of_results(results: Path, requests: Path) -> Iterator[str]:
    """Look at the lines of a result file; nothing of a picture or a prompt is told."""
    raw = results.read_bytes()
    lines = [json.loads(line) for line in raw.split(b"\n") if line]
    asked = [json.loads(line)["key"] for line in requests.read_bytes().split(b"\n") if line]
    came = [line.get("key") for line in lines]
    order = "in the order asked" if came == asked else "in another order"
    yield f"{len(lines)} line(s) for {len(asked)} request(s), {order}"
    ends = raw.endswith(b"\n")
    yield f"the last line {'has' if ends else 'lacks'} its line end"
    shapes = collections.Counter(_shape(line) for line in lines)
    for shape, count in shapes.most_common():
        yield f"{count} line(s) of the shape {shape}"


def _shape(line: dict[str, Any]) -> str:
    """Name the fields of a line, one level into what matters."""
    response = line.get("response") or {}
    candidates = response.get("candidates") or [{}]
    parts = (candidates[0].get("content") or {}).get("parts") or []
    usage = response.get("usageMetadata") or {}
    kinds = ["+".join(sorted(part)) for part in parts]
    mimes = {part["inlineData"].get("mimeType") for part in parts if "inlineData" in part}
    named = [f"line {sorted(line)}", f"response {sorted(response)}"]
    named += [f"candidate {sorted(candidates[0])} {candidates[0].get('finishReason')}"]
    named += [f"parts {kinds} {sorted(map(str, mimes))}", f"usage {sorted(usage)}"]
    return "; ".join(named)


def of_cancelling(probe: Probe, name: str, timeout_s: float, interval_s: float) -> Iterator[str]:
    """Create a second job of the same requests under the same name, cancel it, and look at it."""
    job = probe.get(f"{BETA}/{name}").body["metadata"]
    asked = {"inputConfig": job["inputConfig"], "displayName": job["displayName"]}
    made = probe.post(f"{BETA}/{job['model']}:batchGenerateContent", {"batch": asked})
    yield f"a second job with the display name of another: {made.said}"
    if made.status != OK:
        return
    second = made.body["name"]
    yield f"its cancellation: {probe.post(f'{BETA}/{second}:cancel').said}"
    deadline = time.monotonic() + timeout_s
    body = probe.get(f"{BETA}/{second}").body
    while time.monotonic() < deadline and not _has_ended(body):
        time.sleep(interval_s)
        body = probe.get(f"{BETA}/{second}").body
    job = body.get("metadata", {})
    yield (
        f"cancelled, it is {job.get('state')} with output {job.get('output')}, "
        f"batchStats {job.get('batchStats')}, error {body.get('error')}"
    )
    yield f"its deletion: {probe.delete(f'{BETA}/{second}').said}"


def _has_ended(body: dict[str, Any]) -> bool:
    return str(body.get("metadata", {}).get("state", "")).endswith(_ENDED)


def of_cleanup(probe: Probe, names: list[str]) -> Iterator[str]:
    """Look at what report left on the service of the jobs and their outputs."""
    for name in names:
        output = f"files/batch-{name.removeprefix('batches/')}"
        part = probe.head_of(f"{BETA}/{output}:download", 0, 9)
        yield f"after report, {name}: {probe.get(f'{BETA}/{name}').said}; its output: {part.status}"
