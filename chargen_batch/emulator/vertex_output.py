"""The output of a Vertex AI job: result lines in no order, in one object or several."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from chargen_batch.emulator.answers import ROW_ERRORS, lines_of, result_lines
from chargen_batch.emulator.catalog import MODELS
from chargen_batch.emulator.oddities import spelled
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.outputs import first_half
from chargen_batch.emulator.records import SUCCEEDED, timestamp
from chargen_batch.emulator.refusals import RefusalError
from chargen_batch.emulator.rows import Row
from chargen_batch.emulator.vertex_loader import coerced
from chargen_batch.emulator.vertex_rows import Media, checked_request, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.bucket_client import Buckets
    from chargen_batch.emulator.vertex_records import VertexJob

# What a row's status begins with, by the gRPC code of its error.
_WORDS: Final = {
    3: "Bad Request",
    4: "Gateway Timeout",
    8: "Too Many Requests",
    13: "Internal Server Error",
    14: "Service Unavailable",
}
_STATUSES: Final = {3: 400, 4: 504, 8: 429, 13: 500, 14: 503}
# The order of a line's fields is not always the same one.
_ORDERS: Final = (
    ("status", "processed_time", "request", "response"),
    ("request", "status", "response", "processed_time"),
    ("key", "processed_time", "response", "request", "status"),
)


@dataclass(slots=True)
class Tally:
    """How many rows were gone through, and how many of them have got an answer, or an error."""

    answered: int = 0
    successful: int = 0
    failed: int = 0


def folder_of(job: VertexJob) -> str:
    """Name the folder below a job's destination that its output is in."""
    stamp = timestamp(job.created_us, 6)
    return f"{job.destination.rstrip('/')}/prediction-model-{stamp}"


def deliver(job: VertexJob, rows: IO[bytes], buckets: Buckets, folder: Path) -> Tally:
    """Write a job's output into the bucket; `folder` is for what is being written.

    May raise BucketError and RefusalError; doing it again makes the same objects.
    """
    behaviour = Behaviour.load(job.behaviour)
    most = None if job.state == SUCCEEDED else first_half(job.requests)
    tally = Tally()
    shards = -(-(most or job.requests) // behaviour.rows_per_shard)
    lines = lines_of(rows, most, shuffle=True)
    for number in range(shards):
        name = "predictions" if shards == 1 else f"predictions-{number:05d}-of-{shards:05d}"
        with _shard(folder) as shard:
            _write(job, lines, shard, Media(buckets), tally)
            if shard.tell():
                buckets.put(f"{folder_of(job)}/{name}.jsonl", shard)
    return tally


@contextmanager
def _shard(folder: Path) -> Iterator[IO[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as shard:
        yield shard


def _write(
    job: VertexJob, lines: Iterator[bytes], shard: IO[bytes], media: Media, tally: Tally
) -> None:
    behaviour = Behaviour.load(job.behaviour)
    for _ in range(behaviour.rows_per_shard):
        line = next(lines, None)
        if line is None:
            break
        row = parse(line)
        tally.answered += 1
        kind, _ = behaviour.outcome(_key(row))
        for number, result in enumerate(_results(row, job.model, behaviour, media)):
            written = _line(result, row, timestamp(job.ended_us or 0, 6))
            if not number:
                tally.failed += bool(written["status"])
                tally.successful += not written["status"]
            text = spelled(json.dumps(written, ensure_ascii=False), kind)
            newline = b"\n" if shard.tell() else b""
            shard.write(newline + text.encode("utf-8", "surrogatepass"))
    if shard.tell() and not behaviour.no_final_newline:
        shard.write(b"\n")


def _results(
    row: dict[str, Any], model: str, behaviour: Behaviour, media: Media
) -> list[dict[str, Any]]:
    try:
        request = checked_request(row, MODELS[model], media)
    except RefusalError as error:
        return [{"key": _key(row), "status": f"Bad Request: {json.dumps(error.body())}"}]
    return result_lines(Row(_key(row), request), MODELS[model], behaviour)


def _line(result: dict[str, Any], row: dict[str, Any], at: str) -> dict[str, Any]:
    """Write a result as this service does: beside an echo of its whole row."""
    echo = {name: coerced(value) for name, value in row.items() if name != "request"}
    if "key" in result and result["key"] != _key(row):
        echo["key"] = coerced(result["key"])
    if "key" not in result:
        echo.pop("key", None)
    line = {
        **echo,
        "request": row["request"],
        "status": _status(result),
        "processed_time": at.replace("Z", "+00:00"),
    }
    if "response" in result:
        line["response"] = _response(result["response"], at)
    return _ordered(line)


def _ordered(line: dict[str, Any]) -> dict[str, Any]:
    order = _ORDERS[len(str(line.get("key"))) % len(_ORDERS)]
    named = {name: line[name] for name in order if name in line}
    return {**named, **line}


def _response(response: dict[str, Any], at: str) -> dict[str, Any]:
    usage = response.get("usageMetadata")
    if usage is None:
        return {**response, "createTime": at}
    return {
        **response,
        "createTime": at,
        "usageMetadata": {**usage, "trafficType": "ON_DEMAND"},
    }


def _status(result: dict[str, Any]) -> str:
    told = result.get("error") or result.get("status") or ""
    if isinstance(told, str):
        return told
    code = told["code"]
    error = {**told, "code": _STATUSES.get(code, 500), "message": ROW_ERRORS.get(code, "")}
    return f"{_WORDS.get(code, 'Internal Server Error')}: {json.dumps({'error': error})}"


def _key(row: dict[str, Any]) -> str:
    key = row.get("key", "")
    return key if isinstance(key, str) else ""
