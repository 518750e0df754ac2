"""How jobs end by their display names, with what output, and how they are cancelled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.emulator.endings import ending_of
from chargen_batch.emulator.jobs import Pace
from tests.emulator.conversation import MISSING, error, job, row

if TYPE_CHECKING:
    import httpx

    from chargen_batch.emulator.server import Emulator

ROWS = [row(key) for key in "abc"]
# What is asked for: the state, whether an output is named, and whose lines it has.
ENDINGS = {
    "SUCCEEDED": ("SUCCEEDED", True, "abc"),
    "SUCCEEDED without output": ("SUCCEEDED", False, ""),
    "SUCCEEDED with lost output": ("SUCCEEDED", True, None),
    "PARTIALLY_SUCCEEDED": ("PARTIALLY_SUCCEEDED", True, "ab"),
    "FAILED": ("FAILED", False, ""),
    "EXPIRED": ("EXPIRED", False, ""),
    "EXPIRED with output": ("EXPIRED", True, "ab"),
    "CANCELLED": ("CANCELLED", False, ""),
    "CANCELLED with output": ("CANCELLED", True, "ab"),
    "CANCELLED with lost output": ("CANCELLED", True, None),
}


def looked_at(http: httpx.Client, path: str, times: int = 2) -> dict[str, Any]:
    operation: dict[str, Any] = {}
    for _ in range(times):
        operation = http.get(path).json()
    return operation


def state(operation: dict[str, Any]) -> str:
    return str(operation["metadata"]["state"].removeprefix("BATCH_STATE_"))


@pytest.mark.parametrize(("ending", "expected"), ENDINGS.items(), ids=list(ENDINGS))
def test_a_job_ends_as_it_was_told(
    http: httpx.Client, emulator: Emulator, ending: str, expected: tuple[str, bool, str | None]
) -> None:
    emulator.world.pace = Pace(endings={"night-*": ending})
    path = job(http, *ROWS, name="night-1")
    operation = looked_at(http, path)
    metadata = operation["metadata"]
    output = http.get(f"/v1beta/files/batch-{path.rpartition('/')[2]}:download?alt=media")
    keys = "".join(
        json.loads(line)["key"] for line in output.text.splitlines() if output.is_success
    )
    assert (state(operation), "output" in metadata) == expected[:2]
    assert (None if metadata.get("output") and error_of(output) else keys) == expected[2]
    assert operation["done"] is True
    assert ("error" in operation) is not ("response" in operation)


def error_of(output: httpx.Response) -> bool:
    return not output.is_success and error(output) == MISSING


def test_the_counts_of_half_a_job_are_those_of_its_lines(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"*": "EXPIRED with output"})
    stats = looked_at(http, job(http, *ROWS))["metadata"]["batchStats"]
    assert stats == {"requestCount": "3", "successfulRequestCount": "2"}


def test_the_first_glob_that_matches_counts_and_others_succeed(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"a*": "FAILED", "*b": "EXPIRED"})
    names = {"ab": "FAILED", "bb": "EXPIRED", "c": "SUCCEEDED"}
    ends = {name: state(looked_at(http, job(http, name=name))) for name in names}
    assert ends == names


def test_a_state_that_nobody_knows_stays_for_ever_and_can_be_cancelled(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"*": "BATCH_STATE_PAUSED_BY_ADMIN"})
    path = job(http)
    operation = looked_at(http, path, 5)
    assert (state(operation), "done" in operation) == ("PAUSED_BY_ADMIN", False)
    http.post(f"{path}:cancel")
    assert state(http.get(path).json()) == "CANCELLED"


def test_a_job_that_somebody_deleted_is_nowhere(http: httpx.Client, emulator: Emulator) -> None:
    emulator.world.pace = Pace(endings={"*": "DELETED"})
    path = job(http)
    assert state(http.get(path).json()) == "RUNNING"
    for ask in (http.get, http.get, http.delete):
        assert error(ask(path)) == MISSING
    assert error(http.post(f"{path}:cancel")) == MISSING
    assert http.get("/v1beta/batches").json() == {}


def test_cancelling_may_take_looks(http: httpx.Client, emulator: Emulator) -> None:
    emulator.world.pace = Pace(looks_to_start=1, looks_to_finish=9, looks_to_cancel=2)
    path = job(http)
    states = [state(http.get(path).json())]
    for _ in range(2):  # to ask again changes nothing
        assert http.post(f"{path}:cancel").json() == {}
        states.append(state(http.get(path).json()))
    assert [*states, state(http.get(path).json())] == [
        "RUNNING",
        "CANCELLING",
        "CANCELLED",
        "CANCELLED",
    ]


def test_a_job_that_is_cancelled_keeps_its_output_where_it_was_told_so(
    http: httpx.Client, emulator: Emulator
) -> None:
    emulator.world.pace = Pace(endings={"*": "CANCELLED with output"})
    path = job(http, *ROWS)
    http.post(f"{path}:cancel")
    assert http.get(path).json()["metadata"]["output"]["responsesFile"].startswith("files/batch-")


@pytest.mark.parametrize(
    "text", ["", "SUCEEDED", "succeeded", "FAILED with", "FAILED with some output", "x DELETED"]
)
def test_what_is_no_ending_is_refused_with_those_that_exist(text: str) -> None:
    with pytest.raises(ValueError, match=r"no such ending.*PARTIALLY_SUCCEEDED.*DELETED"):
        ending_of(text)
