"""What each command loads, as a process of its own: nothing heavy that it does not need."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks.report_rows import RUN_ID, finished
from chargen_batch.cli.app import ROOMS
from chargen_batch.cli.main import main
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
# What of ours it takes to be told the version, what may be typed, and how a run is doing.
TOLD: Final = frozenset({"cli", "errors"})
TYPED: Final = TOLD | {"core", "model"}
A_LOOK: Final = TYPED | {"api", "config", "disk", "phases", "run"}
OUR_ROOMS: Final = {
    "--version": TOLD,
    "status --help": TYPED,
    "status": A_LOOK,
    "runs": A_LOOK,
    f"cancel --run {RUN_ID}": A_LOOK,
    f"poll --run {RUN_ID}": A_LOOK,
    f"download --run {RUN_ID}": A_LOOK,
    f"cleanup --run {RUN_ID}": A_LOOK,
}
# How many modules of ours that may be: a dozen more are a hundredth of a second.
AT_MOST: Final = {"--version": 7, "status --help": 18, "status": 57}
# Not by -X importtime, which tells nothing of a module that was imported by a name in a table.
PROGRAM: Final = """\
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
from chargen_batch.cli.main import entry_point
entry_point()
"""


def loaded(project: Path, typed: str) -> list[str]:
    """Return the modules that a process of its own loads for a command."""
    words = typed.split()
    if not words[-1].endswith(("--help", "--version")):
        words += ["--project", str(project)]
    program = [sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stderr.splitlines()


def ours(project: Path, typed: str) -> list[str]:
    """Return those of them that are ours, without the package's name."""
    names = (name.partition("chargen_batch.") for name in loaded(project, typed))
    return [name for before, dot, name in names if dot and not before]


@pytest.fixture(scope="module")
def without_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a run that is over, and without a chargen.yaml."""
    return finished(tmp_path_factory.mktemp("plain"), 3)


@pytest.fixture(scope="module")
def run_that_is_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a story's project whose only run is over, and has its report."""
    project = story.make(finished(tmp_path_factory.mktemp("over"), 3)).root
    assert main(["report", "--quiet", "--project", str(project)]) == 0
    return project


@pytest.mark.parametrize("typed", NEEDS)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(
    run_that_is_over: Path, typed: str
) -> None:
    packages = {name.partition(".")[0] for name in loaded(run_that_is_over, typed)}
    assert HEAVY & packages == NEEDS[typed]


@pytest.mark.parametrize("typed", OUR_ROOMS)
def test_a_command_enters_no_room_that_it_does_not_need(without_settings: Path, typed: str) -> None:
    rooms = {name.partition(".")[0] for name in ours(without_settings, typed)}
    assert rooms == OUR_ROOMS[typed]


@pytest.mark.parametrize("typed", ["config", *OUR_ROOMS])
def test_settings_that_nobody_wrote_take_no_parser(without_settings: Path, typed: str) -> None:
    assert not {"yaml", "chargen_batch.yaml12"} & set(loaded(without_settings, typed))


@pytest.mark.parametrize("typed", ["status", "status --help", "poll", "config", "plan --help"])
def test_of_all_commands_the_typed_one_is_loaded(without_settings: Path, typed: str) -> None:
    found = set(ours(without_settings, typed)) & {f"cli.{room}" for room in ROOMS.values()}
    assert found == {f"cli.{ROOMS[typed.split(maxsplit=1)[0]]}"}


def test_for_the_version_no_command_is_loaded(without_settings: Path) -> None:
    found = set(ours(without_settings, "--version"))
    assert not found & {f"cli.{room}" for room in ROOMS.values()}


@pytest.mark.parametrize("typed", AT_MOST)
def test_a_command_that_looks_loads_few_modules(without_settings: Path, typed: str) -> None:
    assert len(ours(without_settings, typed)) <= AT_MOST[typed]
