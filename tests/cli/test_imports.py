"""What each command loads, as a process of its own: nothing heavy that it does not need."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks.report_rows import RUN_ID, finished
from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

# What takes long to load, or is of no use to a command that does not talk, draw or serve.
HEAVY: Final = frozenset({
    *("google", "httpx", "httpcore", "stamina", "truststore", "ssl", "asyncio", "anyio"),
    *("PIL", "jinja2", "starlette", "uvicorn", "questionary", "prompt_toolkit", "rich"),
    *("yaml", "filelock", "pybase64", "ruamel"),
})  # fmt: skip
# The settings are YAML, and a run is held under its lock.
SETTINGS: Final = frozenset({"yaml"})
A_RUN: Final = SETTINGS | {"filelock"}
# Requests and results are pictures in base64: what it is loaded with is small.
LINES: Final = A_RUN | {"pybase64"}
NEEDS: Final = {
    "--help": frozenset[str](),
    "--version": frozenset[str](),
    "plan --help": frozenset[str](),
    "config": SETTINGS,
    "status": SETTINGS,
    "runs": SETTINGS,
    "runs --cost": SETTINGS,
    "retry": SETTINGS,
    "cleanup": SETTINGS,
    f"cleanup --run {RUN_ID}": A_RUN,
    f"cancel --run {RUN_ID}": A_RUN,
    f"poll --run {RUN_ID}": A_RUN,
    "poll": SETTINGS,
    f"download --run {RUN_ID}": A_RUN,
    f"submit --run {RUN_ID}": LINES,
    f"stage --run {RUN_ID}": LINES,
    f"apply --run {RUN_ID}": LINES,
    f"report --run {RUN_ID}": A_RUN | {"jinja2"},
    f"resume --run {RUN_ID}": LINES,
    "validate": SETTINGS,
    "plan --dry-run": SETTINGS | {"rich"},
}
LOADED: Final = re.compile(r"^import time: .*\| +([^ .\n]+)(?:\.[^ \n]+)?$", re.MULTILINE)


@pytest.fixture(scope="module")
def run_that_is_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = finished(tmp_path_factory.mktemp("over"), 3)
    return story.make(project).root


@pytest.mark.parametrize("typed", NEEDS)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(
    run_that_is_over: Path, typed: str
) -> None:
    project = [] if "-" in typed[:1] or "--help" in typed else ["--project", str(run_that_is_over)]
    program = [sys.executable, "-X", "importtime", "-m", "chargen_batch", *typed.split(), *project]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert HEAVY & set(LOADED.findall(done.stderr)) == NEEDS[typed]
