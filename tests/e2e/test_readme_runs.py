"""What the README types can be typed: each of its blocks runs, on a story of five pictures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from chargen_batch.cli.main import main
from tests.phases import story
from tests.test_readme import BLOCKS

# What it takes a person, a browser, a clock or a checkout to run.
NOT_HERE: Final = re.compile(
    r"^(?:make|pip|CHARGEN_LIVE=|cd )|--open\b|-completion\b"
    r"|chargen-batch (?:menu|review|emulator)\b"
)
# The README speaks of the example story, and asks before it draws; this story stands for that.
STANDS_FOR: Final = (
    (r"two-mugs", "throwing-a-bowl"),
    (r"^(chargen-batch run)\b(?!.*--yes)", r"\1 --yes"),
)
# These begin with a story of which nothing was drawn yet; the others with a run that has ended.
BEGIN: Final = ("init", "plan", "validate", "resume", "run", "adopt")
SETTINGS: Final = "batch: {backend: emulator, poll_interval_s: 0.05}\n"
RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-\w{4}")


def script(block: str) -> str:
    """Return what of a block can run here."""
    text = "".join(line + "\n" for line in block.splitlines() if not NOT_HERE.search(line))
    for pattern, stand_in in STANDS_FOR:
        text = re.sub(pattern, stand_in, text, flags=re.MULTILINE)
    return text


SCRIPTS: Final = [text for text in map(script, BLOCKS) if "chargen-batch " in text]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a story whose pictures were drawn, to copy."""
    root = begun(tmp_path_factory.mktemp("drawn"))
    for command in ("plan", "stage", "submit", "poll --wait", "download", "apply", "report"):
        assert main([*command.split(), "--project", str(root), "--quiet"]) == 0
    return root


def begun(root: Path) -> Path:
    """Write the story, and a picture that its author made."""
    story.make(root)
    (root / "chargen.yaml").write_text(SETTINGS)
    (root / "bowl.png").write_bytes(story.portrait("olive"))
    return root


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: text.partition("#")[0].split("\n")[0])
def test_a_block_of_the_readme_runs(text: str, tmp_path: Path, drawn: Path) -> None:
    first = re.findall(r"chargen-batch ([a-z]+)", text)[0]
    root = tmp_path / "story"
    if first in BEGIN:
        begun(root)
    else:
        shutil.copytree(drawn, root)
        (run,) = (path.name for path in root.glob(".chargen/batch/2*"))
        text = RUN_ID.sub(run, text)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", text],
        cwd=root,
        env={"PATH": path, "HOME": str(tmp_path), "LANG": os.environ.get("LANG", "C.UTF-8")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_most_of_what_the_readme_types_runs_here() -> None:
    typed = sum(block.count("chargen-batch ") for block in BLOCKS)
    runs = sum(text.count("chargen-batch ") for text in SCRIPTS)
    assert runs >= 0.8 * typed
