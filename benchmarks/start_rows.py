"""The rows of what a command takes that has nothing to do: to start, and on a large run."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from benchmarks import stories
from benchmarks.report_rows import RUN_ID, finished
from benchmarks.side_by_side import Row, Side, measured, printed_by, python, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FEW: Final = 10
MANY: Final = 10_000
HEAVIEST: Final = 8
_AT_MOST: Final = 1.6
_OTHERS: Final = 3.0  # no bar of anybody's: what none of the other commands should come to
_EMPTY: Final = ("benchmarks.children", "empty-command")
# What each command is typed with, to find nothing to do.
IDLE: Final[Mapping[str, tuple[str, ...]]] = {
    "status": (),
    "runs": (),
    "stage": (),
    "submit": (),
    "poll": ("--run", RUN_ID),
    "download": ("--run", RUN_ID),
    "apply": ("--run", RUN_ID),
    "report": (),
    "resume": ("--run", RUN_ID),
    "cancel": (),
    "cleanup": ("--run", RUN_ID),
    "retry": (),
}
_MODULE: Final = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)


def start(rounds: int) -> Iterator[Row]:
    """Start each command, against an empty one, and count what they import."""
    project = finished(stories.CACHE / f"idle-{FEW}", FEW)
    commands = {name: _typed(project, name) for name in (*IDLE, "config")}
    sides = [
        Side("empty --help", python(*_EMPTY, "--help")),
        Side("--help", python("chargen_batch", "--help")),
        Side("empty", python(*_EMPTY)),
        *(Side(name, python(*typed)) for name, typed in commands.items()),
    ]
    measured(sides, 1)  # the first report is not the one that finds nothing to do
    taken = measured(sides, 4 * rounds)
    against = "a Typer application"
    yield from ratios(f"--help / {against}", taken, "--help", "empty --help", bar=_AT_MOST)
    for name in commands:
        bar = _AT_MOST if name == "status" else _OTHERS
        yield from ratios(f"{name} / {against}", taken, name, "empty", bar=bar)
    yield from _imports(project, rounds)


def _imports(project: Path, rounds: int) -> Iterator[Row]:
    """Compare what is imported, by Python's own clock; the packages are told in the figures."""
    story = stories.copy_of(stories.story(FEW))
    typed = {
        "--help": ("chargen_batch", "--help"),
        "status": _typed(project, "status"),
        "plan": (*_typed(story, "plan"), "--dry-run", "--skip-invalid", "--max-cost", "1000000"),
    }
    taken: dict[str, list[Counter[str]]] = {name: [] for name in ("empty", *typed)}
    for _ in range(rounds):
        for name, command in {"empty": _EMPTY, **typed}.items():
            taken[name].append(_imported_by(command))
    for name in typed:
        pairs = zip(taken[name], taken["empty"], strict=True)
        figures = tuple(ours.total() / theirs.total() for ours, theirs in pairs)
        least = min(taken[name], key=Counter.total)
        told = {
            "imports_s": round(least.total(), 4),
            "heaviest_s": dict(least.most_common(HEAVIEST)),
        }
        yield Row(f"imports of {name} / of a Typer application", figures, _OTHERS, told=told)


def _imported_by(command: tuple[str, ...]) -> Counter[str]:
    """Return the seconds that each package took to import, its dependencies not counted."""
    printed = printed_by((sys.executable, "-X", "importtime", "-m", *command))
    seconds: Counter[str] = Counter()
    for microseconds, name in _MODULE.findall(printed):
        seconds[name.partition(".")[0]] += int(microseconds)
    return Counter({name: each / 1e6 for name, each in seconds.items()})


def idle(rounds: int) -> Iterator[Row]:
    """Type commands that have nothing to do, on a run of few tasks and on one of many."""
    projects = {count: finished(stories.CACHE / f"idle-{count}", count) for count in (FEW, MANY)}
    sides = [
        Side(f"{name} {count}", python(*_typed(project, name)))
        for name in IDLE
        for count, project in projects.items()
    ]
    measured(sides, 1)  # what a finished run has cost is added up once, and its report written
    taken = measured(sides, 4 * rounds)
    for name in IDLE:
        what = f"{name} with nothing to do, {MANY:,} / {FEW} tasks"
        yield from ratios(what, taken, f"{name} {MANY}", f"{name} {FEW}", bar=1.1)


def _typed(project: Path, name: str) -> tuple[str, ...]:
    return ("chargen_batch", name, *IDLE.get(name, ()), "--project", str(project))
