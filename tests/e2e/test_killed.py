"""`apply` is killed, by a real SIGKILL, and finishes when it is typed again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chargen_batch.cli.main import main
from tests.e2e.commands import CommandLine, tree

EXAMPLE = Path(__file__).parents[2] / "examples/lantern-coast"
BEFORE_APPLY = (("stage",), ("submit",), ("poll", "--wait", "--interval", "0.05"), ("download",))

# Runs `apply` and kills the process, with no clean-up whatever, just before its n-th rename or
# exchange of names, or right after it.
DYING = """
import os, pathlib, signal, sys, threading
from chargen_batch import exchange
from chargen_batch.cli.main import main
left, when, lock = int(sys.argv[1]), sys.argv[2], threading.Lock()
def counted(rename):
    def dying(one, other):
        global left
        with lock:  # pictures are renamed by several threads
            left -= 1
            number = left
        if number == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = rename(one, other)
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return dying
pathlib.Path.replace = counted(pathlib.Path.replace)
exchange.swap = counted(exchange.swap)
exchange.rename_new = counted(exchange.rename_new)
sys.exit(main(["apply"]))
"""


def ready_to_apply(folder: Path) -> Path:
    project = folder / "story"
    shutil.copytree(EXAMPLE, project)
    command = CommandLine(project)
    assert command("plan").code == 0
    assert [command(*phase).code for phase in BEFORE_APPLY] == [0, 0, 0, 0]
    return project


def story_of(project: Path) -> dict[str, bytes]:
    return {path: raw for path, raw in tree(project).items() if not path.endswith("state.json")}


@pytest.mark.timeout(300)
def test_apply_killed_anywhere_ends_with_the_bytes_of_one_that_never_died(tmp_path: Path) -> None:
    project = ready_to_apply(tmp_path)
    whole = tmp_path / "whole"
    shutil.copytree(project, whole)
    assert CommandLine(whole)("apply").code == 0
    for rename, when in zip((2, 9, 17, 26, 28, 32), ("before", "after") * 3, strict=True):
        killed = tmp_path / f"killed-{rename}"
        shutil.copytree(project, killed)
        dying = [sys.executable, "-c", DYING, str(rename), when]
        died = subprocess.run(dying, cwd=killed, check=False)
        assert died.returncode == -signal.SIGKILL
        assert CommandLine(killed)("apply").code == 0
        assert story_of(killed) == story_of(whole)


def test_the_example_goes_through_in_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "story"
    shutil.copytree(EXAMPLE, project)
    where = ("--project", str(project))
    commands = (("plan",), *BEFORE_APPLY, ("apply",), ("report",))
    assert [main([*command, *where]) for command in commands] == [0] * len(commands)
    capsys.readouterr()
    assert main(["plan", *where]) == 0
    assert "24 done" in capsys.readouterr().out
