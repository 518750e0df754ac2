"""Questions that are left unanswered: Ctrl-C and Ctrl-D at a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.e2e.commands import CommandLine
from tests.e2e.test_killed import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of the example story."""
    shutil.copytree(EXAMPLE, tmp_path / "story")
    return tmp_path / "story"


def answered(project: Path, command: str, key: str) -> tuple[int | None, str]:
    """Type a command at a terminal, and press a key at its question."""
    words = ["-m", "chargen_batch", *command.split()]
    env = {**os.environ, "HOME": str(project.parent), "TERM": "xterm"}
    screen = pexpect.spawn(
        sys.executable, words, cwd=project, env=env, encoding="utf-8", dimensions=(30, 200)
    )
    screen.expect(r"\[[yYnN/]+\]: ", timeout=60)
    screen.send(key)
    screen.expect(pexpect.EOF, timeout=60)
    screen.wait()
    return screen.exitstatus, screen.before or ""


def test_ctrl_c_at_the_question_of_run_is_130(project: Path) -> None:
    code, told = answered(project, "run --only bas-pellam", CTRL_C)
    assert (code, "Aborted" in told) == (130, False)
    assert "\nhint: to go on, type: chargen-batch run --only bas-pellam\r\n" in told
    assert not list(project.glob(".chargen/batch/2*"))


def test_ctrl_d_at_the_question_of_run_is_3(project: Path) -> None:
    code, told = answered(project, "run --only bas-pellam", CTRL_D)
    assert (code, "Aborted" in told) == (3, False)
    assert "\nerror: nobody answered: nothing was submitted, and nothing is paid\r\n" in told
    assert "\nhint: type: chargen-batch run --only bas-pellam --yes\r\n" in told
    assert not list(project.glob(".chargen/batch/2*"))


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 130), (CTRL_D, 1)])
def test_cancel_and_revert_that_are_not_answered_do_nothing(
    project: Path, key: str, code: int
) -> None:
    command = CommandLine(project)
    for words in (["plan", "--max-tasks", "1"], ["stage"], ["submit"]):
        assert command(*words).code == 0
    ended, told = answered(project, "cancel", key)
    assert (ended, "Aborted" in told, "\nhint: " in told) == (code, False, True)
    assert command("resume", "--wait", "--interval", "0.05").code == 0
    run_id = command("runs", "--quiet").out.strip()
    ended, told = answered(project, f"revert {run_id}", key)
    assert (ended, "Aborted" in told, "\nhint: " in told) == (code, False, True)
    assert command("status", "--quiet").out == "completed\n"
