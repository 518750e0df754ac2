from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch import disk
from chargen_batch.errors import of_the_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file that holds ``old``."""
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what reaches the disk, in order: fsyncs with the size at that time, and renames."""
    events: list[str] = []
    fsync, replace = os.fsync, os.replace

    def recording_fsync(descriptor: int) -> None:
        fsync(descriptor)
        seen = os.fstat(descriptor)
        events.append("fsync dir" if stat.S_ISDIR(seen.st_mode) else f"fsync {seen.st_size}")

    def recording_replace(source: Path, target: Path) -> None:
        replace(source, target)
        events.append(f"rename to {Path(target).name}")

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "replace", recording_replace)
    return events


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _write_and_fail(path: Path) -> None:
    with disk.replacing(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt


def test_replaced_file_holds_the_new_content_alone(file: Path) -> None:
    disk.replace(file, b"new")
    assert file.read_bytes() == b"new"
    assert _names(file.parent) == ["file.txt"]


def test_file_that_was_not_there_is_made(tmp_path: Path) -> None:
    disk.replace(tmp_path / "new.txt", b"new")
    assert (tmp_path / "new.txt").read_bytes() == b"new"


def test_replacing_writes_fsyncs_renames_and_fsyncs_the_folder(
    file: Path, recorded: list[str]
) -> None:
    disk.replace(file, b"newer")
    assert recorded == ["fsync 5", "rename to file.txt", "fsync dir"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o444])
def test_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    disk.replace(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_private_file_is_private_while_it_is_written(file: Path) -> None:
    file.chmod(0o600)
    with disk.replacing(file) as stream:
        assert stat.S_IMODE(os.fstat(stream.fileno()).st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_owner_is_kept(file: Path) -> None:
    os.chown(file, 1234, 2345)
    disk.replace(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 2345)


def test_owner_that_may_not_be_kept_is_no_failure(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refused)
    disk.replace(file, b"new")
    assert file.read_bytes() == b"new"


def test_link_stays_a_link_and_its_target_is_replaced(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link"
    link.symlink_to(file)
    disk.replace(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert _names(folder) == ["link"]


def test_failure_in_the_middle_leaves_the_old_file_alone(file: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _write_and_fail(file)
    assert file.read_bytes() == b"old"
    assert _names(file.parent) == ["file.txt"]


def test_failure_to_flush_leaves_the_old_file_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        disk.replace(file, b"new")
    assert file.read_bytes() == b"old"
    assert _names(file.parent) == ["file.txt"]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.replace(tmp_path / "missing" / "file", b"new")


@pytest.mark.parametrize("name", ["x" * 255, "日" * 85, "🗼" * 63], ids=["ascii", "cjk", "emoji"])
def test_longest_names_can_be_replaced(tmp_path: Path, name: str) -> None:
    disk.replace(tmp_path / name, b"new")
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize(("content", "written"), [(b"old", False), (b"new", True)])
def test_unchanged_file_is_not_written(file: Path, content: bytes, *, written: bool) -> None:
    before = file.stat().st_ino
    assert disk.replace_if_changed(file, content) == written
    assert file.read_bytes() == content
    assert (file.stat().st_ino != before) == written


def test_missing_file_counts_as_changed(tmp_path: Path) -> None:
    assert disk.replace_if_changed(tmp_path / "new", b"")


def test_appended_lines_come_behind_the_old_ones(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    disk.append(ledger, [b"one"])
    disk.append(ledger, [b"two", b"three"])
    assert ledger.read_bytes() == b"one\ntwo\nthree\n"


def test_append_is_one_fsync_and_the_folders_for_a_new_ledger(
    tmp_path: Path, recorded: list[str]
) -> None:
    disk.append(tmp_path / "ledger", [b"one", b"two"])
    disk.append(tmp_path / "ledger", [b"three"])
    assert recorded == ["fsync 8", "fsync dir", "fsync 14"]


def test_log_line_is_not_waited_for(tmp_path: Path, recorded: list[str]) -> None:
    disk.append(tmp_path / "log", [b"one"], durable=False)
    assert recorded == []
    assert (tmp_path / "log").read_bytes() == b"one\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\ntwo\n", b"one\ntwo\nnew\n"),
        (b"one\ntw", b"one\nnew\n"),
        (b"one\n" + b"x" * 200_000, b"one\nnew\n"),
        (b"torn", b"new\n"),
        (b"x" * 70_000, b"new\n"),
        (b"", b"new\n"),
        (b"\n", b"\nnew\n"),
    ],
    ids=["whole", "torn", "long", "torn first", "long first", "empty", "empty line"],
)
def test_torn_tail_is_cut_off_before_the_next_line(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_bytes(before)
    disk.append(ledger, [b"new"])
    assert ledger.read_bytes() == after


LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), max_size=8)


@settings(deadline=None, max_examples=50)
@given(lines=LINES, torn=st.integers(min_value=0))
def test_ledger_torn_anywhere_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], torn: int
) -> None:
    ledger = tmp_path_factory.mktemp("torn") / "ledger"
    raw = b"".join(line + b"\n" for line in lines)
    ledger.write_bytes(raw[: torn % (len(raw) + 1)])
    whole = list(disk.whole_lines(ledger))
    disk.append(ledger, [b"next"])
    assert whole == lines[: len(whole)]
    assert list(disk.whole_lines(ledger)) == [*whole, b"next"]


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"one\ntwo\nthr", [b"one", b"two"]),
        ("a\u2028b\r\n\x85\n".encode(), ["a\u2028b\r".encode(), "\x85".encode()]),
        (b"", []),
        (b"torn", []),
    ],
)
def test_lines_end_at_line_feeds_only(tmp_path: Path, raw: bytes, lines: Iterable[bytes]) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_bytes(raw)
    assert list(disk.whole_lines(ledger)) == lines


