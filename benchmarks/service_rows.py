"""The rows of what goes to the service and comes from it: stage and download."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks import stories
from benchmarks.services import served
from benchmarks.side_by_side import Row, Side, measured, python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.side_by_side import Times

UPLOADS: Final = 60
CONCURRENCY: Final = 5
ANSWER_S: Final = 0.2
LINES: Final = 300
LINE_BYTES: Final = 2_000_000
MOST_MB: Final = 100.0

_KEYS = itertools.count()


def stage(rounds: int) -> Iterator[Row]:
    """Stage references one by one and several at a time."""
    folder = emptied(stories.CACHE / "stage")
    planned = {count: folder / f"planned-{count}" for count in (1, CONCURRENCY)}
    for count, project in planned.items():
        _write_story(project, UPLOADS, 1, f"upload_concurrency: {count}")
        run_command(project, "", "plan")
    with served("slow", str(folder / "service"), str(ANSWER_S)) as address:
        sides = [
            Side(
                f"{count} at a time",
                command(folder / f"staged-{count}", address, "stage"),
                partial(_anew, project, folder / f"staged-{count}"),
            )
            for count, project in planned.items()
        ]
        taken = measured(sides, rounds)
    one, several = (taken[side.name] for side in sides)
    what = f"stage, {UPLOADS} uploads of {ANSWER_S * 1000:g} ms, 1 / {CONCURRENCY} at a time"
    bar = 0.8 * CONCURRENCY
    inner = tuple(a / b for a, b in zip(one.inner_s, several.inner_s, strict=True))
    yield Row(f"{what}, the work alone", inner, bar, at_least=True)


def download(rounds: int) -> Iterator[Row]:
    """Download a big result file, and stream the same with httpx alone."""
    folder = emptied(stories.CACHE / "download")
    project, results, plain = folder / "project", folder / "results.jsonl", folder / "plain"
    planned_on = submitted(project, folder / "service", LINES)
    _write_results(results)
    with served("file", str(results)) as address:
        move(project, planned_on, address)
        ours = command(project, address, "download")
        theirs = python("benchmarks.children", "stream", f"{address}/x:download", str(plain))
        back = partial(_before_download, project, folder / "before")
        back()
        sides = [
            Side("download", ours, back),
            Side("httpx", theirs, partial(plain.unlink, missing_ok=True)),
        ]
        taken = measured(sides, rounds)
        fetched = next(project.glob(".chargen/batch/*/results-0001.jsonl"))
        if fetched.stat().st_size != results.stat().st_size:
            raise RuntimeError(f"{fetched} is not whole")
    yield from _rows(taken)
    shutil.rmtree(folder)


def _rows(taken: Mapping[str, Times]) -> Iterator[Row]:
    size = f"{LINES * LINE_BYTES / 1e6:g} MB"
    ours, theirs = taken["download"], taken["httpx"]
    inner = tuple(a / b for a, b in zip(theirs.inner_s, ours.inner_s, strict=True))
    yield Row(f"download of {size}, rate / plain httpx, the work alone", inner, 0.8, at_least=True)
    peak = {"plain httpx": max(theirs.peak_mb)}
    yield Row(f"download of {size}, peak MB", tuple(ours.peak_mb), MOST_MB, peak_mb=peak)


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write_story(project: Path, characters: int, ideas: int, settings: str) -> None:
    """Write characters with a portrait each, which every one of their ideas refers to."""
    for number in range(characters):
        folder = project / "characters" / f"nobody-{number}"
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "portrait.png").write_bytes(stories.picture(number))
        scenes = [{"title": f"Scene {idea}", "scene": "A lamp."} for idea in range(ideas)]
        data = {"character": {"name": f"Nobody {number}"}, "scenes": scenes}
        (folder / "image-ideas.yaml").write_text(json.dumps(data), "utf-8")
        (folder / "imagery.yaml").write_text("image_inventory: []\n", "utf-8")
    batch = f"batch: {{max_cost_usd: 1000000, {settings}}}\n"
    (project / "chargen.yaml").write_text(batch, "utf-8")


def command(project: Path, address: str, *commands: str) -> tuple[str, ...]:
    """Return a child that types commands at a service; the key stands in the project's .env."""
    return python("benchmarks.children", "commands", address, str(project), *commands)


def run_command(project: Path, address: str, *commands: str) -> None:
    """Type commands at a service.

    Raises:
        RuntimeError: One of them failed.

    """
    measured([Side(commands[0], command(project, address, *commands))], 1)


def _anew(project: Path, copy: Path) -> None:
    """Copy a project, with a key that no file on the service belongs to yet."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy)
    (copy / ".env").write_text(f"GEMINI_API_KEY=nobody-{next(_KEYS)}\n", "utf-8")


def submitted(project: Path, state: Path, lines: int) -> str:
    """Bring a project to where its one job has ended; return the address that it was on."""
    _write_story(project, 1, lines, f"max_enqueued_tokens: 1000000000, max_tasks_per_job: {lines}")
    (project / ".env").write_text("GEMINI_API_KEY=nobody\n", "utf-8")
    with served("slow", str(state), "0") as address:
        run_command(project, address, "plan", "stage", "submit", "poll", "poll")
    return address


def move(project: Path, old: str, new: str) -> None:
    """Let the run belong to another address: a run stays with the service that it was staged on."""
    (state,) = project.glob(".chargen/batch/*/state.json")
    state.write_text(state.read_text("utf-8").replace(old, new), "utf-8")


def _before_download(project: Path, kept: Path) -> None:
    """Put the runs back to where they were the first time."""
    runs = project / ".chargen" / "batch"
    if not kept.exists():
        shutil.copytree(runs, kept)
    shutil.rmtree(runs)
    shutil.copytree(kept, runs)


def _write_results(path: Path) -> None:
    block = random.Random(1).randbytes(LINE_BYTES // 2).hex().encode()  # noqa: S311 - no secret
    with path.open("wb") as stream:
        for number in range(LINES):
            line = b'{"key":"%d","response":"%s"}' % (number, block)
            stream.write(line[: LINE_BYTES - 3] + b'"}\n')
