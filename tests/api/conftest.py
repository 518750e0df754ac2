"""The example story, and a program that works with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch import Project, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "lantern-coast"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the example story."""
    shutil.copytree(EXAMPLE, tmp_path / "my-story")
    return tmp_path / "my-story"


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    """Give it, open, with the embedded emulator."""
    with Project.open(folder, backend="emulator") as opened:
        yield opened


@pytest.fixture
def run(project: Project) -> Run:
    """Give a run of two pictures that was planned."""
    return written(project)


def written(project: Project, *, max_tasks: int = 2) -> Run:
    """Write a run of a few pictures."""
    run = project.plan(scope="characters", max_tasks=max_tasks).write()
    assert run is not None
    return run


def downloaded(run: Run) -> Run:
    """Bring a run to where its results are here."""
    run.stage()
    run.submit()
    run.poll(wait=True, interval_s=0.01)
    run.download()
    return run


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, by its path."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
