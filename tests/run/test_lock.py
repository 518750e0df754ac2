from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import LockedError
from chargen_batch.run.lock import held
from tests.samples import AT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Holds the lock until its input ends.
HOLDER: Final = """
import sys
from pathlib import Path
from chargen_batch.run.lock import held
with held(Path(sys.argv[1]), command="apply", since="2026-11-22T08:00:00Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def _another_process(lock: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def _take(lock: Path, *, timeout_s: float = 0.0) -> None:
    with held(lock, command="stage", since=AT, timeout_s=timeout_s):
        pass


def test_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with _another_process(lock) as other, pytest.raises(LockedError) as caught:
        _take(lock)
    words = f"is in use by `chargen-batch apply` (process {other.pid} on "
    assert words in caught.value.message
    assert "--lock-timeout" in caught.value.hint


def test_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with _another_process(lock) as other:
        other.kill()
        other.wait()
        _take(lock)


def test_lock_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with _another_process(lock) as other:
        assert other.stdin is not None
        other.stdin.close()
        _take(lock, timeout_s=30.0)


def test_wait_for_a_lock_ends(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with _another_process(lock), pytest.raises(LockedError):
        _take(lock, timeout_s=0.01)


def test_second_holder_in_one_process_is_refused_too(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with held(lock, command="stage", since=AT), pytest.raises(LockedError):
        _take(lock)


def test_lock_file_is_never_written_or_replaced(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    seen = set()
    for _ in range(3):
        with held(lock, command="stage", since=AT):
            seen.add((lock.stat().st_ino, lock.stat().st_size))
        seen.add((lock.stat().st_ino, lock.stat().st_size))
    assert len(seen) == 1
    assert seen.pop()[1] == 0


def test_holder_is_told_in_the_file_beside_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with held(lock, command="stage", since=AT):
        holder = json.loads((tmp_path / "run.lock.json").read_bytes())
    assert (holder["pid"], holder["command"], holder["since"]) == (os.getpid(), "stage", AT)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff"])
def test_holder_that_cannot_be_read_is_another_process(tmp_path: Path, damage: bytes) -> None:
    lock = tmp_path / "run.lock"
    with held(lock, command="stage", since=AT):
        (tmp_path / "run.lock.json").write_bytes(damage)
        with pytest.raises(LockedError, match="in use by another process"):
            _take(lock)


def _hold_and_fail(lock: Path) -> None:
    with held(lock, command="stage", since=AT):
        raise KeyboardInterrupt


def test_lock_ends_when_the_command_fails(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with pytest.raises(KeyboardInterrupt):
        _hold_and_fail(lock)
    _take(lock)


def test_lock_file_keeps_its_inode_and_stays_a_file_when_it_is_let_go(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    _take(lock)
    inode = lock.stat().st_ino
    _take(lock)
    assert (lock.stat().st_ino, lock.read_bytes()) == (inode, b"")
