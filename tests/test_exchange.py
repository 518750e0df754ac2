from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from chargen_batch import exchange

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file that holds something."""
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_only_while_it_holds_what_was_read(file: Path) -> None:
    file.chmod(0o640)
    assert not exchange.replace_if_still(file, b"older", b"new")
    assert file.read_bytes() == b"old"
    assert exchange.replace_if_still(file, b"old", b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o640)
    assert _names(file.parent) == ["file.txt"]


def test_a_file_that_was_not_there_is_made_only_while_it_is_not(file: Path) -> None:
    made = file.with_name("made.txt")
    assert not exchange.replace_if_still(file, None, b"new")
    assert exchange.replace_if_still(made, None, b"new")
    assert not exchange.replace_if_still(made.with_name("gone.txt"), b"old", b"new")
    assert (file.read_bytes(), made.read_bytes()) == (b"old", b"new")
    assert _names(file.parent) == ["file.txt", "made.txt"]


def test_a_link_is_followed_when_its_file_is_replaced(file: Path) -> None:
    link = file.with_name("link.txt")
    link.symlink_to(file)
    assert exchange.replace_if_still(link, b"old", b"new")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"new")


def test_what_a_killed_replacement_left_is_cleared(file: Path) -> None:
    left = file.with_name(f".{file.name}.tmp")
    left.write_bytes(b"left")
    exchange.clear_leftover(file)
    assert _names(file.parent) == ["file.txt"]


def test_a_file_is_removed_only_while_it_holds_what_was_read(file: Path) -> None:
    assert not exchange.remove_if_still(file, b"older")
    assert file.read_bytes() == b"old"
    assert exchange.remove_if_still(file, b"old")
    assert _names(file.parent) == []
    assert not exchange.remove_if_still(file, b"old")


def test_what_is_saved_while_a_file_is_removed_is_put_back(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_bytes_of", lambda path: _saved_behind(path, b"mine"))
    assert not exchange.remove_if_still(file, b"old")
    assert file.read_bytes() == b"mine"
    assert _names(file.parent) == ["file.txt"]


def _saved_behind(path: Path, text: bytes) -> bytes:
    """Read a file, and let somebody save it right after that."""
    before = path.read_bytes()
    path.write_bytes(text)
    return before
