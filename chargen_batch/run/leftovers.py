"""What killed commands left beside the runs: half-made runs, and runs that were being removed."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_HALF_MADE: Final = re.compile(r"\.(\d{8}T\d{6}Z)-.+\.tmp")
_HALF_REMOVED: Final = re.compile(r"\..+\.removed")
# No plan takes so long: a half-made run of this age is nobody's any more.
_ABANDONED: Final = timedelta(days=1)


def sweep(runs_dir: Path, *, now: datetime) -> None:
    """Remove what is half made for a day, and what is half removed.

    Args:
        runs_dir: The folder of the runs.
        now: The time.

    """
    for path in runs_dir.iterdir():
        if path.is_dir() and not path.is_symlink() and _is_leftover(path.name, now):
            shutil.rmtree(path, ignore_errors=True)  # what stays is swept the next time


def _is_leftover(name: str, now: datetime) -> bool:
    if _HALF_REMOVED.fullmatch(name):
        return True
    found = _HALF_MADE.fullmatch(name)
    if found is None:
        return False
    try:
        begun = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # digits that are no date: none of our names
        return False
    return now - begun > _ABANDONED
