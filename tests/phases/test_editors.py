"""An editor saves a file of the story while apply writes into it: neither loses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch import exchange
from chargen_batch.phases import writing_back
from chargen_batch.story.splice import splice_composed
from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chargen_batch.story.splice import Edit
    from chargen_batch.yaml12 import Composed
    from tests.phases.world import World

MINE = b"mine: yes   # just now\n"


def into_the_file(path: Path) -> None:
    """Save as an editor does that writes into the file."""
    with path.open("ab") as stream:
        stream.write(MINE)


def over_the_file(path: Path) -> None:
    """Save as an editor does that renames a new file over the old one."""
    saved = path.with_name("saved")
    saved.write_bytes(path.read_bytes() + MINE)
    saved.replace(path)


SAVES = pytest.mark.parametrize("save", [into_the_file, over_the_file])


class Editor:
    """Saves a file once, when it is told that the moment has come."""

    def __init__(self, path: Path, save: Callable[[Path], None]) -> None:
        self.path, self.save, self.saved = path, save, 0

    def now(self, path: Path) -> None:
        if path == self.path and not self.saved:
            self.saved += 1
            self.save(path)


@SAVES
def test_what_is_saved_while_a_file_is_spliced_is_kept_beside_the_entries(
    world: World, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None]
) -> None:
    world.before("apply")
    editor = Editor(world.root / story.KILN, save)

    def meanwhile(raw: bytes, composed: Composed, edits: Sequence[Edit], *, where: str) -> bytes:
        editor.now(world.root / where)
        return splice_composed(raw, composed, edits, where=where)

    monkeypatch.setattr(writing_back, "splice_composed", meanwhile)
    both_are_there(world, editor)


@SAVES
@pytest.mark.parametrize("how", ["in one step", "by links"])
def test_what_is_saved_right_at_the_rename_is_kept_beside_the_entries(
    world: World, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None], how: str
) -> None:
    world.before("apply")
    editor, real = Editor(world.root / story.KILN, save), exchange.swap
    if how == "by links":
        monkeypatch.setattr("sys.platform", "other")

    def at_the_rename(one: Path, other: Path) -> None:
        editor.now(other)
        real(one, other)

    monkeypatch.setattr(exchange, "swap", at_the_rename)
    both_are_there(world, editor)


def both_are_there(world: World, editor: Editor) -> None:
    report = world.apply()
    text = world.read(story.KILN)
    assert (report.problems, report.phase, editor.saved) == ((), "completed", 1)
    assert text.count(MINE.decode()) == 1
    assert text.count("task_key") == 2
    assert [path.name for path in editor.path.parent.iterdir() if path.name[0] == "."] == []


def test_a_file_that_somebody_makes_meanwhile_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.before("apply")
    ines = world.root / story.INES
    ines.unlink()
    editor, real = Editor(ines, into_the_file), exchange.rename_new

    def at_the_link(temporary: Path, target: Path) -> bool:
        editor.now(target)
        return real(temporary, target)

    monkeypatch.setattr(exchange, "rename_new", at_the_link)
    assert world.apply().phase == "completed"
    assert ines.read_bytes().startswith(MINE)
    assert world.read(story.INES).count("task_key") == 2


def test_of_two_saves_around_the_rename_the_last_one_counts(tmp_path: Path) -> None:
    path, real = tmp_path / "a.yaml", exchange.swap
    path.write_bytes(b"old")
    saves = iter([b"first", b"second"])

    def saved(one: Path, other: Path) -> None:
        other.write_bytes(next(saves, other.read_bytes()))
        real(one, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "swap", saved)
        assert not exchange.replace_if_still(path, b"old", b"new")
    assert path.read_bytes() == b"second"
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]
