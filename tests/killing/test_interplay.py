"""Killed twice, two at once, carried to another place, and each fault at each call."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.emulator.faults import Fault
from tests.killing.scenarios import SCENARIOS, Scenario, of
from tests.killing.test_killed import differences, paid
from tests.killing.world import NOT_READY, PIPELINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.killing.watching import Event
    from tests.killing.world import World
    from tests.killing.worlds import Worlds

pytestmark = pytest.mark.timeout(300)

HELD: Final = PIPELINE[1:]  # plan holds no run: it makes one
LOCKED: Final = 5


def everything(world: World) -> dict[Path, bytes]:
    """Return every byte of a project, logs and locks too."""
    return {path: path.read_bytes() for path in world.project.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_again_while_it_finishes_a_run_still_ends_well(worlds: Worlds, name: str) -> None:
    scenario = SCENARIOS[name]
    known = worlds.know(scenario)
    many = len(known.events)
    for at in range(7, many, max(1, many // 6)):
        world = known.start.copy(worlds.new_folder())
        assert world.kill(scenario.command, at)
        for later in (at // 2, at):  # the second try has less to do: it may have ended before
            assert world(scenario.command, die_at=later) in {-signal.SIGKILL, 0, 4, NOT_READY}
        world.to_end(scenario.command, *scenario.after)
        assert differences(world.end_state(), known.end_state) == {}, known.events[at]
        shutil.rmtree(world.folder)


@pytest.mark.parametrize("end", [signal.SIGCONT, signal.SIGKILL], ids=["goes on", "dies"])
@pytest.mark.parametrize("name", HELD)
def test_of_two_commands_on_one_run_the_second_says_so_and_changes_nothing(
    worlds: Worlds, name: str, end: signal.Signals
) -> None:
    scenario = SCENARIOS[name]
    known = worlds.know(scenario)
    world = known.start.copy(worlds.new_folder())
    first = world.start(scenario.command, stop_at=len(known.events) // 2)
    assert first["stopped"]
    before = everything(world)
    assert world(scenario.command) == LOCKED
    assert "is in use by `chargen-batch" in world.said()
    assert everything(world) == before
    code = world.zygote(pid=first["pid"], signal=int(end))["code"]
    assert code == (0 if end is signal.SIGCONT else -signal.SIGKILL)
    world.to_end(scenario.command, *scenario.after)
    assert differences(world.end_state(), known.end_state) == {}


@pytest.mark.parametrize("dying", [False, True], ids=["between phases", "and killed in each"])
def test_a_run_that_is_carried_to_another_place_goes_on_there(
    worlds: Worlds, *, dying: bool
) -> None:
    whole = worlds.know(SCENARIOS["stage"])
    world = whole.start.copy(worlds.new_folder())
    for command in HELD:
        if dying:
            assert world.kill(command, len(worlds.know(SCENARIOS[command]).events) // 2)
        world.move(worlds.new_folder())
        world.environ["HOME"] = str(worlds.new_folder())
        world.to_end(command)
    assert differences(world.end_state(), whole.end_state) == {}


METHODS: Final = {
    ":batchGenerateContent": "batches.create",
    ":download": "files.download",
    ":cancel": "batches.cancel",
    "/upload/v1beta/files": "files.upload",
    "GET /v1beta/files/": "files.get",
    "DELETE /v1beta/files/": "files.delete",
    "GET /v1beta/batches/": "batches.get",
    "DELETE /v1beta/batches/": "batches.delete",
    "GET /v1beta/batches": "batches.list",
    "GET /v1beta/files": "files.list",
    "GET /v1beta/models/": "models.get",
}
CALLING: Final = {
    # What stage has brought there is seen when the jobs are made of it.
    "stage": Scenario(("plan",), "stage", ("submit",)),
    **{command: Scenario(*of(command)) for command in ("submit", "poll", "download")},
    **{command: SCENARIOS[command] for command in ("cancel", "cleanup")},
}
ONCE: Final = (
    *("status:408", "status:429", "status:500", "status:503", "empty:503", "html:502"),
    *("drop_before", "drop_after", "truncate", "truncate_chunked", "truncate_close"),
)
UNTIL_IT_GIVES_UP: Final = 5
STORY_FILES: Final = (".yaml", ".png")


def calls(events: list[Event]) -> Iterator[tuple[str, int]]:
    """Go through the calls of a command: the emulator's word for each, and how many came before."""
    seen: dict[str, int] = {}
    for event in events:
        if event.kind != "send":
            continue
        method = next(word for part, word in METHODS.items() if part in event.path)
        if method == "files.upload":  # one at a time: each is a start and a chunk
            count = seen.get("upload", 0)
            seen["upload"] = count + 1
            method = f"files.upload.{('start', 'chunk')[count % 2]}"
        yield method, seen.get(method, 0)
        seen[method] = seen.get(method, 0) + 1


@pytest.mark.parametrize("kind", [*ONCE, "status:503 until it gives up"])
@pytest.mark.parametrize("name", CALLING)
def test_a_fault_at_any_call_leaves_a_run_that_finishes_and_no_second_job(
    worlds: Worlds, name: str, kind: str
) -> None:
    scenario, (fault, _, often) = CALLING[name], kind.partition(" ")
    known, faults = worlds.know(scenario), worlds.service.emulator.faults
    for method, earlier in calls(known.events):
        once = method == "batches.create" or not often
        wrong = [Fault(fault)] * (1 if once else UNTIL_IT_GIVES_UP)
        world = known.start.copy(worlds.new_folder())
        faults.add(method, *[Fault("pass")] * earlier, *wrong)
        world.to_end(scenario.command, *scenario.after)
        assert faults.pending() == {}
        # No quota though nothing of ours is at work: the job is split, so the run's files differ.
        is_split = (method, earlier, fault) == ("batches.create", 0, "status:429")
        differing = differences(world.end_state(), known.end_state)
        assert paid(world) == [1] * (4 if is_split else 3), (method, earlier)
        assert not is_split or not {name for name in differing if name.endswith(STORY_FILES)}
        assert is_split or differing == {}, (method, earlier)
        shutil.rmtree(world.folder)


@pytest.mark.parametrize("listing", ["empty_list", "status:503", "truncate", "drop_after"])
@pytest.mark.parametrize("number", range(3))
def test_a_lost_answer_and_a_listing_that_fails_lead_to_no_second_job(
    worlds: Worlds, number: int, listing: str
) -> None:
    known, faults = worlds.know(CALLING["submit"]), worlds.service.emulator.faults
    world = known.start.copy(worlds.new_folder())
    faults.add("batches.create", *[Fault("pass")] * number, Fault("drop_after"))
    faults.add("batches.list", Fault("pass"), Fault(listing))
    world.to_end("submit", *CALLING["submit"].after)
    assert len(world.created) == 3
    assert differences(world.end_state(), known.end_state) == {}
