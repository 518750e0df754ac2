"""Streams that are closed, or that print few letters: what cron and a plain shell give."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_killed import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of the example story, with a letter that ASCII lacks."""
    shutil.copytree(EXAMPLE, tmp_path / "story")
    ideas = tmp_path / "story/characters/bas-pellam/image-ideas.yaml"
    ideas.write_text(f"{ideas.read_text()}- {{title: Größe 😀, scene: Bas wächst.}}\n")
    return tmp_path / "story"


def typed(project: Path, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Type a line at a shell."""
    return subprocess.run(
        ["sh", "-c", line.replace("chargen-batch", f"{sys.executable} -m chargen_batch")],
        cwd=project,
        env={**os.environ, "HOME": str(project.parent), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("chargen-batch run 0<&-", 3),
        ("chargen-batch run --yes --max-tasks 1 --interval 0.05 0<&- 1>&- 2>&-", 0),
        ("chargen-batch run --yes --max-tasks 1 --interval 0.05 2>&-", 0),
        ("chargen-batch run --yes --max-tasks 1 --interval 0.05 --events - 1>&-", 0),
        ("chargen-batch menu 0<&-", 2),
        ("chargen-batch review 0<&-", 0),
        ("chargen-batch plan 2>&-", 0),
        ("chargen-batch plan --json 1>&-", 0),
        ("chargen-batch status --no-such 2>&-", 2),
    ],
)
def test_a_stream_that_is_closed_is_no_bug(project: Path, line: str, code: int) -> None:
    done = typed(project, line)
    assert (done.returncode, "a bug in" in done.stdout + done.stderr) == (code, False)


def test_a_closed_stream_lends_its_number_to_no_file(project: Path) -> None:
    assert typed(project, "chargen-batch plan 0<&- 1>&- 2>&-").returncode == 0
    for path in (project / ".chargen").rglob("*.json"):
        assert json.loads(path.read_bytes()) is not None


@pytest.mark.parametrize("command", ["plan --dry-run", "show gr*", "validate --verbose"])
def test_few_letters_are_enough(project: Path, command: str) -> None:
    done = typed(project, f"chargen-batch {command}", PYTHONIOENCODING="ascii")
    assert (done.returncode, "a bug in" in done.stderr) == (0, False), done.stderr


def test_a_document_is_one_with_few_letters_too(project: Path) -> None:
    words = "chargen-batch plan --dry-run --json"
    few = typed(project, words, PYTHONIOENCODING="ascii")
    prompts = [target["prompt"] for target in json.loads(few.stdout)["targets"]]
    assert few.stdout.isascii()
    assert any("Bas wächst" in prompt for prompt in prompts)
