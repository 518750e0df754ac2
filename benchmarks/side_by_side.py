"""Runs commands in turns, round after round, and compares what they took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[1]
_NOT_PASSED_ON: Final = ("CHARGEN_", "GEMINI_", "GOOGLE_", "COVERAGE_")


@dataclass(frozen=True, slots=True)
class Side:
    """A command to measure; ``prepare`` is called before each time and does not count."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[], object] = lambda: None


@dataclass(slots=True)
class Times:
    """What the runs of one side took.

    ``inner_s`` is what a child says that its work alone took, without the start of the process;
    ``peak_mb`` is the resident set that the operating system saw,
    ``cpu_s`` the processor's time, which tells more than the clock where other work runs beside it.
    """

    wall_s: list[float] = field(default_factory=list)
    inner_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def python(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module with this very Python."""
    return (sys.executable, "-m", *arguments)


def measured(sides: Sequence[Side], rounds: int) -> Mapping[str, Times]:
    """Run every side once a round, in their order, so that a slow moment hits them alike.

    Raises:
        RuntimeError: A command failed; what it printed is in the message.

    """
    taken = {side.name: Times() for side in sides}
    for _ in range(rounds):
        for side in sides:
            side.prepare()
            _run(side, taken[side.name])
    return taken


def printed_by(command: tuple[str, ...]) -> str:
    """Run a command that is not to be timed, and return what it printed.

    Raises:
        RuntimeError: It failed.

    """
    return _run(Side("", command), Times())


def _run(side: Side, times: Times) -> str:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)
    }
    environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 - our own commands
            side.command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=environ
        )
        _, status, usage = os.wait4(child.pid, 0)
        times.wall_s.append(time.perf_counter() - begun)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read().decode("utf-8", "replace")
    if child.returncode:
        raise RuntimeError(f"{' '.join(side.command)} ended with {child.returncode}:\n{printed}")
    times.cpu_s.append(usage.ru_utime + usage.ru_stime)
    times.peak_mb.append(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)
    last = printed.strip().rpartition("\n")[2]
    if last.startswith('{"inner_s"'):
        times.inner_s.append(json.loads(last)["inner_s"])
    return printed


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure by rounds, and its bar; ``told`` is for the JSON alone."""

    what: str
    figures: tuple[float, ...]
    bar: float
    at_least: bool = False
    peak_mb: Mapping[str, float] = field(default_factory=dict)
    told: Mapping[str, object] = field(default_factory=dict)

    @property
    def figure(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.figures)

    @property
    def holds(self) -> bool:
        """Say whether the median is on the right side of the bar."""
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar

    def as_json(self) -> dict[str, object]:
        """Return what the JSON output says."""
        return {
            "what": self.what,
            "median": self.figure,
            "least": min(self.figures),
            "most": max(self.figures),
            "bar": self.bar,
            "at_least": self.at_least,
            "holds": self.holds,
            "rounds": len(self.figures),
            "peak_mb": dict(self.peak_mb),
            **self.told,
        }


def ratios(what: str, taken: Mapping[str, Times], of: str, to: str, *, bar: float) -> Iterator[Row]:
    """Yield a row for whole processes and, where both sides tell it, one for their work alone."""
    peak = {name: max(taken[name].peak_mb) for name in (of, to)}
    pairs = zip(taken[of].wall_s, taken[to].wall_s, strict=True)
    figures = tuple(a / b for a, b in pairs)
    worked = zip(taken[of].cpu_s, taken[to].cpu_s, strict=True)
    told = {"processor": statistics.median(a / b for a, b in worked)}
    yield Row(f"{what}, whole processes", figures, bar, peak_mb=peak, told=told)
    if taken[of].inner_s and taken[to].inner_s:
        inner = zip(taken[of].inner_s, taken[to].inner_s, strict=True)
        yield Row(f"{what}, the work alone", tuple(a / b for a, b in inner), bar)
