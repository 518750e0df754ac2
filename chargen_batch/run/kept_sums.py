"""What a long run has cost, kept beside its ledger: adding it up anew reads every task."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch import disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chargen_batch.model.settings import ModelFacts
    from chargen_batch.run.directory import RunDirectory

    Facts = Callable[[str], ModelFacts]

# A shorter ledger is added up faster than anybody notices.
_WORTH_KEEPING_BYTES: Final = 256_000
_NAME: Final = "spent.msgpack"  # a cache: it may be deleted, and is no document of the run

# The ledger's size and time, and the tasks'.
Stamp = tuple[int, int, int, int]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What was added up, of which ledger, and with which prices (their hash, by model)."""

    version: int = 1
    stamp: Stamp
    prices: dict[str, str]
    months: dict[str, float]
    tasks: int
    unpriced: int


def stamp(run: RunDirectory) -> Stamp | None:
    """Return what tells whether a run's ledger has changed; ``None`` where it is short."""
    try:
        ledger, tasks = run.outcomes_file.stat(), run.tasks_file.stat()
    except OSError:
        return None
    if ledger.st_size < _WORTH_KEEPING_BYTES:
        return None
    return ledger.st_size, ledger.st_mtime_ns, tasks.st_size, tasks.st_mtime_ns


def read(run: RunDirectory, now: Stamp, facts: Facts) -> Sums | None:
    """Return what was kept, unless the ledger or a price has changed since."""
    try:
        sums = msgspec.msgpack.decode((run.path / _NAME).read_bytes(), type=Sums)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_current = sums.version == 1 and sums.stamp == now
    return sums if is_current and sums.prices == prices(sums.prices, facts) else None


def keep(run: RunDirectory, sums: Sums) -> None:
    """Keep a sum; where it cannot be written, it is added up again the next time."""
    with contextlib.suppress(OSError):
        disk.replace(run.path / _NAME, msgspec.msgpack.encode(sums), locked=False)


def prices(models: Iterable[str], facts: Facts) -> dict[str, str]:
    """Return a hash of what is known of each model."""
    return {
        model: hashlib.sha256(msgspec.json.encode(facts(model))).hexdigest()[:16]
        for model in models
    }
