"""Result lines, one at a time: read, decoded, checked and their pictures written, by threads."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chargen_batch.core.adapters import adapter_for
from chargen_batch.core.picture_checks import decoded
from chargen_batch.core.results import parse_line, shortened
from chargen_batch.errors import Problem
from chargen_batch.model.outcome import TaskResult
from chargen_batch.phases.file_lines import is_blank, lines_of
from chargen_batch.phases.in_order import Work
from chargen_batch.phases.writing_back import FATAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.core.pictures import Verification
    from chargen_batch.core.results import ReadLine
    from chargen_batch.model.state import DownloadedJob
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.picture_writing import PictureWriter
    from chargen_batch.phases.places import Places
    from chargen_batch.run.directory import RunDirectory

_RESPONSE_LIMIT: Final = 20_000
# What Vertex says again of what was asked: a dead letter has the task itself.
_ECHOED: Final = "request"
# A picture in base64, and a thought's signature, which is as long and says nothing to people.
_BLOBS: Final = re.compile(
    rb'("(?:data|thoughtSignature|thought_signature)"\s*:\s*")[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL
)


@dataclass(slots=True)
class Line:
    """A line on its way: where it stands, whose it is, and what came of it.

    ``fault`` says why it is nobody's. Without fault, outcome and problem its task had its result
    before. ``response`` is the raw answer of a failure, as a dead letter keeps it.
    """

    place: str
    task: BatchTask | None = None
    read: ReadLine | None = None
    fault: str | None = None
    outcome: TaskResult | None = None
    response: str = ""
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """Return the key of its task, for a line that is nobody's one that no other has."""
        return self.task.key if self.task else self.place

    @property
    def weight(self) -> int:
        """Return how much it holds: its pictures' bytes, or its answer's letters."""
        if self.read is None:
            return 0
        pictures = sum(len(picture.data) for picture in self.read.pictures)
        return pictures + len(self.read.analysis_json or "")


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads a job's result file.

    The picture of a task whose entity has vanished goes to ``orphans/``.
    """

    run: RunDirectory
    job: DownloadedJob
    tasks: Mapping[str, BatchTask]
    places: Places
    writer: PictureWriter
    verify: Verification
    is_settled: Callable[[str], bool]
    _decoding: threading.Lock = field(default_factory=threading.Lock)

    def works(self, path: Path) -> Iterator[Work[Line]]:
        """Go through the file's lines: what is to be done with each by another thread.

        A line is decoded here, where it is still in the processor's cache; checksums, writing and
        waiting for the disk are the other threads'.
        """
        works = map(partial(self._work, path.name), count(1), lines_of(path))
        return (work for work in works if work)

    def _work(self, name: str, number: int, text: memoryview) -> Work[Line] | None:
        if is_blank(text):
            return None
        line = Line(f"{name}:{number}")
        try:
            self._read(line, text)
        except ValueError as err:  # whatever is in a line, it stops no other
            line.fault = f"does not parse: {shortened(str(err))}"
        return Work(line.key, line.weight, partial(self._settle, line))

    def _read(self, line: Line, text: memoryview) -> None:
        parsed = parse_line(text)
        line.task = self.tasks.get(parsed.key or "")
        if line.task is None:
            line.fault = f"has an unknown key: {shortened(str(parsed.key))}"
        elif not self.is_settled(line.task.key):
            line.read = adapter_for(line.task).outcome(parsed)
            if line.read.error or self.verify == "full":
                line.response = _without_image_data(text)

    def _settle(self, line: Line) -> Line:
        if line.task and line.read and not self.is_settled(line.task.key):
            read = line.read
            if self.verify == "full":
                with self._decoding:  # one at a time: its pixels are many times its bytes
                    read = decoded(read)
            self._take(line, line.task, read)
        line.read = None
        return line

    def _take(self, line: Line, task: BatchTask, read: ReadLine) -> None:
        if read.error:
            line.outcome = self._outcome(task, read, stage="settled", status="failed")
        elif read.analysis_json is not None:
            line.outcome = self._outcome(task, read, analysis_json=read.analysis_json)
        else:
            line.problem = self.places.fault(task)
            if line.problem is None:
                self._keep(line, task, read)

    def _keep(self, line: Line, task: BatchTask, read: ReadLine) -> None:
        """Write a success's pictures."""
        folder = self.places.of(task)
        images = folder / "images" if folder else self.run.orphans(task)
        try:
            pictures, warnings = self.writer.write(images, task, read.pictures)
        except OSError as err:
            if err.errno in FATAL:
                raise
            where = images.relative_to(self.places.project.root).as_posix()
            line.problem = Problem(where, 0, 0, f"cannot be written to: {err.strerror}")
            return
        line.outcome = self._outcome(
            task,
            read,
            image_path=pictures[0].path,
            sha256=pictures[0].sha256,
            pictures=pictures,
            warnings=(*read.warnings, *warnings),
        )

    def _outcome(self, task: BatchTask, read: ReadLine, **more: Any) -> TaskResult:  # noqa: ANN401 - fields by name
        facts: dict[str, Any] = {"stage": "received", "status": "success", **more}
        return TaskResult(
            key=task.key,
            job=self.job.index,
            at=self.job.ended_at,
            error=read.error,
            usage=read.usage,
            provider_meta=read.provider_meta,
            **{"warnings": read.warnings, **facts},
        )


def _without_image_data(raw: memoryview) -> str:
    """Return a raw answer as a dead letter keeps it: without what was asked, if it has that."""
    text = bytes(raw)
    if b'"request"' in text:
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        fields.pop(_ECHOED, None)
        text = msgspec.json.encode(fields)
    text = _BLOBS.sub(rb"\1...", text)[:_RESPONSE_LIMIT]
    return text.decode("utf-8", "replace").rstrip("\n")
