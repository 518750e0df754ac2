"""Cloud Storage as a process of its own that counts what it is asked, and keeps none of it.

``python -m benchmarks.counted_storage FOLDER`` prints two addresses: the one whose calls are
counted, and one for the service that reads and writes there too. For each line that it is sent it
prints, as JSON, what it was asked since the last one, and ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from benchmarks.side_by_side import ROOT, python
from tests.storage import storage
from tests.storage_backend import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

SENT: Final = "bytes sent"
FETCHED: Final = "bytes fetched"
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)")
_JOIN_S: Final = 60.0


class Tally(list[Call]):
    """A list of calls that counts them instead of keeping them: each has its body."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[str] = Counter()

    def append(self, call: Call) -> None:
        """Count a call, what was sent with it, and the range that it asks for."""
        counts = {call.method: 1, SENT: len(call.body)}
        if found := _RANGE.fullmatch(call.headers.get("range", "")):
            counts[FETCHED] = int(found[2]) - int(found[1]) + 1
        self._counts.update(counts)

    def taken(self) -> dict[str, int]:
        """Return the counts since the last time."""
        counts, self._counts = self._counts, Counter()
        return dict(counts)


@dataclass(frozen=True, slots=True)
class CountedStorage:
    """The running process: where it is, and what it was asked."""

    base_url: str
    direct_url: str
    _questions: IO[str]
    _answers: IO[str]

    def counted(self) -> Counter[str]:
        """Return how often each method was called since the last time, and the bytes."""
        self._questions.write("\n")
        self._questions.flush()
        return Counter(json.loads(self._answers.readline()))


@contextlib.contextmanager
def counted_storage(folder: Path) -> Iterator[CountedStorage]:
    """Serve a storage while the context is open.

    Raises:
        RuntimeError: It did not start.

    """
    with subprocess.Popen(  # noqa: S603 - our own commands
        python("benchmarks.counted_storage", str(folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None  # noqa: S101 - for mypy
        assert process.stdout is not None  # noqa: S101 - the same
        base_url, _, direct_url = process.stdout.readline().strip().partition(" ")
        if not direct_url:
            raise RuntimeError("the storage did not start: pip install -e '.[dev]'")
        try:
            yield CountedStorage(base_url, direct_url, process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.wait(_JOIN_S)


def main(folder: str) -> None:
    """Serve until there is no more input."""
    tally = Tally()
    with storage(Path(folder)) as bucket:
        bucket.calls = tally
        _say(f"{bucket.base_url} {bucket.direct_url}")
        for _ in sys.stdin:
            _say(json.dumps(tally.taken()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
