"""Jobs, listings and models on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service.retry import Retrying
from tests.service.calls import BASE_URL, FILE, JOB, MODEL, OUTPUT, create

if TYPE_CHECKING:
    from pytest_httpx import HTTPXMock

    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.api import BatchService
    from chargen_batch.service.gemini import GeminiService

OPERATION = {
    "name": JOB,
    "metadata": {
        "state": "BATCH_STATE_DREAMING",
        "displayName": "job-1",
        "batchStats": {"requestCount": "2", "failedRequestCount": "1"},
        "output": {"responsesFile": OUTPUT},
    },
    "done": True,
    "error": {"code": 13, "message": "half of it"},
}


def through(service: BatchService, *, is_retrying: bool) -> BatchService:
    return Retrying(service) if is_retrying else service


def test_creating_sends_the_documented_body(gemini: GeminiService, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json=OPERATION)

    assert create(gemini).name == JOB

    (request,) = httpx_mock.get_requests()
    assert str(request.url) == f"{BASE_URL}/v1beta/models/{MODEL}:batchGenerateContent"
    assert json.loads(request.content) == {
        "batch": {"inputConfig": {"fileName": FILE}, "displayName": "job-1"}
    }


def test_a_job_is_read_raw_and_a_state_unknown_to_the_sdk_passes_in_silence(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(json=OPERATION)

    job = gemini.get_job(JOB)

    assert (job.state, job.error) == ("BATCH_STATE_DREAMING", "13: half of it")
    assert (job.counts.total, job.counts.failed) == (2, 1)
    assert job.result_file_name == OUTPUT


ANSWERS = {
    "503": httpx.Response(503, json={"error": {"code": 503, "status": "UNAVAILABLE"}}),
    "429": httpx.Response(429, json={"error": {"code": 429}}, headers={"Retry-After": "1"}),
    "408": httpx.Response(408),
    "html": httpx.Response(502, html="<html>"),
    "moved": httpx.Response(307, headers={"Location": BASE_URL}),
    "empty": httpx.Response(200),
    "nameless": httpx.Response(200, json={}),
    "no json": httpx.Response(200, html="<html>"),
    "timeout": httpx.ReadTimeout("slow"),
    "no connection": httpx.ConnectError("refused"),
    "drop": httpx.RemoteProtocolError("dropped"),
    "reset": httpx.ReadError("reset"),
}


@pytest.mark.parametrize("is_retrying", [False, True])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_creating_is_asked_once_whatever_happens(
    gemini: GeminiService,
    httpx_mock: HTTPXMock,
    answer: httpx.Response | Exception,
    is_retrying: bool,  # noqa: FBT001 - a table
) -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    httpx_mock.add_callback(reply, is_reusable=True)

    with pytest.raises((ServiceError, NetworkError)):
        create(through(gemini, is_retrying=is_retrying))
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize("method", ["list_files", "list_jobs"])
def test_a_listing_goes_through_all_pages_also_through_empty_ones(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str
) -> None:
    word, name = {"list_files": ("files", FILE), "list_jobs": ("operations", JOB)}[method]
    httpx_mock.add_response(json={word: [{"name": f"{name}1"}], "nextPageToken": "one"})
    httpx_mock.add_response(json={"nextPageToken": "two"})
    httpx_mock.add_response(json={word: [{"name": f"{name}2"}]})

    found = [item.name for item in getattr(gemini, method)()]

    assert found == [f"{name}1", f"{name}2"]
    queries = [dict(request.url.params) for request in httpx_mock.get_requests()]
    assert queries == [
        {"pageSize": "100"},
        {"pageSize": "100", "pageToken": "one"},
        {"pageSize": "100", "pageToken": "two"},
    ]


@pytest.mark.parametrize("method", ["list_files", "list_jobs"])
def test_a_listing_of_nothing_is_empty(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str
) -> None:
    httpx_mock.add_response(json={})

    assert list(getattr(gemini, method)()) == []


@pytest.mark.parametrize("method", ["list_files", "list_jobs"])
def test_a_listing_that_repeats_a_page_is_not_a_whole_one(
    gemini: GeminiService, httpx_mock: HTTPXMock, method: str
) -> None:
    httpx_mock.add_response(json={"nextPageToken": "one"}, is_reusable=True)

    with pytest.raises(ServiceError, match="a page that it had given before"):
        list(getattr(gemini, method)())
    assert len(httpx_mock.get_requests()) == 2


def test_a_model_may_be_named_with_or_without_its_prefix(
    gemini: GeminiService, httpx_mock: HTTPXMock
) -> None:
    body = {"name": f"models/{MODEL}", "supportedGenerationMethods": ["batchGenerateContent"]}
    httpx_mock.add_response(url=f"{BASE_URL}/v1beta/models/{MODEL}", json=body, is_reusable=True)

    assert gemini.get_model(MODEL) == gemini.get_model(f"models/{MODEL}")


def test_a_job_whose_answer_was_lost_exists_once(
    emulator: Emulator, emulated: GeminiService
) -> None:
    from chargen_batch.emulator.faults import Fault  # noqa: PLC0415
    from tests.service.conformance import request_file, upload  # noqa: PLC0415

    file = upload(emulated, request_file("a"))
    emulator.faults.add("batches.create", Fault("drop_after"))

    with pytest.raises(NetworkError):
        Retrying(emulated).create_job(model=MODEL, request_file=file.name, display_name="job-1")

    assert [job.display_name for job in emulated.list_jobs()] == ["job-1"]
    assert emulator.faults.pending() == {}
