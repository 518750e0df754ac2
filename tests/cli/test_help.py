"""The help of every command, to the letter: UPDATE_GOLDEN=1 writes tests/cli/help/ anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from chargen_batch.cli.app import app

HELP: Final = Path(__file__).parent / "help"
COMMANDS: Final = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own, untyped
# The program's own help has the name of nothing that is typed.
PROGRAM: Final = "chargen-batch"
PINNED: Final = (PROGRAM, *COMMANDS)
WIDTH: Final = "100"


def help_of(name: str) -> str:
    """Return what a command's --help prints, at a width that is the same everywhere."""
    words = [] if name == PROGRAM else [name]
    kept = {key: each for key, each in os.environ.items() if not key.startswith("CHARGEN_")}
    done = subprocess.run(
        [sys.executable, "-m", "chargen_batch", *words, "--help"],
        env={**kept, "COLUMNS": WIDTH, "TERMINAL_WIDTH": WIDTH, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", PINNED)
def test_help_is_as_it_was(name: str) -> None:
    file, told = HELP / f"{name}.txt", help_of(name)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(told, "utf-8")
    assert told == file.read_text("utf-8")


def test_help_is_kept_of_no_command_that_is_gone() -> None:
    assert {path.stem for path in HELP.glob("*.txt")} == set(PINNED)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [each.name for each in COMMANDS[name].params if not getattr(each, "help", None)]
    assert silent == []
