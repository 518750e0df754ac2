"""The rows of the table, by topic; each topic returns its rows, measured."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import (
    apply_rows,
    report_rows,
    scale_rows,
    scale_vertex_rows,
    service_rows,
    start_rows,
    stories,
)
from benchmarks.side_by_side import ROOT, Row, Side, measured, python, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FULL: Final = 1_750  # targets of a whole real story
FEW: Final = 1_000
MANY: Final = 10_000
SPLICED_BYTES: Final = 100_000
SPLICES: Final = 20  # one is over too soon for the clock
_SETTLED_S: Final = 2.5  # files younger than that are hashed, as they may change unseen


def plan(rounds: int) -> Iterator[Row]:
    """Plan whole stories, cold and warm."""
    chosen = os.environ.get("STORY")
    real = ROOT.parent / "shared" / "story"
    named = [("the given story", Path(chosen))] if chosen else []
    named += [] if chosen else [(f"a story of {FULL:,} targets", stories.story(FULL))]
    named += [("the shared story", real)] if real.is_dir() and not chosen else []
    for name, source in named:
        yield from _plan(name, stories.copy_of(source), rounds)


def _plan(name: str, story: Path, rounds: int) -> Iterator[Row]:
    time.sleep(_SETTLED_S)
    planned = _plan_command(story)
    scanned = python("benchmarks.children", "scan", str(story))
    commands = [
        Side("parse", python("benchmarks.children", "parse", str(story))),
        Side("plan cold", planned, partial(_forget, story)),
        Side("plan warm", planned, partial(_forget_runs, story)),
        Side("scan cold", scanned, partial(_forget, story)),
        Side("scan warm", scanned),
    ]
    taken = measured(commands, rounds)
    against = "CSafeLoader alone"
    yield from ratios(f"plan cold / {against}: {name}", taken, "plan cold", "parse", bar=2)
    yield from ratios(f"scan cold / {against}: {name}", taken, "scan cold", "parse", bar=2)
    yield from ratios(f"plan warm / cold: {name}", taken, "plan warm", "plan cold", bar=0.35)
    yield from ratios(f"scan warm / cold: {name}", taken, "scan warm", "scan cold", bar=0.35)


def _plan_command(story: Path) -> tuple[str, ...]:
    options = ("--skip-invalid", "--max-cost", "1000000")
    return python("chargen_batch", "plan", "--project", str(story), *options)


def _forget(story: Path) -> None:
    shutil.rmtree(story / ".chargen", ignore_errors=True)


def _forget_runs(story: Path) -> None:
    shutil.rmtree(story / ".chargen" / "batch", ignore_errors=True)


def growth(rounds: int) -> Iterator[Row]:
    """Plan ten times as many targets."""
    sides = []
    for targets in (FEW, MANY):
        story = stories.copy_of(stories.story(targets))
        command = _plan_command(story)
        sides.append(Side(f"{targets} cold", command, partial(_forget, story)))
        sides.append(Side(f"{targets} warm", command, partial(_forget_runs, story)))
    time.sleep(_SETTLED_S)
    taken = measured(sides, rounds)
    for how in ("cold", "warm"):
        few, many = taken[f"{FEW} {how}"], taken[f"{MANY} {how}"]
        grown = zip(many.wall_s, few.wall_s, strict=True)
        exponents = tuple(math.log(a / b, MANY / FEW) for a, b in grown)
        peak = {str(FEW): max(few.peak_mb), str(MANY): max(many.peak_mb)}
        what = f"plan {how}, {FEW:,} to {MANY:,} targets: exponent"
        yield Row(f"{what} of time", exponents, 1.1, peak_mb=peak)
        swelled = zip(many.peak_mb, few.peak_mb, strict=True)
        yield Row(f"{what} of memory", tuple(math.log(a / b, MANY / FEW) for a, b in swelled), 1.1)


def splice(rounds: int) -> Iterator[Row]:
    """Enter one entry into a file."""
    if importlib.util.find_spec("ruamel.yaml") is None:
        raise RuntimeError("the row splice needs ruamel.yaml: pip install -e '.[bench]'")
    file = _file_to_splice()
    sides = [
        Side("splice", python("benchmarks.children", "splice", str(file), str(SPLICES))),
        Side("round trip", python("benchmarks.children", "round-trip", str(file))),
    ]
    taken = measured(sides, rounds)
    pairs = zip(taken["round trip"].inner_s, taken["splice"].inner_s, strict=True)
    figures = tuple(SPLICES * theirs / ours for theirs, ours in pairs)
    yield Row("ruamel.yaml round trip / splice of one entry, 100 KB", figures, 20, at_least=True)


def _file_to_splice() -> Path:
    """Return a file of about 100 KB: whole entries of a generated story's inventory."""
    file = stories.CACHE / f"spliced-{stories.VERSION}.yaml"
    entries: list[str] = []
    for found in sorted(stories.story(FULL).glob("characters/*/imagery.yaml")):
        entries += found.read_text("utf-8").partition("image_inventory:\n")[2].split("\n  - ")
        if sum(map(len, entries)) > SPLICED_BYTES:
            break
    body = "\n".join("  - " + entry.removeprefix("  - ").rstrip("\n") for entry in entries)
    file.write_text(f"image_inventory:\n{body}\n", "utf-8")
    return file


TOPICS: Final[dict[str, Callable[[int], Iterator[Row]]]] = {
    "plan": plan,
    "growth": growth,
    "start": start_rows.start,
    "idle": start_rows.idle,
    "splice": splice,
    "stage": service_rows.stage,
    "download": service_rows.download,
    "apply": apply_rows.apply,
    "apply-2gb": apply_rows.apply_2gb,
    "report": report_rows.report,
    "scale": scale_rows.scale,
    "scale-vertex": scale_vertex_rows.scale_vertex,
}
