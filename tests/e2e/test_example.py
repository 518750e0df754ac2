"""The example story through the seven commands, against an emulator that is served on its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.commands import CommandLine, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
PHASES = ("stage", "submit", "download", "apply", "report")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    project = tmp_path / "lantern-coast"
    shutil.copytree(EXAMPLES / "lantern-coast", project)
    config = project / "chargen.yaml"
    text = config.read_text("utf-8")
    assert "backend: emulator" in text
    config.write_text(text.replace("backend: emulator", "backend: gemini"), "utf-8")
    return project


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Serve the emulator as a process of its own and yield its address."""
    command = [sys.executable, "-m", "chargen_batch", "emulator", "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", str(tmp_path / "emulator")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("emulator: ").strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


def methods(state: Path) -> list[str]:
    lines = (state / "requests.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line)["method"] for line in lines]


def test_the_example_goes_through_with_a_key_and_an_address(
    story: Path, served: str, tmp_path: Path
) -> None:
    command = CommandLine(story).with_variables(
        GEMINI_API_KEY="test-key-3f9a", GOOGLE_GEMINI_BASE_URL=served
    )
    run = command("plan", "--quiet").out.strip()
    command = command.with_variables(CHARGEN_RUN=run)
    assert [command(phase).code for phase in ("stage", "submit")] == [0, 0]
    assert command("poll").code == 75
    assert [command(phase).code for phase in ("poll", "download", "apply", "report")] == [0] * 4
    assert methods(tmp_path / "emulator").count("batches.create") == 1
    report = json.loads((story / ".chargen/batch" / run / "report.json").read_bytes())
    assert report["summary"]["success"] == report["summary"]["total"] > 0


def test_the_key_is_nowhere_in_what_was_written(story: Path, served: str) -> None:
    key = "test-key-77c1d0"
    command = CommandLine(story).with_variables(GEMINI_API_KEY=key, GOOGLE_GEMINI_BASE_URL=served)
    said = [command(*words.split()) for words in ("plan", "stage", "submit", "poll", "report")]
    assert all(key not in ran.out + ran.err for ran in said)
    assert [path for path, raw in tree(story).items() if key.encode() in raw] == []


def test_a_wrong_key_is_refused_in_one_line(story: Path, served: str) -> None:
    command = CommandLine(story).with_variables(
        GEMINI_API_KEY="wrong-key", GOOGLE_GEMINI_BASE_URL=served
    )
    assert command("plan").code == 0
    ran = command("stage")
    assert ran.code == 7
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["error", "hint"]


def test_without_a_key_both_ways_are_named(story: Path) -> None:
    command = CommandLine(story)
    assert command("plan").code == 0
    ran = command("stage")
    assert ran.code == 6
    assert "GEMINI_API_KEY" in ran.err
    assert "--backend emulator" in ran.err


def test_the_demo_ends_with_the_report_and_the_pictures(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", str(EXAMPLES / "demo.sh")], env=variables, capture_output=True, text=True, check=True
    )
    typed = re.findall(r"^\$ chargen-batch (\w+)", done.stdout, re.MULTILINE)
    assert typed == ["plan", "stage", "submit", "poll", "download", "apply", "report"]
    pictures = re.findall(r"^/.*\.png$", done.stdout, re.MULTILINE)
    assert len(pictures) == 24
    last = done.stdout.strip().splitlines()[-1]
    assert Path(last.removeprefix("The report: ")).is_file()
