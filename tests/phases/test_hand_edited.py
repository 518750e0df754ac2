"""Documents that somebody edited by hand, or that a disk spoilt: told, and never a traceback."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch.core import state_machine
from chargen_batch.errors import BatchError, DocumentError, NetworkError
from chargen_batch.model.state import RunState
from chargen_batch.phases import history, prune, status
from chargen_batch.phases.effects import parse_iso
from chargen_batch.phases.prune import PruneChoices
from chargen_batch.run import resumable, runs
from chargen_batch.run.documents import decode
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.phases.world import World

    Place = tuple[str | int, ...]

HOSTILE: Final[tuple[object, ...]] = (
    *("yesterday", "2026-11-22T08:00:00", "2026-02-30T08:00:00Z", "9999-12-31T23:59:59Z"),
    *("", "../../../etc/passwd", "a\0b", "x" * 400, "\u2028\n"),
    *(-1, 0, 2, 10**12, 10**30, 1e300, True, None, [], {}),
)
# How a run comes to where its documents are spoilt.
WAYS: Final[dict[str, tuple[str, ...]]] = {
    "planned": ("plan",),
    "intended": ("plan", "stage"),
    "running": ("plan", "stage", "submit", "poll"),
    "applying": ("plan", "stage", "submit", "poll", "poll", "download"),
    "completed": ("plan", "stage", "submit", "poll", "poll", "download", "apply"),
}
FILES: Final = ("plan.json", "tasks.jsonl", "files-cache.jsonl", "outcomes.jsonl", "report.json")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """Give a run in each phase, to be copied."""
    return {way: _come_to(way, tmp_path_factory.mktemp(way) / "story") for way in WAYS}


def _come_to(way: str, root: Path) -> World:
    world = story.make(root)
    world.service.looks = 2
    world.settings("max_tasks_per_job: 2, adopt_wait_s: 60, cleanup_after_success: false")
    world.do_all(*WAYS[way])
    if way == "intended":
        world.service.fail("create_job", NetworkError("cut"))
        world.submit()
    world.clock.passes(3600)
    return world


def places(document: object, place: Place = ()) -> Iterator[Place]:
    """Go through every place in a document; of lists the first item is like the others."""
    if place:
        yield place
    if isinstance(document, dict):
        for name, value in document.items():
            yield from places(value, (*place, name))
    elif isinstance(document, list) and document:
        yield from places(document[0], (*place, 0))


def spoilt(document: Any, place: Place, value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a document with another value in one place."""
    changed = at = copy.deepcopy(document)
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return changed


def spoil(world: World, name: str, place: Place, value: object) -> None:
    """Put another value in a place of a document, or of a ledger's first line."""
    path = world.run.path / name
    first, *others = path.read_bytes().splitlines() if "jsonl" in name else [path.read_bytes()]
    changed = json.dumps(spoilt(json.loads(first), place, value)).encode()
    path.write_bytes(b"".join(line + b"\n" for line in (changed, *others)))


def first_of(world: World, name: str) -> object:
    """Return a document, or the first line of a ledger."""
    raw = (world.run.path / name).read_bytes()
    found: object = json.loads(raw.splitlines()[0] if "jsonl" in name else raw)
    return found


def prune_all(world: World) -> None:
    choices = PruneChoices(older_than_days=0, sure=True)
    for run in prune.candidates(world.project, choices, clock=world.clock):
        prune.run(run, world.project, choices, clock=world.clock)


def select_all(world: World) -> None:
    resumable.every(world.project.runs_dir)
    for command in COMMANDS:
        with contextlib.suppress(BatchError):
            runs.select(world.project.runs_dir, command)


def doing(name: str) -> Callable[[World], object]:
    return lambda world: world.do(name)


