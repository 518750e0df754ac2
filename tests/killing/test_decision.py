"""A review is killed at every write, rename and fsync of a decision: it is there, or it is not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.killing.deciding import NEVER
from tests.killing.world import ROOT
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path


def decided(root: Path, at: int = NEVER) -> subprocess.CompletedProcess[str]:
    """Write a decision in a process of its own, which dies at its n-th deed."""
    command = [sys.executable, "-m", "tests.killing.deciding", str(root), str(at)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_killed_anywhere_a_decision_is_whole_or_not_there_and_is_written_again(
    tmp_path: Path,
) -> None:
    world = story.make(tmp_path / "story")
    world.do_all("plan", *COMMANDS[:-1])
    whole = shutil.copytree(world.root, tmp_path / "whole")
    old = (whole / story.INES).read_bytes()
    deeds = decided(whole).stdout.splitlines()
    new, names = (whole / story.INES).read_bytes(), sorted(whole.rglob("*"))
    assert b"six fingers" in new
    seen = set()
    for at, deed in enumerate(deeds):
        killed = shutil.copytree(world.root, tmp_path / f"{at}")
        assert decided(killed, at).returncode == -signal.SIGKILL, deed
        left = (killed / story.INES).read_bytes()
        assert left in {old, new}, deed
        seen.add(left)
        assert decided(killed).returncode == 0, deed
        assert (killed / story.INES).read_bytes() == new, deed
        there = [path.relative_to(killed) for path in sorted(killed.rglob("*"))]
        assert there == [path.relative_to(whole) for path in names], deed
    assert seen == {old, new}
