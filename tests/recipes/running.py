"""A copy of the example story, and the recipes run in it as processes, as they stand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
COMMAND: Final = Path(sys.executable).with_name("chargen-batch")
PICTURES: Final = 24  # what the example story asks for
# So that coverage sees what a recipe runs.
_MEASURING: Final = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True, slots=True)
class Place:
    """A home with the example story in ``my-story`` and the command in ``.local/bin``."""

    home: Path

    @property
    def story(self) -> Path:
        """Return the story's folder."""
        return self.home / "my-story"

    def run(
        self, *words: str, path: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the story, with nothing of the developer's environment."""
        kept = {name: os.environ[name] for name in _MEASURING if name in os.environ}
        found = path or f"{COMMAND.parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            words,
            cwd=self.story,
            env={**kept, "HOME": str(self.home), "PATH": found, **variables},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type one command in the story."""
        return self.run(str(COMMAND), *words)

    def runs(self) -> list[Path]:
        """Return the folders of the story's runs."""
        return sorted(path.parent for path in self.story.glob(".chargen/batch/*/state.json"))

    def phases(self) -> list[str]:
        """Return the phase of each run."""
        return [str(self.read(run / "state.json")["phase"]) for run in self.runs()]

    def drawn(self) -> int:
        """Return how many pictures of ours the story has."""
        portraits = len(list((EXAMPLES / "lantern-coast").glob("*/*/images/*")))
        return len(list(self.story.glob("*/*/images/*.png"))) - portraits

    @staticmethod
    def read(file: Path) -> Any:  # noqa: ANN401 - any JSON value
        """Read a document of a run."""
        return json.loads(file.read_bytes())


def place(home: Path) -> Place:
    """Copy the example story into a home, and put the command where pipx puts it."""
    shutil.copytree(EXAMPLES / "lantern-coast", home / "my-story")
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/chargen-batch").symlink_to(COMMAND)
    return Place(home)
