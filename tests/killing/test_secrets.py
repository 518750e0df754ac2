"""No key, no part of one and no upload URL is in anything that commands write or print."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.records import Upload
from tests.killing.echo import STYLES, echoing
from tests.killing.scenarios import SCENARIOS
from tests.killing.world import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.killing.world import World
    from tests.killing.worlds import Worlds

PIECE: Final = 8
# Where a request goes wrong: in which command, and what its first line or headers have.
ANSWERED: Final = {
    "stage --json": ("X-Goog-Upload-Command: start", "X-Goog-Upload-Command: upload"),
    "submit": ("GET /v1beta/batches", ":batchGenerateContent"),
    "poll --quiet": ("GET /v1beta/batches/",),
    "download": (":download",),
}


def pieces(secret: str) -> set[bytes]:
    """Return every part of a secret that is long enough to be told from chance."""
    return {secret[at : at + PIECE].encode() for at in range(len(secret) - PIECE + 1)}


def produced(world: World) -> dict[Path, bytes]:
    """Return all that commands have written and printed; not what the service keeps."""
    kept = world.folder / "service"
    files = (path for path in world.folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if not path.is_relative_to(kept)}


def leaks(world: World, *keys: str) -> list[tuple[str, bytes]]:
    """Return where a part of a key, or an upload's address, stands."""
    with world.service.emulator.world.store.transaction() as records:
        uploads = [upload.id.encode() for _, upload in records.newest(Upload)]
    told = {piece for key in keys for piece in pieces(key)} | {*uploads}
    return [
        (path.relative_to(world.folder).as_posix(), piece)
        for path, content in produced(world).items()
        for piece in sorted(told)
        if piece in content
    ]


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    """Give a story, and a key that no other text is like; everything is searched in the end."""
    world = worlds.before(SCENARIOS["plan"])
    world.key = f"AIza{secrets.token_urlsafe(32)}"
    yield world
    assert {path.name for path in produced(world)} >= {"out", "err", "title", "log.ndjson"}
    assert leaks(world, world.key) == []


def test_a_leak_is_found(worlds: Worlds) -> None:
    world = worlds.before(SCENARIOS["stage"])
    key = secrets.token_urlsafe(32)
    (world.project / "notes.txt").write_text(f"it begins with {key[:PIECE]}", "utf-8")
    assert [(name, piece.decode()) for name, piece in leaks(world, key)] == [
        ("project/notes.txt", key[:PIECE])
    ]


@pytest.mark.parametrize("options", ["", " --json", " --quiet"])
def test_a_run_that_goes_well_tells_nothing(world: World, options: str) -> None:
    assert [world(f"{command}{options}") for command in PIPELINE] == [0] * len(PIPELINE)


@pytest.mark.parametrize("style", STYLES)
def test_a_service_that_repeats_what_it_was_sent_is_not_quoted_with_the_key(
    world: World, style: str
) -> None:
    world.to_end("plan")
    with echoing(world.service.emulator.base_url) as echo:
        world.environ["GOOGLE_GEMINI_BASE_URL"] = echo.base_url
        for command, parts in ANSWERED.items():
            for part in parts:
                echo.answer(part, style)
            world.to_end(command)
            assert echo.queue == [], (command, world.said())
        world.to_end("apply", "report")


def test_a_key_that_is_refused_is_not_told(world: World) -> None:
    good, world.key = world.key, f"wrong{secrets.token_urlsafe(32)}"
    world.to_end("plan")
    assert world("stage") != 0
    wrong, world.key = world.key, good
    world.to_end("stage")
    world.key = wrong
    assert [world(f"{command} --json") for command in ("submit", "poll")] == [7, 3]
    world.key = good
    world.to_end(*PIPELINE[2:])
    assert leaks(world, good, wrong) == []


@pytest.mark.parametrize("command", ["stage", "submit", "poll", "download"])
def test_the_traceback_of_a_bug_has_no_key(worlds: Worlds, world: World, command: str) -> None:
    world.to_end(*PIPELINE[: PIPELINE.index(command)])
    events = worlds.know(SCENARIOS[command]).events
    answers = [at for at, event in enumerate(events) if event.kind in {"send", "answer"}]
    for at in (answers[0], answers[-1]):
        assert world(command, bug_at=at) == 70
    logs = [path for path in produced(world) if path.name == "traceback.log"]
    assert len(logs) == 2
    assert b"RuntimeError: a bug at" in logs[0].read_bytes()


@pytest.mark.parametrize("fault", ["status:401", "status:404", "html:403", "drop_after"])
def test_calls_that_fail_tell_nothing(world: World, fault: str) -> None:
    faults = world.service.emulator.faults
    for command, method in (
        ("stage", "files.upload.chunk"),
        ("submit", "batches.create"),
        ("poll", "batches.get"),
        ("download", "files.download"),
    ):
        world.to_end(*({"stage": ["plan"]}.get(command, [])))
        faults.add(method, Fault(fault))
        world(command)
        assert faults.pending() == {}
        world.to_end(command)
