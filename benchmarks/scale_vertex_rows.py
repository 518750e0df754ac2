"""The row scale-vertex: the same stories over Vertex AI, with its calls and bytes by phase."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks import stories
from benchmarks.counted_storage import FETCHED, SENT, CountedStorage, counted_storage
from benchmarks.scale_rows import (
    PHASES,
    SETTINGS,
    SETTLED_S,
    Taken,
    growth,
    sizes,
    watched,
)
from benchmarks.services import served
from benchmarks.side_by_side import Row
from tests.accounts import account_file
from tests.storage import BUCKET

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BACKEND: Final = ("--backend", "vertex")
_VERTEX: Final = f"vertex: {{project: a-project, location: us-central1, bucket: {BUCKET}}}\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one command took, and what it asked of both services."""

    taken: Taken
    calls: Counter[str]
    sent: int
    fetched: int

    def __str__(self) -> str:
        calls = ", ".join(f"{count} {method}" for method, count in sorted(self.calls.items()))
        return (
            f"{self.taken}; {self.calls.total()} calls ({calls}), "
            f"{self.sent / 1e6:,.1f} MB sent, {self.fetched / 1e6:,.1f} MB fetched"
        )


@dataclass(slots=True)
class _Services:
    """The running services: the environment of those who ask them, and what they were asked."""

    environ: Mapping[str, str]
    storage: CountedStorage
    ledger: Path
    read: int = 0

    def counted(self) -> Counter[str]:
        """Return what was asked since the last time, of the bucket and of Vertex AI."""
        counts = self.storage.counted()
        if self.ledger.exists():
            with self.ledger.open("rb") as ledger:
                ledger.seek(self.read)
                counts.update(json.loads(line)["method"] for line in ledger)
                self.read = ledger.tell()
        return counts


def scale_vertex(rounds: int) -> Iterator[Row]:  # noqa: ARG001 - once: each size is a round of its own
    """Take stories of several sizes through all phases on Vertex AI's backend."""
    asked = {size: _taken_through(size) for size in sizes()}
    taken = {
        size: {phase: one.taken for phase, one in phases.items()} for size, phases in asked.items()
    }
    yield from growth(taken)
    yield from _calls(asked)


def _calls(asked: Mapping[int, Mapping[str, Asked]]) -> Iterator[Row]:
    """Yield how the calls of each phase grow, and which there were."""
    for phase in asked[min(asked)]:
        found = [(size, phases[phase]) for size, phases in asked.items()]
        counts = [one.calls.total() for _, one in found]
        if not all(counts):
            continue  # it asks nothing, whatever there is to do
        told: dict[str, object] = {
            f"{size}": {"calls": dict(one.calls), SENT: one.sent, FETCHED: one.fetched}
            for size, one in found
        }
        grown = tuple(
            math.log(b.calls.total() / a.calls.total(), many / few)
            for (few, a), (many, b) in itertools.pairwise(found)
        )
        if grown:
            yield Row(f"{phase}: exponents of calls", grown, 1.1, told=told)


def _taken_through(size: int) -> dict[str, Asked]:
    project = stories.copy_of(stories.story(size))
    (project / "chargen.yaml").write_text(SETTINGS + _VERTEX, "utf-8")
    time.sleep(SETTLED_S)
    asked = {}
    with _services() as services:
        for words in PHASES:
            name = " ".join(words)
            taken = watched(project, services.environ, (*words, *_BACKEND))
            counts = services.counted()
            sent, fetched = counts.pop(SENT, 0), counts.pop(FETCHED, 0)
            asked[name] = Asked(taken, counts, sent, fetched)
            sys.stderr.write(f"{size:7,} {name:32} {asked[name]}\n")
    runs = sum(file.stat().st_size for file in project.glob(".chargen/batch/*/*"))
    sys.stderr.write(f"{size:7,} the run's directory: {runs / 1e6:,.0f} MB\n")
    shutil.rmtree(project)
    return asked


@contextmanager
def _services() -> Iterator[_Services]:
    """Serve a bucket and Vertex AI's stand-in, each of them a process of its own."""
    folder = stories.CACHE / "scale-vertex-services"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    state = folder / "state"
    with (
        counted_storage(folder / "bucket") as storage,
        # What the service itself does in the bucket is nobody's call.
        served("tiny", str(state), environ={"STORAGE_EMULATOR_HOST": storage.direct_url}) as url,
    ):
        environ = {
            "STORAGE_EMULATOR_HOST": storage.base_url,
            "GOOGLE_VERTEX_BASE_URL": url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(account_file(folder, url)),
        }
        yield _Services(environ, storage, state / "requests.ndjson")
    shutil.rmtree(folder)
