"""What Vertex AI makes of a job's rows: the loader's rules, result lines, shards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.emulator import vertex_rows
from chargen_batch.emulator.outcomes import Behaviour
from tests.emulator.conversation import request_of, row
from tests.emulator.vertex import INPUT, Vertex, media, rows_of
from tests.storage import BUCKET

if TYPE_CHECKING:
    from chargen_batch.emulator.server import Emulator


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {"a": 1}


def with_schema(**schema: object) -> dict[str, Any]:
    request = request_of()
    request["generationConfig"]["responseJsonSchema"] = schema
    return row(request=request)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([with_schema(enum=["a"]), with_schema(enum=[1])], "has changed type"),
        ([with_schema(type="object"), with_schema(type=["object", "null"])], "changed type"),
        ([with_schema(items={"a": 1}), with_schema(items=True)], "has changed type"),
        ([with_schema(enum=["a", 1])], "has changed type"),
        ([with_schema(**nested(13))], "deeper than 15 levels"),
        ([with_schema(items={})], "without fields"),
        ([row(request=request_of() | {"tools": [{"google_search": {}}]})], "without fields"),
        ([with_schema(**{"$schema": "https://json-schema.org"})], "invalid field name"),
        ([with_schema(**{"$defs": {"a": 1}})], "invalid field name"),
        ([with_schema(properties={"hair-colour": "a"})], "invalid field name"),
        ([with_schema(properties={"Hair": "a", "hair": "a"})], "twice"),
        ([with_schema(enum=[["a"]])], "a list in it"),
        ([with_schema(enum=[None])], "null in it"),
        ([{"key": "a"}], "no record in the column request"),
        ([], "no rows"),
    ],
)
def test_file_that_makes_no_columns_fails_the_whole_job(
    vertex: Vertex, rows: list[dict[str, Any]], word: str
) -> None:
    error = vertex.failure(*rows)
    assert error["code"] == 3
    assert error["message"].startswith("Failed to import data")
    assert word in error["message"]


def test_fifteen_levels_and_what_differs_in_null_alone_are_taken(vertex: Vertex) -> None:
    rows = [with_schema(**nested(11)), with_schema(a=None), with_schema(enum=[])]
    assert vertex.finished(*rows)["state"] == "JOB_STATE_SUCCEEDED"


def test_line_that_is_no_json_fails_the_whole_job(vertex: Vertex) -> None:
    vertex.storage.put("in/rows.jsonl", json.dumps(row()).encode() + b"\n{")
    path = f"/v1beta1/{vertex.post().json()['name']}"
    vertex.get(path)
    assert "line 2: not JSON" in vertex.get(path)["error"]["message"]


def test_more_requests_than_a_job_may_have_fail_it(
    vertex: Vertex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vertex_rows.MOST_REQUESTS == 200_000
    monkeypatch.setattr(vertex_rows, "MOST_REQUESTS", 2)
    assert vertex.finished(*rows_of("a", "b"))["state"] == "JOB_STATE_SUCCEEDED"
    assert "more than 2 requests" in vertex.failure(*rows_of("a", "b", "c"))["message"]


def test_more_bytes_than_a_job_may_have_fail_it(
    vertex: Vertex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vertex_rows.MOST_BYTES == 1_000_000_000
    monkeypatch.setattr(vertex_rows, "MOST_BYTES", 10)
    assert "the limit is 10" in vertex.failure(row())["message"]


def test_missing_input_fails_the_job(vertex: Vertex) -> None:
    path = f"/v1beta1/{vertex.post().json()['name']}"
    vertex.get(path)
    error = vertex.get(path)["error"]
    assert (error["code"], INPUT in error["message"]) == (3, True)


def test_storage_that_the_service_may_not_use_fails_the_job(
    vertex: Vertex, emulator: Emulator
) -> None:
    emulator.world.storage = vertex.storage.base_url
    vertex.storage.denied.add("storage.objects.create")
    error = vertex.failure(row())
    assert (error["code"], BUCKET in error["message"]) == (7, True)


def test_job_goes_on_when_storage_is_there_again(vertex: Vertex, emulator: Emulator) -> None:
    path = vertex.create(row())
    vertex.get(path)
    emulator.world.storage = "http://127.0.0.1:9"
    assert vertex.http.get(path).status_code == 503
    emulator.world.storage = vertex.storage.direct_url
    assert len(vertex.lines(vertex.get(path))) == 1


def test_without_any_storage_the_emulator_says_what_it_needs(
    vertex: Vertex, emulator: Emulator
) -> None:
    emulator.world.storage = ""
    assert "STORAGE_EMULATOR_HOST" in vertex.post().json()["error"]["message"]


def test_storage_is_the_one_that_the_environment_names(
    vertex: Vertex, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.world.storage = ""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", vertex.storage.direct_url)
    assert len(vertex.output(row())) == 1


def test_result_has_its_whole_row_beside_it(vertex: Vertex) -> None:
    asked = row("mara@1") | {"note": "kept", "number": "0042", "ratio": "1.5"}
    (line,) = vertex.output(asked)
    assert line["request"] == asked["request"]
    assert (line["key"], line["note"], line["status"]) == ("mara@1", "kept", "")
    assert (line["number"], line["ratio"]) == (42, 1.5)
    assert line["response"]["usageMetadata"]["trafficType"] == "ON_DEMAND"
    assert line["processed_time"].endswith("+00:00")
    assert line["response"]["candidates"][0]["finishReason"] == "STOP"


def test_key_that_looks_like_a_number_becomes_one(vertex: Vertex) -> None:
    assert [line["key"] for line in vertex.output(row("000000"))] == [0]


def test_rows_come_back_in_no_order(vertex: Vertex) -> None:
    keys = [f"k{number}" for number in range(12)]
    found = [line["key"] for line in vertex.output(*rows_of(*keys))]
    assert found != keys
    assert sorted(found) == sorted(keys)


@pytest.mark.parametrize("newline", [True, False])
def test_larger_output_comes_in_several_objects(
    vertex: Vertex, emulator: Emulator, *, newline: bool
) -> None:
    emulator.world.behaviour = Behaviour(rows_per_shard=2, no_final_newline=not newline)
    job = vertex.finished(*rows_of("a", "b", "c", "d", "e"))
    shards = vertex.shards(job)
    assert [shard.count(b'"processed_time"') for shard in shards] == [2, 2, 1]
    assert all(shard.endswith(b"\n") == newline for shard in shards)
    assert {line["key"] for line in vertex.lines(job)} == set("abcde")
    assert job["completionStats"] == {"successfulCount": "5"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("row_error:3", 'Bad Request: {"error": {"code": 400'),
        ("row_error:8", 'Too Many Requests: {"error": {"code": 429'),
        ("row_error", 'Internal Server Error: {"error": {"code": 500'),
        ("status", "Bad Request: {}"),
    ],
)
def test_row_that_fails_says_so_in_its_status(
    vertex: Vertex, emulator: Emulator, kind: str, status: str
) -> None:
    emulator.world.behaviour = Behaviour(outcomes={"b": kind})
    job = vertex.finished(*rows_of("a", "b"))
    assert job["completionStats"] == {"successfulCount": "1", "failedCount": "1"}
    (line,) = [line for line in vertex.lines(job) if line["key"] == "b"]
    assert line["status"].startswith(status)
    assert "response" not in line


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("missing", ["a"]),
        ("duplicate", ["a", "b", "b"]),
        ("foreign", ["a", "b0"]),
        ("keyless", ["a", None]),
        ("late", ["a", "b", "b"]),
        ("no_response", ["a", "b"]),
    ],
)
def test_rows_end_as_they_were_told(
    vertex: Vertex, emulator: Emulator, kind: str, keys: list[str | None]
) -> None:
    emulator.world.behaviour = Behaviour(outcomes={"b": kind})
    found = [line.get("key") for line in vertex.output(*rows_of("a", "b"))]
    assert sorted(found, key=str) == sorted(keys, key=str)


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (request_of("a", media(f"gs://{BUCKET}/refs/none.png")), "Cannot fetch content"),
        (request_of("a", media("https://example.com/a.png")), "unsupported file uri"),
        ({"contents": [{"parts": [{"text": "a"}]}]}, "valid role"),
        (request_of("a", imageSize="9K"), "image_size"),
        ({"contents": [{"role": "user", "parts": [{"text": "a"}]}], "mood": "b"}, "Unknown name"),
    ],
)
def test_bad_row_fails_alone(vertex: Vertex, request_: dict[str, Any], word: str) -> None:
    job = vertex.finished(row("a", request_), row("b"))
    assert job["completionStats"] == {"successfulCount": "1", "failedCount": "1"}
    status = {line["key"]: line["status"] for line in vertex.lines(job)}
    assert status["b"] == ""
    assert word in status["a"]


def test_row_may_refer_to_an_object(vertex: Vertex) -> None:
    vertex.storage.put("refs/a.png", b"not looked at")
    (line,) = vertex.output(row("a", request_of("a", media(f"gs://{BUCKET}/refs/a.png"))))
    assert line["status"] == ""


def test_output_is_the_same_however_often_it_is_written(vertex: Vertex) -> None:
    rows = rows_of("a", "b", "c")
    first, second = (vertex.shards(vertex.finished(*rows)) for _ in range(2))
    assert first == second
