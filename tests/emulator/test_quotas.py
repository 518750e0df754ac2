"""What a project may have at a time, and what it cannot have any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chargen_batch.emulator.quota import Quotas
from chargen_batch.emulator.trouble import Trouble
from tests.emulator.conversation import (
    begin,
    create,
    ended,
    error,
    job,
    jsonl,
    reference,
    request_of,
    row,
    upload,
)

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator

TOO_MUCH = (429, "RESOURCE_EXHAUSTED")


def quotas(emulator: Emulator, quotas: Quotas) -> None:
    emulator.world.trouble = replace(emulator.world.trouble, quotas=quotas)


def test_there_is_no_quota_unless_it_is_asked_for() -> None:
    assert Trouble().quotas == Quotas(None, None, None)


def test_one_live_job_too_many_is_refused_until_one_has_ended(
    http: httpx.Client, emulator: Emulator
) -> None:
    quotas(emulator, Quotas(max_live_jobs=2))
    first, file_id = job(http), upload(http, jsonl(row()))
    create(http, file_id)
    refused = create(http, file_id)
    assert error(refused) == TOO_MUCH
    assert "limit of 2 concurrent batch jobs" in refused.json()["error"]["message"]
    ended(http, first)
    assert create(http, file_id).status_code == 200
    assert len(http.get("/v1beta/batches").json()["operations"]) == 3


def test_the_jobs_of_another_project_do_not_count(http: httpx.Client, emulator: Emulator) -> None:
    quotas(emulator, Quotas(max_live_jobs=1))
    job(http)
    http.headers["x-goog-api-key"] = "foreign"
    assert create(http, upload(http, jsonl(row()))).status_code == 200


def test_tokens_count_by_model_over_all_live_jobs(http: httpx.Client, emulator: Emulator) -> None:
    quotas(emulator, Quotas(max_enqueued_tokens=300))
    seen = upload(http, b"a picture", "image/png")
    rows = jsonl(row("a", request_of("x" * 80, reference(seen))))  # 20 + 258
    file_id = upload(http, rows)
    assert create(http, file_id).status_code == 200
    refused = create(http, file_id)
    assert error(refused) == TOO_MUCH
    assert "278 are enqueued, 278 were asked for" in refused.json()["error"]["message"]
    asking = {"contents": [{"role": "user", "parts": [{"text": "x" * 1000}]}]}
    other = create(http, upload(http, jsonl(row("a", asking))), "gemini-3.5-flash")
    assert other.status_code == 200


def test_a_job_bigger_than_the_whole_quota_never_fits(
    http: httpx.Client, emulator: Emulator
) -> None:
    quotas(emulator, Quotas(max_enqueued_tokens=10))
    assert error(create(http, upload(http, jsonl(row("a", request_of("x" * 80)))))) == TOO_MUCH
    assert create(http, upload(http, jsonl(row("a", request_of("x" * 40))))).status_code == 200


def test_uploads_are_refused_when_the_store_is_full_until_something_goes(
    http: httpx.Client, emulator: Emulator
) -> None:
    quotas(emulator, Quotas(max_stored_bytes=10))
    first = upload(http, b"123456")
    refused = begin(http, 5)
    assert error(refused) == TOO_MUCH
    assert "6 are stored, 5 were asked for" in refused.json()["error"]["message"]
    http.delete(f"/v1beta/files/{first}")
    assert begin(http, 5).status_code == 200
