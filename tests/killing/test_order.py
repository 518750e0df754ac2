"""What a power cut finds: the order of writes, fsyncs, renames and calls, seen from two heights.

`kill -9` loses nothing that was written, so it cannot show a missing fsync; a recording can. The
recording inside of the process runs wherever Python does; that of the system calls needs strace.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import disk, exchange
from chargen_batch.run.lock import held
from tests.killing import strace
from tests.killing.power import is_create, lines, states, violations
from tests.killing.scenarios import SCENARIOS
from tests.killing.watching import Event, watching
from tests.killing.world import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.killing.worlds import Worlds

    Recordings = dict[str, list[Event]]

END: Final = Event("end", "")


def written_anew(folder: Path) -> None:
    disk.replace(folder / "file", b"content")


def written_new(folder: Path) -> None:
    for name in ("one", "two"):
        exchange.write_new(folder / f"{name}.png", b"content")
        disk.fsync_directory(folder)


def appended(folder: Path) -> None:
    disk.append(folder / "ledger.jsonl", [b"one", b"two"])
    disk.append(folder / "ledger.jsonl", [b"three"])


def appended_behind_a_torn_line(folder: Path) -> None:
    disk.append(folder / "torn.jsonl", [b"next"])
    assert (folder / "torn.jsonl").read_bytes() == b"whole\nnext\n"


def continued_and_renamed(folder: Path) -> None:
    with disk.continuing(folder / "file.part") as stream:
        stream.write(b"half")
    with disk.continuing(folder / "file.part") as stream:
        stream.write(b" and half")
    disk.rename(folder / "file.part", folder / "file")


def made_folders(folder: Path) -> None:
    disk.make_directory(folder / "a/b/c")


def held_a_lock(folder: Path) -> None:
    with held(folder / "run.lock", command="stage", since="now"):
        disk.append(folder / "ledger.jsonl", [b"one"])


PRIMITIVES: Final = (
    written_anew,
    written_new,
    appended,
    appended_behind_a_torn_line,
    continued_and_renamed,
    made_folders,
    held_a_lock,
)


@pytest.mark.parametrize("act", PRIMITIVES, ids=[act.__name__ for act in PRIMITIVES])
def test_what_the_disk_room_has_done_outlives_a_power_cut(
    tmp_path: Path, act: Callable[[Path], None]
) -> None:
    events: list[Event] = []
    (tmp_path / "torn.jsonl").write_bytes(b"whole\nto")
    with watching(tmp_path, events.append):
        act(tmp_path)
    assert any(event.kind == "fsync" for event in events)
    assert violations([*events, END]) == []


def test_each_thing_that_could_be_lost_is_seen() -> None:
    events = [
        Event("create", "a/.file.tmp"),
        Event("write", "a/.file.tmp"),
        Event("rename", "a/.file.tmp", "a/file"),
        Event("write", "a/ledger"),
        Event("send", "POST /v1beta/models/m:batchGenerateContent"),
    ]
    assert violations(events) == [
        "a/.file.tmp is renamed before its content is on the disk",
        "write a/ledger while a/file is not on the disk",
        *(
            f"send {events[-1].path} while a/{name} is not on the disk"
            for name in ("file", "ledger")
        ),
    ]


def from_inside(worlds: Worlds) -> Recordings:
    """Record each command of a run inside of its process."""
    world = worlds.before(SCENARIOS["plan"])
    return {command: world.recorded(command) for command in PIPELINE}


def from_below(worlds: Worlds) -> Recordings:
    """Record each command of a run by its system calls."""
    world = worlds.before(SCENARIOS["plan"])
    world.service.show(world.folder / "service")
    environ = {**world.variables(), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    recordings = {}
    for command in PIPELINE:
        where = [command, "--project", str(world.project)]
        trace = world.folder / f"{command}.strace"
        recordings[command] = strace.recorded(where, world.project, environ, trace)
    return recordings


@pytest.fixture(scope="session", params=[from_inside, from_below], ids=lambda way: way.__name__)
def recordings(request: pytest.FixtureRequest, worlds: Worlds) -> Recordings:
    """Give what each command of a run did."""
    way: Callable[[Worlds], Recordings] = request.param
    return way(worlds)


# One worker records for all; where strace has to be installed, that takes a while.
pytestmark = [pytest.mark.xdist_group("order"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("command", PIPELINE)
def test_no_command_builds_on_what_a_power_cut_could_take(
    recordings: Recordings, command: str
) -> None:
    events = recordings[command]
    assert {"write", "fsync", "rename"} <= {event.kind for event in events}
    assert violations(events) == []


def test_a_new_run_has_all_its_files_before_it_has_its_name(recordings: Recordings) -> None:
    events = recordings["plan"]
    (named,) = (at for at, event in enumerate(events) if _is_run(event))
    inside = [event.to for event in events[:named] if event.kind == "rename"]
    assert {name.rpartition("/")[2] for name in inside} >= {
        "plan.json",
        "tasks.jsonl",
        "state.json",
    }


def _is_run(event: Event) -> bool:
    return event.kind == "rename" and event.path.rpartition("/")[2].startswith(".2")


def test_an_intention_is_on_the_disk_before_its_create_leaves(recordings: Recordings) -> None:
    created = 0
    for event, state in states(recordings["submit"]):
        if is_create(event):
            statuses = [job["status"] for job in state["jobs"]]
            assert statuses == ["running"] * created + ["intended"] + ["staged"] * (2 - created)
            created += 1
        if event.kind == "end":
            assert [job["status"] for job in state["jobs"]] == ["running"] * created
    assert created == 3


def test_an_upload_is_in_the_ledger_before_a_job_names_it(recordings: Recordings) -> None:
    known: set[str] = set()
    for event, state in states(recordings["stage"]):
        known.update(line["name"] for line in lines(event, "files-cache.jsonl"))
        assert {job.get("requestFileName") for job in state.get("jobs", ())} <= {*known, None}
    assert len(known) == 5


def test_results_have_their_name_before_the_state_says_so(recordings: Recordings) -> None:
    here: set[str] = set()
    for event, state in states(recordings["download"]):
        if event.kind == "rename":
            here.add(event.to.rpartition("/")[2])
        assert {job.get("resultsFile") for job in state.get("jobs", ())} <= {*here, None}
    assert {name for name in here if name.startswith("results-")} == {
        f"results-000{number}.jsonl" for number in (1, 2, 3)
    }


def test_pictures_come_before_received_and_entries_before_settled(recordings: Recordings) -> None:
    renamed: list[str] = []
    settled = received = 0
    for event in recordings["apply"]:
        if event.kind == "rename":
            renamed.append(event.to)
        for line in lines(event, "outcomes.jsonl"):
            entity = line["imagePath"].partition("/images/")[0]
            assert line["imagePath"] in renamed
            assert (f"{entity}/imagery.yaml" in renamed) == (line["stage"] == "settled")
            settled += line["stage"] == "settled"
            received += line["stage"] == "received"
    assert (received, settled) == (5, 5)
