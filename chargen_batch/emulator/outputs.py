"""The files of a job on disk: its input kept, its output painted once and served ever after."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chargen_batch.emulator.answers import write_output
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.records import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.records import Job


def first_half(requests: int) -> int:
    """Count the rows that a job has answered which did not finish."""
    return (requests + 1) // 2


class Outputs:
    """The `inputs` and `outputs` folders of a state directory."""

    def __init__(self, root: Path) -> None:
        self._inputs = root / "inputs"
        self._outputs = root / "outputs"

    def keep_input(self, job: Job, blob: Path) -> None:
        """Hold on to a job's rows: the uploaded file may go before the job is painted."""
        self._inputs.mkdir(parents=True, exist_ok=True)
        kept = self._inputs / f"{job.id}.jsonl"
        try:
            os.link(blob, kept)
        except OSError:  # a file system without hard links
            shutil.copyfile(blob, kept)

    def painted(self, job: Job) -> Path:
        """Give a job's output; the first to ask paints it, others wait."""
        path = self._outputs / f"{job.id}.jsonl"
        if not path.exists():
            self._outputs.mkdir(parents=True, exist_ok=True)
            with alone(path.with_suffix(".lock")):
                if not path.exists():
                    self._paint(job, path)
        return path

    def forget(self, job: Job) -> None:
        """Remove a job's input and output."""
        (self._inputs / f"{job.id}.jsonl").unlink(missing_ok=True)
        (self._outputs / f"{job.id}.jsonl").unlink(missing_ok=True)

    def _paint(self, job: Job, path: Path) -> None:
        fresh = path.with_suffix(".new")
        with (self._inputs / f"{job.id}.jsonl").open("rb") as rows, fresh.open("wb") as output:
            most = None if job.state == SUCCEEDED else first_half(job.requests)
            write_output(rows, output, job.model, Behaviour.load(job.behaviour), most)
        fresh.replace(path)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file, across processes."""
    # A lock file that is removed while others wait for it is harmless here: whoever comes after
    # finds the output there.
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
