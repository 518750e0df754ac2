"""Each fault of the emulator, as our own client over Google's SDK takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.trouble import Lists
from chargen_batch.errors import NetworkError, ServiceError
from tests.service.conformance import create, ended, fetch, request_file, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.api import BatchService, RemoteJob
    from chargen_batch.service.gemini import GeminiService

# The error, its status, and whether it is a definite answer of Google's.
KINDS: dict[str, tuple[type[Exception], int | None, bool | None]] = {
    "status:429": (ServiceError, 429, True),
    "status:503": (ServiceError, 503, True),
    "status:500": (ServiceError, 500, True),
    "empty:503": (ServiceError, 503, False),
    "html:502": (ServiceError, 502, False),
    "html:200": (ServiceError, 200, False),
    "drop_before": (NetworkError, None, None),
    "drop_after": (NetworkError, None, None),
    "truncate": (NetworkError, None, None),
    "truncate_chunked": (NetworkError, None, None),
    "truncate_close": (ServiceError, 200, False),
}
METHODS: dict[str, Callable[[BatchService, RemoteJob], object]] = {
    "files.upload.start": lambda service, _: upload(service, request_file("b")),
    "files.upload.chunk": lambda service, _: upload(service, request_file("b")),
    "files.get": lambda service, job: service.get_file(job.input_file_name),
    "files.list": lambda service, _: list(service.list_files()),
    "files.delete": lambda service, job: service.delete_file(job.input_file_name),
    "batches.create": lambda service, _: create(service, "b"),
    "batches.get": lambda service, job: service.get_job(job.name),
    "batches.list": lambda service, _: list(service.list_jobs()),
    "batches.cancel": lambda service, job: service.cancel_job(job.name),
    "batches.delete": lambda service, job: service.delete_job(job.name),
    "models.get": lambda service, _: service.get_model("gemini-3-pro-image"),
}
# Methods whose answer says nothing that could be cut off so that it is noticed.
UNSEEN = frozenset({"html:200", "truncate_close"})
SAYS_NOTHING = frozenset({"files.upload.start", "files.delete", "batches.cancel", "batches.delete"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_of_every_method_is_one_of_our_errors(
    emulator: Emulator, emulated: GeminiService, kind: str
) -> None:
    for method, call in METHODS.items():
        if method in SAYS_NOTHING and kind in UNSEEN:
            continue
        job = ended(emulated, create(emulated, "a").name)
        emulator.faults.add(method, Fault(kind))
        wanted, *said = KINDS[kind]
        with pytest.raises(wanted) as error:
            call(emulated, job)
        told = [getattr(error.value, name, None) for name in ("http_status", "google")]
        assert (method, told) == (method, said)
        assert emulator.faults.pending() == {}


@pytest.mark.parametrize("kind", ["truncate", "truncate_chunked", "drop_before", "drop_after"])
def test_a_download_that_breaks_is_noticed_and_is_whole_the_next_time(
    emulator: Emulator, emulated: GeminiService, kind: str
) -> None:
    name = str(ended(emulated, create(emulated, "a").name).result_file_name)
    emulator.faults.add("files.download", Fault(kind))
    with pytest.raises(NetworkError):
        fetch(emulated, name)
    assert fetch(emulated, name).endswith(b"\n")


def test_a_download_that_breaks_without_a_length_is_only_short(
    emulator: Emulator, emulated: GeminiService
) -> None:
    name = str(ended(emulated, create(emulated, "a").name).result_file_name)
    emulator.faults.add("files.download", Fault("truncate_close"))
    assert len(fetch(emulated, name)) == len(fetch(emulated, name)) // 2


@pytest.mark.parametrize("method", ["files.upload.chunk", "batches.create"])
def test_silence_is_a_network_error_after_the_clients_own_patience(
    emulator: Emulator, emulated: GeminiService, method: str
) -> None:
    job = ended(emulated, create(emulated, "a").name)
    emulator.faults.add(method, Fault("hang", hang_s=30))
    with pytest.raises(NetworkError):
        METHODS[method](emulated, job)


def test_the_seconds_of_retry_info_reach_the_client(
    emulator: Emulator, emulated: GeminiService
) -> None:
    emulator.faults.add("batches.list", Fault("status:429", retry_delay_s=37))
    with pytest.raises(ServiceError) as error:
        list(emulated.list_jobs())
    assert error.value.retry_after_s == 37


def test_a_list_that_goes_round_in_circles_is_an_error(
    emulator: Emulator, emulated: GeminiService
) -> None:
    create(emulated, "a")
    emulator.faults.add("batches.list", *[Fault("repeat_page")] * 2)
    with pytest.raises(ServiceError, match="a page that it had given before"):
        list(emulated.list_jobs())


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_file_expires_by_our_clock_though_the_services_is_another(
    emulator: Emulator, emulated: GeminiService, hours: int
) -> None:
    emulator.world.clock.advance(timedelta(hours=hours))
    expires_at = upload(emulated, request_file("a")).expires_at
    assert expires_at is not None
    left = expires_at - datetime.now(UTC)
    assert abs(left - timedelta(hours=48)) < timedelta(minutes=1)


@pytest.mark.parametrize(("kind", "names"), [("lost_page", 1), ("last_page", 2), ("pass", 3)])
def test_a_list_without_a_page_is_taken_as_it_is(
    emulator: Emulator, emulated: GeminiService, kind: str, names: int
) -> None:
    emulator.world.trouble = replace(emulator.world.trouble, lists=Lists(page_size=2))
    for _ in range(3):
        create(emulated, "a")
    emulator.faults.add("batches.list", Fault(kind))
    assert len(list(emulated.list_jobs())) == names