def test_missing_ledger_has_no_lines(tmp_path: Path) -> None:
    assert list(disk.whole_lines(tmp_path / "none")) == []


def _continue_and_fail(path: Path) -> None:
    with disk.continuing(path) as stream:
        stream.write(b"+more")
        raise ConnectionError


def test_partial_file_keeps_what_came_before_a_failure(file: Path, recorded: list[str]) -> None:
    with pytest.raises(ConnectionError):
        _continue_and_fail(file)
    with disk.continuing(file) as stream:
        assert stream.tell() == len(b"old+more")
        stream.write(b"+rest")
    assert file.read_bytes() == b"old+more+rest"
    assert recorded == ["fsync 8", "fsync 13"]


@pytest.mark.parametrize(
    "write",
    [
        lambda path: disk.append(path, [b"more"]),
        lambda path: disk.continuing(path).__enter__(),
    ],
    ids=["ledger", "partial file"],
)
def test_link_in_place_of_a_file_of_ours_is_refused(
    file: Path, write: Callable[[Path], object]
) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    with pytest.raises(OSError, match="link"):
        write(link)
    assert file.read_bytes() == b"old"


def _replace_on_a_full_disk(path: Path) -> None:
    with disk.replacing(path) as stream:
        _fill(stream)


def _continue_on_a_full_disk(path: Path) -> None:
    with disk.continuing(path) as stream:
        _fill(stream)


def _fill(_stream: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")  # as write does: without a name


@pytest.mark.parametrize("write", [_replace_on_a_full_disk, _continue_on_a_full_disk])
def test_full_disk_is_told_with_the_file(file: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        write(file)
    assert caught.value.filename == str(file)
    assert of_the_system(caught.value).message == f"{file}: No space left on device"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_ledger_on_a_full_disk_is_told_with_its_name() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        disk.append(Path("/dev/full"), [b"line"])
    assert caught.value.filename == "/dev/full"


def test_other_errors_keep_what_they_name(file: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, disk.replacing(file):
        Path("nowhere").read_bytes()
    assert caught.value.filename == "nowhere"


@pytest.mark.parametrize("size", [0, 2, 3])
def test_partial_file_is_cut_off_behind_its_first_bytes(file: Path, size: int) -> None:
    disk.cut(file, size)
    assert file.read_bytes() == b"old"[:size]


def test_writing_that_is_begun_early_changes_nothing_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "results"
    with disk.continuing(path) as stream:
        stream.write(b"first")
        disk.begin_writing_back(stream, 0, 5)
        stream.write(b" second")
    assert path.read_bytes() == b"first second"


def test_rename_is_durable(file: Path, recorded: list[str]) -> None:
    disk.rename(file, file.with_name("new.txt"))
    assert _names(file.parent) == ["new.txt"]
    assert recorded == ["rename to new.txt", "fsync dir"]


def test_folders_are_made_with_their_parents_durably(tmp_path: Path, recorded: list[str]) -> None:
    disk.make_directory(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert recorded == ["fsync dir"] * 3


def test_folder_that_is_there_is_left_alone(tmp_path: Path, recorded: list[str]) -> None:
    disk.make_directory(tmp_path)
    assert recorded == []


def test_folder_is_removed_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "failed").mkdir(parents=True)
    (folder / "failed" / "letter.json").write_text("{}")
    disk.remove_folder(folder)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_removed_whole_is_out_of_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr("shutil.rmtree", lambda _path, **_choices: None)  # killed just before
    disk.remove_folder(folder)
    assert [path.name for path in tmp_path.iterdir()] == [".run.removed"]
