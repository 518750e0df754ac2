"""Ctrl-C, twice too, and SIGTERM, in the middle of each phase: the run is whole, and goes on."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.e2e.commands import CommandLine, tree
from tests.e2e.test_killed import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT: Final = ("poll", "--wait", "--interval", "0.05")
PHASES: Final = (("plan",), ("stage",), ("submit",), WAIT, ("download",), ("apply",))
# Small jobs, so that each phase has several units of work.
SETTINGS: Final = "batch: {backend: emulator, max_tasks_per_job: 4, upload_concurrency: 2}\n"
# The emulator takes its time, so that a signal meets work that is under way.
SLOW: Final = """\
[latency_s]
"files.upload.start" = 0.3
"batches.create" = 0.2
"batches.get" = 0.1
"""

# Makes Ctrl-C something that a background job of a shell hears too, then runs the command.
HEARING: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from chargen_batch.cli.main import entry_point
entry_point()
"""


# A command that a script starts with &: Ctrl-C is ignored, and stays so.
IN_THE_BACKGROUND: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from chargen_batch.cli.main import entry_point
entry_point()
"""
# A command that is ended while it has not begun with its project yet.
ENDED_EARLY: Final = """
import os, signal, sys
from chargen_batch import config
from chargen_batch.cli.main import entry_point
config.load = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
entry_point()
"""


def is_progress(step: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["event"] == "progress" and event["step"] == step


def is_event(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: bool(event["event"] == name)


# By the phase that is interrupted: when. What is typed is in PHASES.
POINTS: Final = {
    "stage": is_progress("uploading"),
    "submit": is_progress("submitting"),
    "poll": is_event("waiting"),
    "download": is_progress("downloading"),
    "apply": is_progress("receiving"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How an interrupted command ended."""

    code: int
    err: str
    events: list[dict[str, Any]]

    @property
    def hint(self) -> list[str]:
        """Return the command that it says to type."""
        (line,) = [each for each in self.err.splitlines() if each.startswith("hint: to go on")]
        return shlex.split(line.partition("type: chargen-batch ")[2])


def interrupt(
    project: Path,
    words: tuple[str, ...],
    when: Callable[[dict[str, Any]], bool],
    *signals: int,
    start: str = HEARING,
) -> Ended:
    """Run a command, and send it signals as soon as it tells of an event."""
    command = [sys.executable, "-c", start, *words, "--events", "-"]
    environment = {**os.environ, "HOME": str(project.parent)}
    with subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if when(events[-1]):
                break
        for each in signals:
            process.send_signal(each)
        events += [json.loads(line) for line in process.stdout]
        told = process.stderr.read().decode()
    return Ended(process.returncode, told, events)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give a project before each phase, to copy; and one that went through, the last."""
    project = tmp_path_factory.mktemp("whole") / "story"
    shutil.copytree(EXAMPLE, project)
    (project / "chargen.yaml").write_text(SETTINGS)
    command, kept = CommandLine(project), {}
    for words in PHASES:
        kept[words[0]] = tmp_path_factory.mktemp(words[0]) / "story"
        shutil.copytree(project, kept[words[0]])
        assert command(*words).code == 0
    kept["end"] = project
    return kept


@pytest.fixture
def copied(before: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """Give what copies the project of a moment, with a slow service."""

    def copy(moment: str) -> Path:
        project = tmp_path / "story"
        shutil.copytree(before[moment], project)
        state = project / ".chargen/emulator"
        state.mkdir(exist_ok=True, parents=True)
        (state / "trouble.toml").write_text(SLOW)
        return project

    return copy


def words_of(phase: str) -> tuple[str, ...]:
    return ("poll", "--wait", "--interval", "9") if phase == "poll" else (phase,)


def pictures_and_entries(project: Path) -> dict[str, int]:
    """Return the sizes of what the story has: the emulator paints by the job, not by the run."""
    return {
        name: len(content)
        for name, content in tree(project).items()
        if not name.startswith(".chargen") and name.endswith((".png", ".yaml"))
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("phase", "signals"),
    [
        *((phase, (signal.SIGINT,)) for phase in POINTS),
        *((phase, (signal.SIGINT, signal.SIGINT)) for phase in ("stage", "poll", "apply")),
        ("submit", (signal.SIGTERM,)),
    ],
)
def test_an_interrupted_phase_goes_on_by_what_it_says(
    copied: Callable[[str], Path], before: dict[str, Path], phase: str, signals: tuple[int, ...]
) -> None:
    project = copied(phase)
    ended = interrupt(project, words_of(phase), POINTS[phase], *signals)
    assert ended.code == 130, ended.err
    assert "error: interrupted; what was done is saved" in ended.err
    assert "Traceback" not in ended.err
    (project / ".chargen/emulator/trouble.toml").unlink()
    command = CommandLine(project)
    run_id = ended.events[0]["runId"]
    assert ended.hint == [*words_of(phase), "--events", "-", "--run", run_id]
    first = [*WAIT, "--run", run_id] if phase == "poll" else ended.hint
    names = [words[0] for words in PHASES]
    rest = PHASES[names.index(phase) + 1 :]
    assert [command(*words).code for words in (first, *rest)] == [0] * (1 + len(rest))
    assert pictures_and_entries(project) == pictures_and_entries(before["end"])
    assert not list(project.rglob(".*.tmp"))


def test_the_end_of_an_interrupted_phase_is_told(copied: Callable[[str], Path]) -> None:
    ended = interrupt(copied("stage"), ("stage",), POINTS["stage"], signal.SIGINT)
    last = ended.events[-1]
    assert (last["event"], last["exitCode"], last["error"]) == ("phaseEnded", 130, "interrupted")


def test_a_command_in_the_background_is_ended_in_order_too(copied: Callable[[str], Path]) -> None:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGINT)
    ended = interrupt(
        copied("stage"), ("stage",), POINTS["stage"], *signals, start=IN_THE_BACKGROUND
    )
    assert ended.code == 130, ended.err
    assert "error: interrupted; what was done is saved\n" in ended.err
    assert ended.events[-1]["error"] == "interrupted"


def test_a_command_that_is_ended_at_its_beginning_says_so(before: dict[str, Path]) -> None:
    command = [sys.executable, "-c", ENDED_EARLY, "status"]
    done = subprocess.run(command, cwd=before["end"], capture_output=True, check=False, text=True)
    hint = "hint: to go on, type: chargen-batch status\n"
    assert (done.returncode, done.stderr.endswith(hint)) == (130, True)


def test_an_interrupted_document_is_still_one(copied: Callable[[str], Path]) -> None:
    project = copied("stage")
    file = project / "events"
    os.mkfifo(file)
    command = [sys.executable, "-c", HEARING, "stage", "--json", "--events", str(file)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE) as process:
        with file.open("rb") as events:
            while not POINTS["stage"](json.loads(events.readline())):
                pass
            process.send_signal(signal.SIGINT)
            events.read()
        assert process.stdout
        document = json.loads(process.stdout.read())
    assert (process.returncode, document["error"]["code"]) == (130, "INTERRUPTED")
    assert document["error"]["hint"].startswith("to go on, type: chargen-batch stage --json")
