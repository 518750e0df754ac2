"""Lists that lag, lack a page, or go round in circles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.trouble import Lists
from tests.emulator.conversation import job, upload

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator
    from tests.emulator.conftest import Clock

LIST = "/v1beta/batches"


def lag(emulator: Emulator, lists: Lists) -> None:
    emulator.world.trouble = replace(emulator.world.trouble, lists=lists)


def page(http: httpx.Client, token: str = "") -> tuple[list[str], str]:
    answer = http.get(LIST, params={"pageSize": 2, "pageToken": token}).json()
    names = [item["metadata"]["displayName"] for item in answer.get("operations", [])]
    return names, answer.get("nextPageToken", "")


def listing(http: httpx.Client) -> list[str]:
    names, token = page(http)
    while token:
        more, token = page(http, token)
        names += more
    return names


def test_a_new_job_is_missing_in_so_many_listings_of_all_pages(
    http: httpx.Client, emulator: Emulator
) -> None:
    for name in "abc":
        job(http, name=name)
    lag(emulator, Lists(late_listings=2))
    job(http, name="late")
    assert [listing(http) for _ in range(3)] == [
        ["c", "b", "a"],
        ["c", "b", "a"],
        ["late", "c", "b", "a"],
    ]


def test_a_new_job_is_missing_for_so_many_seconds(
    http: httpx.Client, emulator: Emulator, clock: Clock
) -> None:
    lag(emulator, Lists(late_s=7200))
    path = job(http, name="late")
    clock.pass_hours(1)
    assert listing(http) == []
    assert http.get(path).status_code == 200
    clock.pass_hours(1)
    assert listing(http) == ["late"]


def test_pages_are_as_short_as_the_service_likes(http: httpx.Client, emulator: Emulator) -> None:
    for name in "abc":
        job(http, name=name)
        upload(http, b"x")
    lag(emulator, Lists(page_size=1))
    assert listing(http) == ["c", "b", "a"]
    assert len(http.get("/v1beta/files?pageSize=100").json()["files"]) == 1


@pytest.fixture
def five(http: httpx.Client) -> None:
    for name in "abcde":
        job(http, name=name)


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(("kind", "names"), [("lost_page", "eda"), ("last_page", "edcb")])
def test_a_page_may_be_lost_or_said_to_be_the_last(
    http: httpx.Client, emulator: Emulator, kind: str, names: str
) -> None:
    emulator.faults.add("batches.list", Fault("pass"), Fault(kind))
    assert "".join(listing(http)) == names
    assert "".join(listing(http)) == "edcba"


@pytest.mark.usefixtures("five")
def test_a_page_may_name_itself_as_the_next(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("batches.list", Fault("repeat_page"), Fault("pass"), Fault("repeat_page"))
    assert "".join(listing(http)) == "ededcbcba"


def test_a_fault_of_lists_is_none_of_other_methods(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="is no list: it cannot have lost_page"):
        emulator.faults.add("batches.get", Fault("lost_page"))


def test_a_page_of_no_items_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Lists(page_size=0)
