"""Builds small stories on disk, and scans them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from chargen_batch.model.settings import ModelFacts, Settings
from chargen_batch.story.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chargen_batch.model.target import Target
    from chargen_batch.story.scan import StoryScan

RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
FACTS: Final = ModelFacts(ratios=RATIOS, sizes=("1K", "2K", "4K"))
PNG: Final = b"\x89PNG\r\n\x1a\n and the rest"
IDEAS: Final = "characters/ada/image-ideas.yaml"
LOCATION: Final = "locations/mill/imagery.yaml"
CHAPTER: Final = "chapters/one/imagery.yaml"


def write(project: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a project; texts are dedented."""
    for name, content in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        path.write_bytes(raw)
    return project


def read(
    project: Path, files: Mapping[str, str | bytes], settings: Settings | None = None
) -> StoryScan:
    """Write a story and scan it."""
    return scan(write(project, files), settings or Settings(), facts=FACTS)


def ids(found: StoryScan) -> list[str]:
    """Return the ids of the targets that were found, in their order."""
    return [target.target_id for target in found.targets]


def only_target(found: StoryScan) -> Target:
    """Return the one target of a story that has no problems."""
    assert found.problems == ()
    (target,) = found.targets
    return target


def problems(found: StoryScan) -> list[str]:
    """Return the problems as they are printed."""
    return [str(problem) for problem in found.problems]
