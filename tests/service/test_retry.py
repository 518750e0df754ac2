"""Which calls are repeated, on what, how often, and after how long."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, NoReturn

import pytest
import stamina
from stamina.instrumentation import set_on_retry_hooks

from chargen_batch.core.retry_policy import ATTEMPTS, backoff, is_retryable
from chargen_batch.errors import NetworkError, ServiceError, StateError
from chargen_batch.service.retry import Retrying
from tests.service.calls import CALLS, FILE, JOB
from tests.service.memory import MemoryService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stamina.instrumentation import RetryDetails

SAFE = [name for name in CALLS if name != "create_job"]
DROPPED = NetworkError("dropped")


def refused(code: int, retry_after_s: float | None = None) -> ServiceError:
    return ServiceError("503 429 UNAVAILABLE", http_status=code, retry_after_s=retry_after_s)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504, 599])
def test_trouble_of_the_service_is_worth_another_try(code: int) -> None:
    assert is_retryable(refused(code))
    assert is_retryable(DROPPED)


@pytest.mark.parametrize("code", [0, 200, 204, 307, 400, 401, 403, 404, 409, 413, 416, 499, 600])
def test_a_refusal_is_final_whatever_its_words(code: int) -> None:
    assert not is_retryable(refused(code))
    assert not is_retryable(StateError("503"))
    assert not is_retryable(TimeoutError())


@pytest.mark.parametrize(
    ("asked_s", "wait"),
    [
        (None, True),
        (0.0, True),
        (0.5, True),
        (1.0, 1.0),
        (37.5, 37.5),
        (120.0, 120.0),
        (121, False),
    ],
)
def test_the_wait_that_the_service_asks_for_counts(
    asked_s: float | None,
    wait: bool | float,  # noqa: FBT001 - a table
) -> None:
    assert backoff(refused(429, asked_s)) is wait or backoff(refused(429, asked_s)) == wait
    assert backoff(refused(403, asked_s)) is False


@pytest.mark.parametrize("method", SAFE)
def test_a_safe_call_is_tried_five_times(method: str) -> None:
    memory = MemoryService()
    memory.fail(method, *[refused(503), DROPPED, refused(429), DROPPED, refused(500)])

    with pytest.raises(ServiceError) as caught:
        CALLS[method](Retrying(memory))

    assert caught.value.http_status == 500
    assert len(memory.called(method)) == ATTEMPTS
    assert memory.faults_left == {}


@pytest.mark.parametrize("method", SAFE)
def test_a_refusal_ends_a_call_at_once(method: str) -> None:
    memory = MemoryService()
    memory.fail(method, refused(403))

    with pytest.raises(ServiceError):
        CALLS[method](Retrying(memory))
    assert len(memory.called(method)) == 1


@pytest.mark.parametrize("after", [False, True])
def test_creating_is_never_repeated(after: bool) -> None:  # noqa: FBT001 - a table
    memory = MemoryService()
    file = memory.upload(io.BytesIO(LINE), size=len(LINE), mime="", display_name="in")
    memory.fail("create_job", DROPPED, after=after)

    with pytest.raises(NetworkError):
        Retrying(memory).create_job(
            model="gemini-3-pro-image", request_file=file.name, display_name="job-1"
        )
    assert len(memory.called("create_job")) == 1
    assert len(memory.jobs) == int(after)


LINE = b'{"key": "a", "request": {}}\n'


def test_an_upload_begins_anew_where_the_stream_stood() -> None:
    memory = MemoryService()
    memory.fail("upload", DROPPED, DROPPED)
    stream = io.BytesIO(b"before" + LINE)
    stream.seek(6)

    file = Retrying(memory).upload(stream, size=len(LINE), mime="", display_name="in")

    assert memory.files[file.name][1] == LINE
    assert len(memory.called("upload")) == 3


def test_a_listing_is_repeated_from_its_first_page() -> None:
    class Pages(MemoryService):
        def list_jobs(self) -> Iterator[NoReturn]:
            yield from super().list_jobs()  # type: ignore[misc]
            if len(self.called("list_jobs")) == 1:
                raise DROPPED

    memory = Pages()

    assert list(Retrying(memory).list_jobs()) == []
    assert len(memory.called("list_jobs")) == 2


def test_the_address_is_that_of_the_service() -> None:
    memory = MemoryService()

    assert Retrying(memory).address == memory.address


class StopHereError(Exception):
    """Raised in the place of a sleep."""


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """Collect the waits that would be slept, and stop before the first one."""
    planned: list[float] = []

    def note(details: RetryDetails) -> None:
        planned.append(details.wait_for)
        raise StopHereError

    set_on_retry_hooks([note])
    stamina.set_testing(False)
    yield planned
    set_on_retry_hooks(None)


@pytest.mark.parametrize("asked_s", [7.0, 37.5])
def test_the_service_is_left_alone_for_as_long_as_it_asks(
    waits: list[float], asked_s: float
) -> None:
    memory = MemoryService()
    memory.fail("get_job", refused(429, asked_s))

    with pytest.raises(StopHereError):
        Retrying(memory).get_job(JOB)
    assert waits == [asked_s]


def test_the_first_wait_is_a_second_and_a_little(waits: list[float]) -> None:
    memory = MemoryService()
    memory.fail("get_file", DROPPED)

    with pytest.raises(StopHereError):
        Retrying(memory).get_file(FILE)
    assert 1.0 <= waits[0] <= 2.0


def test_no_wait_is_longer_than_the_longest(waits: list[float]) -> None:
    memory = MemoryService()
    memory.fail("get_file", DROPPED)

    with pytest.raises(StopHereError):
        Retrying(memory, wait_initial_s=100.0).get_file(FILE)
    assert waits == [16.0]


def _dropped_once() -> MemoryService:
    memory = MemoryService()
    memory.fail("get_file", DROPPED)
    return memory


def _repeated(tell: Callable[[str], None] | None) -> None:
    with contextlib.suppress(ServiceError):  # there is no such file
        Retrying(_dropped_once(), wait_initial_s=0.0, wait_max_s=0.0, tell=tell).get_file(FILE)


def test_each_service_tells_its_own_waits(hooks: list[str]) -> None:
    first: list[str] = []
    second: list[str] = []
    _repeated(first.append)
    _repeated(second.append)
    assert first == second == ["dropped; trying again in 0 s"]
    assert hooks == []


def test_what_the_program_repeats_itself_goes_to_its_own_hooks(hooks: list[str]) -> None:
    told: list[str] = []
    _repeated(told.append)
    told.clear()
    _repeated(None)
    assert (told, hooks) == ([], ["begun dropped", "over"])


@pytest.fixture
def hooks() -> Iterator[list[str]]:
    """Collect what the hooks of the program are told that we are a part of."""
    seen: list[str] = []

    @contextlib.contextmanager
    def waiting(details: RetryDetails) -> Iterator[None]:
        seen.append(f"begun {details.caused_by}")
        yield
        seen.append("over")

    set_on_retry_hooks([waiting])
    yield seen
    set_on_retry_hooks(None)
