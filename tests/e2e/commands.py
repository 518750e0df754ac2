"""Running the built command as a process, as a user or a script does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The environment that commands get: nothing of the developer's.
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the one document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command in one project, with more variables where a test needs them."""

    project: Path
    variables: tuple[tuple[str, str], ...] = ()

    def __call__(self, *arguments: str) -> Ran:
        """Run one command and return how it ended."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "chargen_batch", *arguments],
            cwd=self.project,
            env={**kept, "HOME": str(self.project.parent), **dict(self.variables)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def with_variables(self, **variables: str) -> CommandLine:
        """Return the command with more variables."""
        return CommandLine(self.project, (*self.variables, *variables.items()))


def tree(project: Path) -> dict[str, bytes]:
    """Return every file of a project but git's, the cache, the logs and the locks, by its path."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file()
        and not {".git", "cache"} & {*path.parts}
        and not _is_log_or_lock(path.name)
    }


def _is_log_or_lock(name: str) -> bool:
    return name == "log.ndjson" or name.endswith((".lock", ".lock.json"))
