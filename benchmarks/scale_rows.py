"""The row scale: every phase of a story ten times, and a hundred times, as large."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import stories
from benchmarks.services import served
from benchmarks.side_by_side import ROOT, Row, python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIZES: Final = (1_000, 10_000)
HUGE: Final = 100_000  # with HUGE=1: it takes an hour, and 10 GB of disk
PLAN: Final = ("plan", "--changed", "--skip-invalid")
PHASES: Final = (
    PLAN,
    ("stage",),
    ("submit",),
    ("poll", "--wait", "--interval", "1"),
    ("download",),
    ("apply",),
    ("report",),
    (*PLAN, "--dry-run"),
)
MOST_PLAN_MB: Final = 1_000
SETTINGS: Final = (  # so that one submit creates every job: 100 may be at work at a time
    "batch: {max_cost_usd: 1000000, max_enqueued_tokens: 1000000000, max_tasks_per_job: 2000}\n"
)
SETTLED_S: Final = 2.5
_LOOK_S: Final = 0.02
_OF_A_PHASE: Final = {0, 75}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one command took."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    files: int

    def __str__(self) -> str:
        return (
            f"{self.wall_s:8.1f} s, {self.cpu_s:7.1f} s of the processor, "
            f"{self.peak_mb:6.0f} MB, {self.files} files"
        )


def scale(rounds: int) -> Iterator[Row]:  # noqa: ARG001 - once: each size is a round of its own
    """Take stories of several sizes through all phases."""
    yield from growth({size: _taken_through(size) for size in sizes()})


def sizes() -> tuple[int, ...]:
    """Return how many targets the stories have: as SIZES says, else two, and a third with HUGE."""
    if said := os.environ.get("SIZES"):
        return tuple(int(size) for size in said.split(","))
    return (*SIZES, HUGE) if os.environ.get("HUGE") else SIZES


def growth(taken: Mapping[int, Mapping[str, Taken]]) -> Iterator[Row]:
    """Yield how the time and the memory of each phase grow, and what the largest plan took."""
    steps = list(itertools.pairwise(taken))
    for phase in taken[min(taken)] if steps else ():
        told: dict[str, object] = {
            f"{size}": {"wall_s": one.wall_s, "cpu_s": one.cpu_s, "files": one.files}
            for size, one in ((size, taken[size][phase]) for size in taken)
        }
        peak = {f"{size:,}": taken[size][phase].peak_mb for size in taken}
        pairs = [(few, many, taken[few][phase], taken[many][phase]) for few, many in steps]
        times = tuple(math.log(b.cpu_s / a.cpu_s, many / few) for few, many, a, b in pairs)
        yield Row(f"{phase}: exponents of processor time", times, 1.1, peak_mb=peak, told=told)
        swelled = tuple(math.log(b.peak_mb / a.peak_mb, many / few) for few, many, a, b in pairs)
        yield Row(f"{phase}: exponents of memory", swelled, 1.1)
    largest = max(taken)
    most = taken[largest][" ".join(PLAN)].peak_mb / MOST_PLAN_MB
    yield Row(f"plan of {largest:,} targets: peak memory / {MOST_PLAN_MB} MB", (most,), 1)


def _taken_through(size: int) -> dict[str, Taken]:
    project = stories.copy_of(stories.story(size))
    (project / "chargen.yaml").write_text(SETTINGS, "utf-8")
    (project / ".env").write_text("GEMINI_API_KEY=nobody\n", "utf-8")
    service = stories.CACHE / "scale-service"
    shutil.rmtree(service, ignore_errors=True)
    time.sleep(SETTLED_S)
    taken = {}
    with served("tiny", str(service)) as address:
        for words in PHASES:
            name = " ".join(words)
            taken[name] = watched(project, {"GOOGLE_GEMINI_BASE_URL": address}, words)
            told = taken[name]
            sys.stderr.write(f"{size:7,} {name:32} {told}\n")
    runs = sum(file.stat().st_size for file in project.glob(".chargen/batch/*/*"))
    sys.stderr.write(f"{size:7,} the run's directory: {runs / 1e6:,.0f} MB\n")
    shutil.rmtree(service)
    shutil.rmtree(project)
    return taken


def watched(project: Path, environ: Mapping[str, str], words: tuple[str, ...]) -> Taken:
    """Run a command on a project, with more in its environment, and say what it took.

    Raises:
        RuntimeError: It failed.

    """
    command = python("chargen_batch", *words, "--project", str(project), "--quiet")
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    begun = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603 - our own commands
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=given
    )
    most = [0]
    ended = threading.Event()
    watcher = threading.Thread(target=_count_files, args=(child.pid, most, ended))
    watcher.start()
    assert child.stderr is not None  # noqa: S101 - for mypy
    said = child.stderr.read()
    child.stderr.close()
    _, status, usage = os.wait4(child.pid, 0)
    ended.set()
    watcher.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in _OF_A_PHASE:
        told = said.decode("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{told}")
    wall_s, cpu_s = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
    peak_mb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Taken(wall_s, cpu_s, peak_mb, most[0])


def _count_files(pid: int, most: list[int], ended: threading.Event) -> None:
    """Look again and again how many files a process has open; where it cannot be told, 0."""
    folder = Path(f"/proc/{pid}/fd")
    while not ended.wait(_LOOK_S):
        try:
            most[0] = max(most[0], sum(1 for _ in folder.iterdir()))
        except OSError:
            return