DEEDS: Final[dict[str, Callable[[World], object]]] = {
    **{name: doing(name) for name in (*COMMANDS, "plan", "cancel", "cleanup", "resume")},
    "retry": lambda world: world.retry(world.run),
    "status": lambda world: status.run(world.run, world.project, clock=world.clock),
    "runs": lambda world: history.run(world.project, clock=world.clock),
    "runs --cost": lambda world: history.costs(world.project, clock=world.clock),
    "cleanup --local": prune_all,
    "which runs": select_all,
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_stands_in_a_state_is_read_and_holds_or_is_told(
    worlds: dict[str, World], way: str
) -> None:
    document = first_of(worlds[way], "state.json")
    cases = list(itertools.product(places(document), HOSTILE))
    told = 0
    for place, value in cases:
        raw = json.dumps(spoilt(document, place, value)).encode()
        try:
            state = decode(raw, RunState, "state.json")
            state_machine.check(state)
        except DocumentError as err:
            told += bool(err.hint)
        else:
            assert parse_iso(state.created_at) <= parse_iso(state.updated_at), (place, value)
            assert min(state.config.upload_concurrency, state.config.max_tasks_per_job) > 0
    assert told > len(cases) // 2


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_no_command_breaks_over_what_stands_in_a_document(
    worlds: dict[str, World], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = worlds[data.draw(st.sampled_from(sorted(WAYS)))]
    there = [name for name in FILES if (whole.run.path / name).exists()]
    name = data.draw(st.sampled_from(["state.json", *there]))
    place = data.draw(st.sampled_from(list(places(first_of(whole, name)))))
    value, deed = data.draw(st.sampled_from(HOSTILE)), data.draw(st.sampled_from(sorted(DEEDS)))
    folder = tmp_path_factory.mktemp("spoilt")
    world = whole.copy(folder / "story")
    spoil(world, name, place, value)
    with contextlib.suppress(BatchError, OSError):  # both are a line and an exit code
        DEEDS[deed](world)
    shutil.rmtree(folder)


BROKE: Final[list[tuple[str, str, Place, object, str]]] = [
    ("planned", "state.json", ("createdAt",), "yesterday", "report"),
    ("planned", "state.json", ("completedAt",), "2026-11-22T08:00:00", "report"),
    ("planned", "state.json", ("config", "uploadConcurrency"), 0, "stage"),
    ("planned", "state.json", ("config", "minFileLifeH"), 1e12, "stage"),
    ("planned", "state.json", ("config", "maxTasksPerJob"), -1, "stage"),
    ("planned", "state.json", ("totalTasks",), -5, "status"),
    ("planned", "state.json", ("runId",), "../elsewhere", "status"),
    ("intended", "state.json", ("jobs", 0, "intentAt"), "yesterday", "submit"),
    ("intended", "state.json", ("jobs", 0, "requestCount"), -1, "submit"),
    ("intended", "files-cache.jsonl", ("expiresAt",), "yesterday", "submit"),
    ("running", "state.json", ("jobs", 0, "submittedAt"), "2026-11-22T08:00:00", "poll"),
    ("running", "state.json", ("jobs", 0, "submittedAt"), "9999-12-31T23:59:59Z", "poll"),
    ("running", "state.json", ("history", 0, "at"), "2026-02-30T08:00:00Z", "report"),
    ("applying", "state.json", ("jobs", 0, "endedAt"), "yesterday", "apply"),
    ("completed", "outcomes.jsonl", ("at",), "yesterday", "status"),
    ("completed", "plan.json", ("createdAt",), "yesterday", "status"),
]


@pytest.mark.parametrize(("way", "name", "place", "value", "deed"), BROKE)
def test_what_cannot_be_is_told_with_its_place_and_a_hint(
    worlds: dict[str, World],
    tmp_path: Path,
    way: str,
    name: str,
    place: Place,
    value: object,
    deed: str,
) -> None:
    world = worlds[way].copy(tmp_path / "story")
    spoil(world, name, place, value)
    with pytest.raises(DocumentError) as told:
        DEEDS[deed](world)
    assert f"{world.run.path / name}" in told.value.message
    assert f".{place[-1]}`" in told.value.message
    assert told.value.hint == "restore it from a backup; nothing was changed"


def test_a_run_that_cannot_be_read_stands_in_nobodys_way(world: World) -> None:
    world.do_all("plan")
    broken = world.run
    world.clock.passes(60)
    world.do_all("plan")
    whole = world.run
    runs.set_current(world.project.runs_dir, broken.run_id)
    spoil(world, "state.json", ("createdAt",), "yesterday")
    listed = history.run(world.project, clock=world.clock)
    assert [run.run_id for run in listed.damaged] == [broken.run_id]
    assert [run.run_id for run in listed.runs] == [whole.run_id]
    assert "a moment such as 2026-11-22T08:00:00Z" in listed.damaged[0].error
