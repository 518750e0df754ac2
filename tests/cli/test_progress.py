"""Bars on a terminal: a real one, of a pseudo-terminal, drawn into a screen of lines."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.cli import terminal
from chargen_batch.cli.progress import Bars
from chargen_batch.model.events import JobSeen, PhaseBegan, PhaseEnded, Progress, Waiting
from chargen_batch.model.state import JobCounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.cli.conftest import Shell

SHOWN: Final = "\x1b[?25h"
HIDDEN: Final = "\x1b[?25l"
CODES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DEFAULT: Final[Mapping[str, str]] = {}
_SIZES: Final = frozenset({"COLUMNS", "LINES"})  # what was set for this process
SLOW: Final = """\
[latency_s]
"files.upload.start" = 0.4
[faults]
"files.upload.start" = ["status:503"]
"""


class Terminal:
    """A pseudo-terminal that a command runs in; what it drew is kept."""

    def __init__(
        self, shell: Shell, *, columns: int = 80, variables: Mapping[str, str] = DEFAULT
    ) -> None:
        self.shell, self.columns = shell, columns
        self.variables = {"TERM": "xterm-256color", **variables}

    def __call__(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit code and all that it drew."""
        ours, theirs = pty.openpty()
        size = struct.pack("HHHH", 24, self.columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        words = [sys.executable, "-m", "chargen_batch", *command.split()]
        told = {name: value for name, value in os.environ.items() if name not in _SIZES}
        environment = {**told, **self.variables}
        with subprocess.Popen(
            [*words, "--backend", "emulator"],
            cwd=self.shell.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        ) as process:  # fmt: skip
            os.close(theirs)
            drawn = b"".join(_read(ours))
        os.close(ours)
        return process.returncode, drawn.decode()


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(descriptor, 65_536)
        except OSError:  # the other side is closed
            return
        if not block:
            return
        yield block


@pytest.fixture
def slow(shell: Shell) -> Shell:
    """Give a planned run, and a service that is slow and once in trouble."""
    shell.plan()
    state = shell.root / ".chargen" / "emulator"
    state.mkdir(parents=True)
    (state / "trouble.toml").write_text(SLOW)
    return shell


def lines_of(drawn: str) -> list[str]:
    return [line.strip() for line in re.split(r"[\r\n]+", CODES.sub("", drawn))]


def test_bars_are_drawn_and_taken_away_again(slow: Shell) -> None:
    code, drawn = Terminal(slow)("stage")
    lines = lines_of(drawn)
    assert code == 0
    assert any(re.fullmatch(r"checking references +[━╸╺]+ 2 of 2 files", line) for line in lines)
    assert any(line.startswith("uploading requests") for line in lines)
    assert drawn.rindex(SHOWN) > drawn.rindex(HIDDEN)
    after = drawn[drawn.rindex(SHOWN) :]
    assert "staged, 3 job(s)" in after
    assert "━" not in after


def test_what_is_told_meanwhile_stands_above_the_bars_and_whole(slow: Shell) -> None:
    lines = lines_of(Terminal(slow, columns=200)("stage")[1])
    assert (
        [line for line in lines if "trying again" in line]
        == [line for line in lines if re.fullmatch(r"warning: .* trying again in \d+ s", line)]
        != []
    )


def test_a_narrow_terminal_has_words_and_no_bars(slow: Shell) -> None:
    drawn = Terminal(slow, columns=44)("stage")[1]
    assert "━" not in drawn
    assert any(re.fullmatch(r"checking references +2 of 2 files", each) for each in lines_of(drawn))


def test_a_dumb_terminal_has_neither_bars_nor_codes(slow: Shell) -> None:
    code, drawn = Terminal(slow, variables={"TERM": "dumb"})("stage")
    assert (code, "\x1b" in drawn, "━" in drawn) == (0, False, False)


@pytest.mark.parametrize("option", ["--quiet", "--json", "--verbose"])
def test_no_bars_where_something_else_is_asked_for(slow: Shell, option: str) -> None:
    assert "━" not in Terminal(slow)(f"stage {option}")[1]


@pytest.mark.parametrize(("option", "variables"), [("--no-color", {}), ("", {"NO_COLOR": "1"})])
def test_bars_without_colour(slow: Shell, option: str, variables: dict[str, str]) -> None:
    drawn = Terminal(slow, variables=variables)(f"stage {option}")[1]
    assert "━" in drawn
    assert not re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", drawn)


def test_waiting_shows_jobs_and_the_time_to_the_next_look(slow: Shell) -> None:
    slow.emulated("stage", "submit")
    code, drawn = Terminal(slow)("poll --wait --interval 1")
    lines = lines_of(drawn)
    assert code == 0
    assert any(re.fullmatch(r"job 1, running.* 0 of 2 tasks", line) for line in lines)
    assert any(line.startswith("asking again in 1 s; Ctrl-C stops waiting") for line in lines)
    assert not [line for line in lines if line.startswith("run ") and "asking again" in line]


@pytest.fixture
def bars(capsys: pytest.CaptureFixture[str]) -> Iterator[Bars]:
    """Give bars that are drawn into what pytest captures."""
    del capsys
    bars = Bars(no_color=True)
    yield bars
    bars.close()
    assert terminal.ABOVE == []


def seen(succeeded: int, state: str = "RUNNING") -> JobSeen:
    counts = JobCounts(total=9, succeeded=succeeded, pending=9 - succeeded)
    return JobSeen(run_id="r", index=1, name="b", state=f"JOB_STATE_{state}", counts=counts)


def amounts(bars: Bars) -> list[str]:
    return [str(task.fields["amount"]) for task in bars.tasks]


def test_a_job_never_goes_back_though_the_counts_do(bars: Bars) -> None:
    bars(PhaseBegan(run_id="r", command="poll"))
    for succeeded in (3, 1):
        bars(seen(succeeded))
    assert amounts(bars) == ["3 of 9 tasks"]


def test_jobs_stay_for_the_next_look_and_steps_do_not(bars: Bars) -> None:
    step = Progress(run_id="r", step="downloading", done=1, total=2, unit="bytes")
    for event in (PhaseBegan(run_id="r", command="poll"), step, seen(3)):
        bars(event)
    bars(PhaseEnded(run_id="r", command="poll", exit_code=75))
    bars(Waiting(run_id="r", until="2026-11-22T08:00:00Z", seconds=9))
    assert amounts(bars) == ["3 of 9 tasks"]
    bars(PhaseBegan(run_id="r", command="download"))
    assert amounts(bars) == []


def test_the_jobs_of_two_runs_are_told_apart(bars: Bars) -> None:
    for run_id in ("20261122T080000Z-aaaa", "20261122T080000Z-bbbb"):
        bars(Progress(run_id=run_id, step="jobs", done=0, total=2, unit="tasks"))
    assert bars.tasks[1].description == "bbbb waiting for the service"
