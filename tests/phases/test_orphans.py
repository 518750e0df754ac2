"""Pictures without a place are kept, and what a person has under their name is left alone."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import exchange
from chargen_batch.errors import ExitCode
from chargen_batch.phases import apply
from chargen_batch.phases.writing_back import Writer, Written
from tests.phases import lines, story
from tests.phases.adopting import painted
from tests.phases.story import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chargen_batch.story.write_back import Finished
    from tests.phases.world import World

IMAGES: Final = "locations/old-kiln/images"
MINE: Final = painted("blue")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def away_for_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let an entity be away while its pictures are received; return where one of them was to be."""
    world.before("apply")
    folder = (world.root / story.KILN).parent
    away = folder.rename(world.root / "locations/.away")
    with monkeypatch.context() as patched:
        patched.setattr(apply, "_write_back", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.apply()
    away.rename(folder)
    (orphan,) = world.run.orphans_dir.glob("*/fire-mouth-*")
    return world.root / IMAGES / orphan.name


def settled(world: World) -> Path:
    """Apply, and return where the picture is now that an entry names."""
    assert world.apply().completed == len(TARGETS)
    path = world.root / str(world.outcomes["fire-mouth"].image_path)
    assert f"images/{path.name}" in world.read(story.KILN)
    return path


def test_a_picture_that_comes_home_replaces_none_of_its_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = away_for_a_while(world, monkeypatch)
    world.write(f"{IMAGES}/{home.name}", MINE)
    path = settled(world)
    assert (home.read_bytes(), path.parent) == (MINE, home.parent)
    assert path != home
    lines.without_record(path.read_bytes())


def test_a_picture_that_came_home_before_a_kill_has_its_name_made_durable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = away_for_a_while(world, monkeypatch)
    home.parent.mkdir(exist_ok=True)
    for orphan in [*world.run.orphans_dir.glob("*/*")]:
        orphan.rename(home.with_name(orphan.name))  # and there it was killed
    durable: list[Path] = []
    monkeypatch.setattr("chargen_batch.disk.fsync_directory", durable.append)
    assert (settled(world), home.parent in durable) == (home, True)


def stopped_at_the_kiln(_writer: Writer, finished: Sequence[Finished]) -> Written:
    if finished[0].task.entity_slug == "old-kiln":
        raise KeyboardInterrupt
    return Written(settled=tuple(done.task for done in finished))


@pytest.mark.parametrize("taken", [True, False])
def test_a_picture_that_came_home_before_a_crash_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch, *, taken: bool
) -> None:
    home = away_for_a_while(world, monkeypatch)
    if taken:
        world.write(f"{IMAGES}/{home.name}", MINE)
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", stopped_at_the_kiln)
        with pytest.raises(KeyboardInterrupt):
            world.apply()
    assert list(world.run.orphans_dir.glob("*/fire-mouth-*")) == []
    path = settled(world)
    lines.without_record(path.read_bytes())
    assert (path == home) == (not taken)


def test_a_picture_that_was_painted_over_stays_when_its_target_vanishes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = away_for_a_while(world, monkeypatch)
    home.parent.mkdir()
    (world.run.orphans_dir / "location-old-kiln" / home.name).rename(home)
    home.write_bytes(MINE)
    story.vanish_zone(world)
    world.apply()
    assert (home.read_bytes(), world.codes()) == (MINE, {"fire-mouth": "TARGET_VANISHED"})


def refused(source: Path, target: Path) -> bool:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{source} {target}")


def test_a_vanished_targets_picture_that_cannot_be_moved_holds_up_only_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    with monkeypatch.context() as patched:
        patched.setattr(apply, "_write_back", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.apply()
    story.vanish_zone(world)
    with monkeypatch.context() as patched:
        patched.setattr(exchange, "rename_new", refused)
        patched.setattr(exchange, "replace_if_still", replaced)
        report = world.apply()
    assert [str(each) for each in report.problems] == [
        f"{IMAGES}: cannot be written to: Permission denied"
    ]
    assert (report.exit_code, report.completed) == (ExitCode.FAILED, 4)
    assert world.apply().phase == "completed"
    assert world.codes() == {"fire-mouth": "TARGET_VANISHED"}


def replaced(path: Path, _old: bytes | None, new: bytes) -> bool:
    path.write_bytes(new)
    return True


def test_a_picture_that_cannot_be_moved_stays_where_its_file_was_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    world.write(story.KILN, "zones: [\n")
    world.apply()
    monkeypatch.setattr(exchange, "rename_new", refused)
    world.give_up = (story.KILN,)
    assert world.apply().phase == "completed"
    assert str(world.outcomes["fire-mouth"].image_path).startswith(IMAGES)


def test_a_dead_letter_has_the_command_that_enters_its_picture(world: World) -> None:
    world.before("apply")
    story.vanish_zone(world)
    world.write(story.CHAPTER, "images: [\n")
    world.give_up = (story.CHAPTER,)
    world.apply()
    for target, name in (
        ("fire-mouth", "TARGET"),
        ("door-opens", "chapter/first-firing/door-opens"),
    ):
        end = world.outcomes[target]
        assert end.error
        assert end.error.message.endswith(f"type: chargen-batch adopt {end.image_path} {name}")
