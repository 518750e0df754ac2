"""poll --on-done: a command of the user's own, once for each run that is done."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chargen_batch.errors import BatchError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.cli.acted import Acted

# Its output goes beside ours: stdout may carry a document.
_STDERR: Final = 2


def when_done(command: str | None, *, waits: bool) -> Callable[[Acted], Acted]:
    """Return what runs a command for a run that is done.

    Args:
        command: For the shell; ``None`` runs nothing.
        waits: Whether this poll waits: then its end with an error is told too. One that does not
            tells only what it found done itself.

    """

    def done(acted: Acted) -> Acted:
        if command is None or not _is_due(acted, waits=waits):
            return acted
        return replace(acted, on_done=_run(command, acted))

    return done


def _is_due(acted: Acted, *, waits: bool) -> bool:
    if acted.exit_code is ExitCode.NOT_READY:
        return False
    if isinstance(acted.result, BatchError):
        return waits
    was_over = getattr(acted.result, "was_over", False)
    return not was_over or acted.rounds > 1


def _run(command: str, acted: Acted) -> int:
    told = {"CHARGEN_RUN": acted.run_id, "CHARGEN_EXIT_CODE": str(int(acted.exit_code))}
    ended = subprocess.run(  # noqa: S602 - it is the user's own command line
        command, shell=True, check=False, env={**os.environ, **told}, stdout=_STDERR
    )
    return ended.returncode
