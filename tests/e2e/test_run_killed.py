"""`run` is killed, by a real SIGKILL, in every phase, and goes on when it is typed again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import CommandLine, tree

EXAMPLE = Path(__file__).parents[2] / "examples/lantern-coast"
ONE_GO = ("run", "--scope", "characters", "--yes", "--interval", "0.05")

# Runs the command and kills the process, with no clean-up whatever, right before or after the
# first state of such a phase or with a job of such a status is saved.
DYING = """
import os, signal, sys
from chargen_batch.cli.main import main
from chargen_batch.run.directory import RunDirectory
what, when, *argv = sys.argv[1:]
save = RunDirectory.save
def dying(run, state):
    statuses = {str(job.__struct_config__.tag) for job in state.jobs}
    is_it = what in {state.phase, *statuses}
    if is_it and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    saved = save(run, state)
    if is_it:
        os.kill(os.getpid(), signal.SIGKILL)
    return saved
RunDirectory.save = dying
sys.exit(main(argv))
"""
MOMENTS = [
    *(("planned", "before"), ("staging", "before"), ("staging", "after"), ("staged", "before")),
    *(("staged", "after"), ("intended", "after"), ("submitted", "before"), ("submitted", "after")),
    *(("running", "after"), ("downloading", "before"), ("downloading", "after")),
    *(("applying", "before"), ("applying", "after"), ("completed", "before")),
    ("completed", "after"),
]


def example(folder: Path) -> Path:
    """Give a story of which one picture comes to nothing."""
    project = folder / "story"
    shutil.copytree(EXAMPLE, project)
    config = project / "chargen.yaml"
    text = config.read_text("utf-8")
    assert "  backend: emulator" in text
    config.write_text(text.replace("  backend:", "  adopt_wait_s: 0.2\n  backend:"), "utf-8")
    emulator = project / ".chargen" / "emulator"
    emulator.mkdir(parents=True)
    (emulator / "trouble.toml").write_text('[rows]\n"character/bas-*/two-mugs@*" = "text_only"\n')
    return project


def killed(project: Path, what: str, when: str) -> None:
    """Run the command until it dies."""
    dying = [sys.executable, "-c", DYING, what, when, *ONE_GO]
    died = subprocess.run(dying, cwd=project, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL


def came_to(project: Path) -> dict[str, Any]:
    """Return what a project has in the end: its files, its jobs, its runs and their summaries."""
    files = tree(project)
    requests = (project / ".chargen/emulator/requests.ndjson").read_text("utf-8").splitlines()
    runs = [path for path in (project / ".chargen/batch").glob("[!.]*") if path.is_dir()]
    return {
        "files": sorted(path for path in files if not path.startswith(".chargen/")),
        "entries": sum(raw.count(b'provider: "emulator"') for raw in files.values()),
        "created": sum(json.loads(line)["method"] == "batches.create" for line in requests),
        "summaries": [json.loads((run / "report.json").read_bytes())["summary"] for run in runs],
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what a run comes to that never dies."""
    project = example(tmp_path_factory.mktemp("whole"))
    assert CommandLine(project)(*ONE_GO).code == 4
    return came_to(project)


@pytest.mark.parametrize(("what", "when"), MOMENTS)
def test_run_killed_anywhere_pays_once_and_comes_to_the_same(
    tmp_path: Path, whole: dict[str, Any], what: str, when: str
) -> None:
    project = example(tmp_path)
    killed(project, what, when)
    assert CommandLine(project)(*ONE_GO).code == 4
    assert came_to(project) == whole


def test_run_that_never_dies_creates_one_job_and_enters_each_picture_once(
    whole: dict[str, Any],
) -> None:
    (summary,) = whole["summaries"]
    assert (summary["success"], summary["failed"]) == (9, 1)
    assert (whole["created"], whole["entries"]) == (1, 9)
