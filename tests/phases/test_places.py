"""An entity that cannot be looked at for a while has not vanished."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import ExitCode
from tests.phases import story
from tests.phases.story import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World

KILN: Final = "locations/old-kiln"


def loop(folder: Path) -> None:
    folder.symlink_to(folder.name)


def dangling(folder: Path) -> None:
    folder.symlink_to("gone")


def file(folder: Path) -> None:
    folder.write_bytes(b"")


WAYS: Final = [
    (loop, "Too many levels of symbolic links"),
    (dangling, "No such file or directory"),
    (file, "Not a directory"),
]


@pytest.mark.parametrize(("stands_there", "why"), WAYS)
def test_a_folder_that_cannot_be_listed_holds_its_tasks_up_until_it_can(
    world: World, stands_there: Callable[[Path], None], why: str
) -> None:
    world.before("apply")
    folder = world.root / "locations"
    away = folder.rename(world.root / "away")
    stands_there(folder)
    report = world.apply()
    assert [str(each) for each in report.problems] == [f"locations: cannot be listed: {why}"]
    assert (report.exit_code, world.codes()) == (ExitCode.FAILED, {})
    folder.unlink()
    away.rename(folder)
    assert world.apply().completed == len(TARGETS)


def test_a_folder_that_cannot_be_listed_can_be_given_up(world: World) -> None:
    world.before("apply")
    (world.root / "locations").rename(world.root / "away")
    loop(world.root / "locations")
    world.give_up = ("locations",)
    assert world.apply().phase == "completed"
    assert world.codes() == dict.fromkeys(TARGETS[2:4], "FILE_GIVEN_UP")


def test_what_is_in_a_folder_that_cannot_be_listed_is_not_reverted(world: World) -> None:
    world.before("report")
    away = (world.root / "locations").rename(world.root / "away")
    loop(world.root / "locations")
    report = world.revert()
    assert (len(report.problems), len(report.reverted)) == (1, 3)
    (world.root / "locations").unlink()
    away.rename(world.root / "locations")
    assert len(world.revert().reverted) == 2


def test_nothing_passes_for_restored_in_a_folder_that_cannot_be_listed(world: World) -> None:
    world.write("locations/old-mill/imagery.yaml", "zones: [{slug: wheel, description: Wet.}]\n")
    world.before("report")
    (world.root / "locations").rename(world.root / "away")
    loop(world.root / "locations")
    report = world.restore()
    assert ([each.file for each in report.problems], report.exit_code) == (["locations"], 1)


def test_what_may_not_be_looked_at_has_not_vanished(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    folder, lstat = world.root / KILN, os.lstat
    folder.rename(world.root / "away")

    def refused(path: str | Path) -> os.stat_result:
        if os.fspath(path) == str(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return lstat(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", refused)
        report = world.apply()
    assert str(report.problems[0]) == f"{KILN}: cannot be read: Permission denied"
    assert world.codes() == {}


@pytest.mark.parametrize(
    ("stands_there", "why"),
    [
        (loop, "cannot be read: Too many levels of symbolic links"),
        (dangling, "is a link to a folder that is not there"),
        (file, "is not a folder"),
    ],
)
def test_what_stands_in_a_folders_place_is_named(
    world: World, stands_there: Callable[[Path], None], why: str
) -> None:
    world.before("apply")
    (world.root / KILN).rename(world.root / "away")
    stands_there(world.root / KILN)
    assert [str(each) for each in world.apply().problems] == [f"{KILN}: {why}"]


def test_an_entity_that_was_excluded_is_named_so(world: World) -> None:
    world.before("apply")
    world.write("chargen.yaml", world.read("chargen.yaml") + "exclude: [old-*]\n")
    (problem,) = world.apply().problems
    assert str(problem) == f"{KILN}: is excluded: see exclude in chargen.yaml"


def test_a_dangling_link_for_images_is_named_so(world: World) -> None:
    world.before("apply")
    (world.root / KILN / "images").symlink_to("gone")
    (problem,) = world.apply().problems
    assert str(problem) == f"{KILN}: images is a link, and not to a folder inside the project"


@pytest.mark.parametrize(
    ("command", "name", "done"),
    [("apply", story.INES, 3), ("apply", story.IDEAS, 3), ("revert", story.INES, 2)],
)
def test_a_loop_of_links_holds_up_its_own_entity_only(
    world: World, command: str, name: str, done: int
) -> None:
    world.before("apply" if command == "apply" else "report")
    (world.root / name).unlink()
    loop(world.root / name)
    (problem,) = world.apply().problems if command == "apply" else world.revert().problems
    assert problem.file == name
    assert problem.message.endswith("Too many levels of symbolic links")
    assert world.state.completed_tasks == done
