"""The mini story, and the command line to type at in it."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

from chargen_batch.cli.main import main
from chargen_batch.emulator.server import serve
from tests.cli import json_shapes
from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator

SUFFIX: Final = "chargen_batch.cli.session.suffix"

# Holds a lock until its standard input ends.
HOLDER: Final = """
import pathlib, sys
from chargen_batch.run.lock import held
with held(pathlib.Path(sys.argv[1]), command=sys.argv[2], since="now"):
    print("held", flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Return the one JSON document on stdout; its exit code is the command's."""
        document: dict[str, Any] = json.loads(self.out)
        assert document["exitCode"] == self.code
        return document


@dataclass(slots=True)
class Shell:
    """A project, and ``main`` to type its commands at."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    typed: list[Typed] = field(default_factory=list)

    def __call__(self, command: str, *options: str) -> Typed:
        """Type a command, words apart by spaces, with options of which each is one word."""
        name, *more = command.split()
        code = main([name, "--project", str(self.root), *more, *options])
        out, err = self.capsys.readouterr()
        if "--json" in (*more, *options):
            json_shapes.decoded(out)
        self.typed.append(Typed(code, out, err))
        return self.typed[-1]

    def emulated(self, *commands: str) -> Typed:
        """Type commands with the embedded emulator, all of which end well; return the last."""
        for command in commands:
            typed = self(f"{command} --backend emulator")
            assert typed.code == 0, typed
        return self.typed[-1]

    def plan(self, options: str = "") -> str:
        """Plan, and return the run's id."""
        return self.emulated(f"plan --quiet {options}").out.strip()

    def begin_from(self, project: Path) -> None:
        """Go on from where another project came to."""
        shutil.copytree(project, self.root, dirs_exist_ok=True)

    def phase(self, run_id: str) -> str:
        """Return a run's phase."""
        state = self.root / ".chargen" / "batch" / run_id / "state.json"
        return str(json.loads(state.read_text())["phase"])

    @contextlib.contextmanager
    def held_by_another(self, lock: str) -> Iterator[None]:
        """Let another process hold a lock of the project."""
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(self.root / lock), "poll"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"held\n"
            yield
            process.communicate()


@pytest.fixture(scope="session")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project whose run was submitted, to copy."""
    return brought(story.make(tmp_path_factory.mktemp("submitted")).root, "plan", "stage", "submit")


@pytest.fixture(scope="session")
def applying(tmp_path_factory: pytest.TempPathFactory, submitted: Path) -> Path:
    """Give a project whose results were downloaded, to copy."""
    project = tmp_path_factory.mktemp("applying")
    shutil.copytree(submitted, project, dirs_exist_ok=True)
    return brought(project, "poll", "poll", "download")


def brought(project: Path, *commands: str) -> Path:
    """Type commands at the embedded emulator; a run that is made sorts before those of a shell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SUFFIX, lambda: "0000")
        for command in commands:
            assert main([command, "--project", str(project), "--backend", "emulator"]) in {0, 75}
    return project


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """Give a shell in the mini story; its runs sort as they were made, even those of one second."""
    made = itertools.count(1)
    monkeypatch.setattr(SUFFIX, lambda: f"{next(made):04}")
    return Shell(story.make(tmp_path / "story").root, capsys)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """Give an emulator that is served beside the project."""
    with serve(tmp_path / "emulator") as running:
        yield running
        assert running.faults.pending() == {}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Emulator:
    """Give an emulator that the commands take for Google's service."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.base_url)
    monkeypatch.setenv("GEMINI_API_KEY", "any")
    return emulator
