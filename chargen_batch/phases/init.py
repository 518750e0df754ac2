"""init: a chargen.yaml that explains every setting, or a small story to play with."""

from __future__ import annotations

import importlib.resources
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chargen_batch import disk
from chargen_batch.config import CONFIG_NAME
from chargen_batch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_PACKAGE: Final = "chargen_batch"
EXAMPLE_NAME: Final = "lantern-coast"
PACKAGED: Final = "example"  # where the wheel has it; a checkout has it under examples/
_IN_A_CHECKOUT: Final = Path(__file__).parents[2] / "examples" / EXAMPLE_NAME


@dataclass(frozen=True, slots=True)
class InitReport:
    """The folder, and the files that were written there; none where all was there already."""

    folder: Path
    written: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE


def run(folder: Path) -> InitReport:
    """Write a chargen.yaml with every setting at its default; one that is there stays as it is."""
    path = folder / CONFIG_NAME
    if os.path.lexists(path):
        return InitReport(folder, ())
    template = importlib.resources.files(_PACKAGE).joinpath("settings.yaml").read_bytes()
    disk.make_directory(folder)
    disk.replace(path, template, locked=False)
    return InitReport(folder, (CONFIG_NAME,))


def example(folder: Path) -> InitReport:
    """Write the example story into a folder of its own.

    Raises:
        UsageError: The folder is there and has something in it.

    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already, and not an empty folder",
            hint="name another one: chargen-batch init --example DIR",
        )
    files = dict(_files(_example_story(), ""))
    for name, content in files.items():
        disk.make_directory((folder / name).parent)
        disk.replace(folder / name, content, locked=False)
    return InitReport(folder, tuple(files))


def _example_story() -> Traversable:
    packaged = importlib.resources.files(_PACKAGE).joinpath(PACKAGED)
    return packaged if packaged.is_dir() else _IN_A_CHECKOUT


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield f"{prefix}{entry.name}", entry.read_bytes()
