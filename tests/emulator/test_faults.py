"""Faults as data: each kind seen from the client."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import httpx
import pytest
from google.genai import errors

from chargen_batch.emulator.faults import Fault, Faults, faults_of
from tests.emulator.conversation import begin, create, ended, job, jsonl, output_path, row, upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google import genai

    from chargen_batch.emulator.server import Emulator

LIST = "/v1beta/batches"


def test_quota_comes_with_retry_info(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.list", Fault("status:429", retry_delay_s=37))
    error = http.get(LIST).json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": "37s",
    }
    assert http.get(LIST).json() == {}


def test_quota_may_come_without_retry_info(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.list", Fault("status:429"))
    details = http.get(LIST).json()["error"]["details"]
    assert not [detail for detail in details if detail["@type"].endswith("RetryInfo")]


def test_any_status_comes_in_googles_shape(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.list", Fault("status:500"))
    assert http.get(LIST).json()["error"]["status"] == "INTERNAL"


@pytest.mark.parametrize("code", [200, 503])
def test_empty_answer(http: httpx.Client, emulator: Emulator, code: int) -> None:
    emulator.faults.add("batches.list", Fault(f"empty:{code}"))
    answer = http.get(LIST)
    assert (answer.status_code, answer.content) == (code, b"")


@pytest.mark.parametrize("code", [200, 502])
def test_html_answer(http: httpx.Client, emulator: Emulator, code: int) -> None:
    emulator.faults.add("batches.list", Fault(f"html:{code}"))
    answer = http.get(LIST)
    assert answer.status_code == code
    assert answer.text.startswith("<!DOCTYPE html>")


def test_empty_list_hides_what_is_there(http: httpx.Client, emulator: Emulator) -> None:
    job(http)
    emulator.faults.add("batches.list", Fault("empty_list"))
    assert http.get(LIST).json() == {}
    assert http.get(LIST).json() != {}


def test_drop_before_does_nothing(http: httpx.Client, emulator: Emulator) -> None:
    file_id = upload(http, jsonl(row()))
    emulator.faults.add("batches.create", Fault("drop_before"))
    with pytest.raises(httpx.RemoteProtocolError):
        create(http, file_id)
    assert http.get(LIST).json() == {}


def test_drop_after_has_done_it(http: httpx.Client, emulator: Emulator) -> None:
    file_id = upload(http, jsonl(row()))
    emulator.faults.add("batches.create", Fault("drop_after"))
    with pytest.raises(httpx.RemoteProtocolError):
        create(http, file_id)
    assert len(http.get(LIST).json()["operations"]) == 1


def test_dropped_calls_are_recorded_with_status_0(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.list", Fault("drop_before"))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(LIST)
    (line,) = (emulator.world.root / "requests.ndjson").read_text().splitlines()
    assert json.loads(line)["status"] == 0


def test_hang_answers_nothing_for_as_long_as_it_says(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.faults.add("batches.list", Fault("hang"), Fault("hang", hang_s=0.01))
    with pytest.raises(httpx.ReadTimeout):
        http.get(LIST, timeout=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(LIST)


@pytest.mark.parametrize("kind", ["truncate", "truncate_chunked"])
def test_truncated_download_is_noticed_by_the_client(
    http: httpx.Client, emulator: Emulator, kind: str
) -> None:
    path = output_path(ended(http, job(http)))
    emulator.faults.add("files.download", Fault(kind))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(path)
    assert http.get(path).content.endswith(b"\n")


def test_download_without_a_length_is_truncated_silently(
    http: httpx.Client, emulator: Emulator
) -> None:
    path = output_path(ended(http, job(http)))
    emulator.faults.add("files.download", Fault("truncate_close"))
    half = http.get(path)
    whole = http.get(path)
    assert half.status_code == 200
    assert 0 < len(half.content) < len(whole.content)
    assert whole.content.startswith(half.content)


def test_a_range_is_truncated_as_any_answer(http: httpx.Client, emulator: Emulator) -> None:
    path = output_path(ended(http, job(http)))
    whole = http.get(path).content
    emulator.faults.add("files.download", *faults_of("truncate_close*2"))
    for wanted, part in (("bytes=100-", whole[100:]), ("bytes=10-29", whole[10:30])):
        half = http.get(path, headers={"Range": wanted})
        first = whole.index(part)
        told = f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
        assert (half.status_code, half.headers["content-range"]) == (206, told)
        assert half.content == part[: len(part) // 2]


def test_a_range_beyond_the_end_is_not_truncated(http: httpx.Client, emulator: Emulator) -> None:
    path = output_path(ended(http, job(http)))
    size = len(http.get(path).content)
    emulator.faults.add("files.download", Fault("truncate"))
    assert http.get(path, headers={"Range": f"bytes={size}-"}).status_code == 416


def test_a_login_goes_wrong_on_order(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("token", Fault("status:503"))
    form = {"grant_type": "refresh_token", "refresh_token": "ines"}
    assert [http.post("/token", data=form).status_code for _ in range(2)] == [503, 200]


def test_any_answer_can_be_truncated(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("models.list", Fault("truncate"))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/v1beta/models")


def test_refusal_is_not_truncated(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.get", Fault("truncate"))
    assert http.get(f"{LIST}/nothere").json()["error"]["code"] == 404


def test_faults_are_used_in_their_order(http: httpx.Client, emulator: Emulator) -> None:
    kinds = ["pass", "empty:503", "pass", "html:502"]
    emulator.faults.add("batches.list", *[Fault(kind) for kind in kinds])
    assert [http.get(LIST).status_code for _ in kinds] == [200, 503, 200, 502]


def test_fault_waits_for_its_own_method(http: httpx.Client, emulator: Emulator) -> None:
    fault = Fault("empty:503")
    emulator.faults.add("files.list", fault)
    http.get(LIST)
    assert emulator.faults.pending() == {"files.list": [fault]}
    assert http.get("/v1beta/files").status_code == 503
    assert emulator.faults.pending() == {}


def test_start_and_chunk_of_an_upload_fail_apart(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("files.upload.chunk", Fault("empty:503"))
    start = begin(http, 1)
    assert start.status_code == 200
    headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    url = start.headers["x-goog-upload-url"]
    assert http.post(url, headers=headers, content=b"x").status_code == 503
    assert http.post(url, headers=headers, content=b"x").status_code == 200


def test_upload_whose_answer_was_lost_can_be_queried(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.faults.add("files.upload.chunk", Fault("drop_after"))
    url = begin(http, 1).headers["x-goog-upload-url"]
    headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(url, headers=headers, content=b"x")
    answer = http.post(url, headers={"X-Goog-Upload-Command": "query"})
    assert answer.headers["x-goog-upload-status"] == "final"
    assert answer.json()["file"]["sizeBytes"] == "1"


def test_upload_broken_in_a_chunk_goes_on_from_what_arrived(http: httpx.Client) -> None:
    content = bytes(range(256)) * 4096
    url = begin(http, len(content)).headers["x-goog-upload-url"]
    with pytest.raises(ZeroDivisionError):
        http.post(url, headers=chunk(0), content=_breaking(content[: 512 * 1024]))
    received = 0
    for _ in range(100):
        told = http.post(url, headers={"X-Goog-Upload-Command": "query"}).headers
        received = int(told["x-goog-upload-size-received"])
        if received == 512 * 1024:
            break
    answer = http.post(url, headers=chunk(received), content=content[received:])
    assert answer.json()["file"]["sizeBytes"] == str(len(content))


def chunk(offset: int) -> dict[str, str]:
    return {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": str(offset)}


def _breaking(content: bytes) -> Iterator[bytes]:
    edges = range(0, len(content) + 1, 64 * 1024)
    for start, end in pairwise(edges):
        yield content[start:end]
    yield bytes(1 // 0)


def test_sdk_takes_its_errors_from_the_faults(sdk: genai.Client, emulator: Emulator) -> None:
    emulator.faults.add("models.get", Fault("status:429"), Fault("empty:503"), Fault("html:200"))
    with pytest.raises(errors.ClientError, match="RESOURCE_EXHAUSTED"):
        sdk.models.get(model="gemini-3-pro-image")
    with pytest.raises(errors.ServerError):
        sdk.models.get(model="gemini-3-pro-image")
    with pytest.raises(json.JSONDecodeError):
        sdk.models.get(model="gemini-3-pro-image")


@pytest.mark.parametrize("kind", ["explode", "status:", "status:abc", ""])
def test_unknown_fault_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        Fault(kind)


def test_unknown_method_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"batches\.create"):
        Faults().add("batches.make", Fault("pass"))
