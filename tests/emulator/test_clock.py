"""The clock that processes share: set, moved on, and told by every answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.emulator.clock import VirtualClock
from chargen_batch.emulator.server import Emulator, serve
from tests.emulator.conversation import DENIED, error, job, upload

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Clock


def test_a_clock_that_was_never_set_is_the_systems(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    assert before <= VirtualClock(tmp_path)() <= datetime.now(UTC)
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_was_set_goes_on_from_there_for_everybody(
    tmp_path: Path, clock: Clock
) -> None:
    VirtualClock(tmp_path, clock).set(datetime(2030, 1, 1, tzinfo=UTC))
    clock.pass_hours(2)
    assert VirtualClock(tmp_path, clock)() == datetime(2030, 1, 1, 2, tzinfo=UTC)


def test_moves_add_up_in_both_directions(tmp_path: Path, clock: Clock) -> None:
    for hours in (49, -2):
        VirtualClock(tmp_path, clock).advance(timedelta(hours=hours))
    assert VirtualClock(tmp_path, clock).ahead() == timedelta(hours=47)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ahead_s": "x"}', '{"ahead_s": 1e300}'])
def test_a_damaged_clock_is_said_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock.json").write_text(content)
    with serve(tmp_path) as emulator:
        url = f"{emulator.base_url}/v1beta/batches?key=k"
        message = httpx.get(url, trust_env=False).json()["error"]["message"]
    assert "clock.json is damaged: remove it" in message


def test_files_expire_and_jobs_too_when_the_clock_is_moved_beside_a_server(
    http: httpx.Client, emulator: Emulator, clock: Clock
) -> None:
    file_id, path = upload(http, b"x"), job(http)
    VirtualClock(emulator.world.root, clock).advance(timedelta(hours=49))
    assert error(http.get(f"/v1beta/files/{file_id}")) == DENIED
    assert http.get(path).json()["metadata"]["state"] == "BATCH_STATE_EXPIRED"


@pytest.mark.parametrize("path", ["/v1beta/batches", "/v1beta/files/none", "/nowhere"])
def test_every_answer_tells_the_date_of_that_clock_once(
    http: httpx.Client, emulator: Emulator, path: str
) -> None:
    emulator.world.clock.advance(timedelta(hours=5))
    dates = http.get(path).headers.get_list("date")
    assert [parsedate_to_datetime(date) for date in dates] == [
        datetime(2026, 11, 22, 5, 0, 0, tzinfo=UTC)
    ]


def test_a_download_tells_the_date_too(http: httpx.Client, emulator: Emulator) -> None:
    path = job(http)
    for _ in range(2):
        http.get(path)
    emulator.world.clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    output = f"/v1beta/files/batch-{path.rpartition('/')[2]}:download?alt=media"
    assert http.get(output).headers["date"] == "Fri, 01 Jan 2027 00:00:00 GMT"
