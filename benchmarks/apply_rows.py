"""The rows of apply: a big result file into pictures and entries."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, Final

import pybase64

from benchmarks import stories
from benchmarks.service_rows import command, emptied, move, run_command, submitted
from benchmarks.services import served
from benchmarks.side_by_side import Row, Side, measured, python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.side_by_side import Times

LINES: Final = 400
MORE_LINES: Final = 1_000  # 2 GB of them
PICTURE_BYTES: Final = 1_500_000  # 2 MB as base64
MOST_MB: Final = 150.0


def apply(rounds: int) -> Iterator[Row]:
    """Apply 600 MB of pictures, against the cookbook's way and against writing them alone."""
    folder = emptied(stories.CACHE / "apply")
    project, results = _downloaded(folder, LINES)
    out = folder / "out"
    fresh = partial(_before_writing, out)
    many = (str(out), str(LINES), str(PICTURE_BYTES))
    sides = [
        Side("apply", _apply(project), partial(_before_apply, project, folder / "before")),
        Side("cookbook", python("benchmarks.children", "cookbook", str(results), str(out)), fresh),
        Side("write", python("benchmarks.children", "write", *many), fresh),
    ]
    taken = measured(sides, rounds)
    _check(project, LINES)
    yield from _rows(taken)
    shutil.rmtree(folder)


def apply_2gb(_rounds: int) -> Iterator[Row]:
    """Apply a result file of 2 GB, once: what counts is its memory."""
    folder = emptied(stories.CACHE / "apply-2gb")
    project, _ = _downloaded(folder, MORE_LINES)
    taken = measured([Side("apply", _apply(project))], 1)["apply"]
    _check(project, MORE_LINES)
    yield Row("apply of 2 GB, peak MB", tuple(taken.peak_mb), MOST_MB)
    shutil.rmtree(folder)


def _rows(taken: Mapping[str, Times]) -> Iterator[Row]:
    ours, cookbook, write = taken["apply"], taken["cookbook"], taken["write"]
    size = f"{LINES * PICTURE_BYTES / 1e6:g} MB of pictures"
    faster = tuple(a / b for a, b in zip(cookbook.inner_s, ours.inner_s, strict=True))
    yield Row(f"the cookbook's way / apply, {size}", faster, 4, at_least=True)
    rate = tuple(a / b for a, b in zip(write.inner_s, ours.inner_s, strict=True))
    yield Row(f"apply, rate / writing the same alone, {size}", rate, 0.5, at_least=True)
    peak = {"the cookbook's way": max(cookbook.peak_mb)}
    yield Row("apply of 800 MB, peak MB", tuple(ours.peak_mb), MOST_MB, peak_mb=peak)


def _apply(project: Path) -> tuple[str, ...]:
    return command(project, "", "apply")


def _downloaded(folder: Path, lines: int) -> tuple[Path, Path]:
    """Bring a project to where apply begins; return it, and its result file."""
    project, results = folder / "project", folder / "results.jsonl"
    planned_on = submitted(project, folder / "service", lines)
    _write_results(project, results)
    with served("file", str(results)) as address:
        move(project, planned_on, address)
        run_command(project, address, "download")
    fetched = next(project.glob(".chargen/batch/*/results-0001.jsonl"))
    results.unlink()
    return project, fetched


def _write_results(project: Path, results: Path) -> None:
    """Answer each task with a picture of its own, whole, and of noise that nothing compresses."""
    tasks = next(project.glob(".chargen/batch/*/tasks.jsonl"))
    with results.open("wb") as stream, tasks.open("rb") as lines:
        for number, line in enumerate(lines):
            data = pybase64.b64encode(picture(number)).decode()
            part = {"inlineData": {"mimeType": "image/png", "data": data}}
            answer = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
            whole = {"key": json.loads(line)["key"], "response": answer}
            stream.write(json.dumps(whole).encode() + b"\n")


def picture(number: int) -> bytes:
    """Return a PNG by its structure: a header, noise in one data chunk, an end."""
    head = struct.pack(">IIBBBBB", 864, 1152, 8, 2, 0, 0, 0)
    noise = stories.noise(number, PICTURE_BYTES)
    chunks = ((b"IHDR", head), (b"IDAT", noise), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _before_writing(out: Path) -> None:
    emptied(out)
    os.sync()  # what another side has written shall not be in this one's way


def _before_apply(project: Path, kept: Path) -> None:
    """Put the project back to where it was the first time; the results stay where they are."""
    small = shutil.ignore_patterns("results-*.jsonl")
    if not kept.exists():
        shutil.copytree(project, kept, ignore=small)
    for images in project.glob("characters/*/images"):
        shutil.rmtree(images)
    run = next(project.glob(".chargen/batch/2*"))
    for name in ("outcomes.jsonl", "report.json", "report.html"):
        (run / name).unlink(missing_ok=True)
    shutil.copytree(kept, project, dirs_exist_ok=True)
    os.sync()


def _check(project: Path, lines: int) -> None:
    pictures = sum(path.stat().st_size > PICTURE_BYTES for path in project.rglob("*.png"))
    entries = sum(
        path.read_text("utf-8").count("task_key:") for path in project.rglob("imagery.yaml")
    )
    if not pictures == entries == lines:
        raise RuntimeError(f"{pictures} pictures and {entries} entries of {lines} lines")
