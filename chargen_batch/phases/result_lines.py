"""Result lines, one at a time: read, decoded, checked and their pictures written, by threads."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chargen_batch.core.adapters import adapter_for
from chargen_batch.core.picture_checks import decoded
from chargen_batch.core.results import UnreadableLineError, parse_line
from chargen_batch.errors import Problem
from chargen_batch.model.outcome import TaskResult
from chargen_batch.phases.file_lines import texts
from chargen_batch.phases.in_order import Work
from chargen_batch.phases.writing_back import FATAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.core.pictures import Verification
    from chargen_batch.core.results import ParsedLine, ReadLine
    from chargen_batch.model.state import DownloadedJob
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.file_lines import Text
    from chargen_batch.phases.picture_writing import PictureWriter, Signed
    from chargen_batch.phases.writing_back import Places
    from chargen_batch.run.directory import RunDirectory

_RESPONSE_LIMIT: Final = 20_000
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
    text: Text | None
    parsed: ParsedLine | None = None
    task: BatchTask | None = None
    fault: str | None = None
    outcome: TaskResult | None = None
    response: str = ""
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """Return the key of its task, for a line that is nobody's one that no other has."""
        return self.task.key if self.task else self.place

    def let_go(self) -> None:
        """Forget the text: it can be long."""
        if self.text:
            self.text.let_go()
        self.text = self.parsed = None


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
    # Only as many threads compute as there are processors, the others wait for the disk: more of
    # them take the interpreter's lock from each other.
    _computing: threading.Semaphore = field(
        default_factory=partial(threading.Semaphore, os.cpu_count() or 1)
    )

    def works(self, path: Path) -> Iterator[Work[Line]]:
        """Go through the file's lines: what is to be done with each by another thread."""
        for number, text in enumerate(texts(path), 1):
            line = Line(f"{path.name}:{number}", text)
            if not text.is_blank:
                self._parse(line, text)
                yield Work(line.key, len(text.view), partial(self._read, line))

    def _parse(self, line: Line, text: Text) -> None:
        try:
            line.parsed = parse_line(text.view)
        except UnreadableLineError as err:
            line.fault = f"does not parse: {err}"
            line.let_go()
            return
        line.task = self.tasks.get(line.parsed.key or "")
        if line.task is None:
            line.fault = f"has an unknown key: {line.parsed.key}"
            line.let_go()

    def _read(self, line: Line) -> Line:
        if line.task and line.parsed and not self.is_settled(line.task.key):
            try:
                with self._computing:
                    read = self._checked(line.task, line.parsed)
                    pictures = [self.writer.signed(line.task, each) for each in read.pictures]
                self._take(line, line.task, read, pictures)
            except UnreadableLineError as err:
                line.fault = f"does not parse: {err}"
        line.let_go()
        return line

    def _checked(self, task: BatchTask, parsed: ParsedLine) -> ReadLine:
        read = adapter_for(task).outcome(parsed)
        if self.verify == "full":
            with self._decoding:  # one at a time: its pixels are many times its bytes
                read = decoded(read)
        return read

    def _take(
        self, line: Line, task: BatchTask, read: ReadLine, pictures: Sequence[Signed]
    ) -> None:
        if read.error:
            line.response = _without_image_data(line.text.view if line.text else b"")
            line.outcome = self._outcome(task, read, stage="settled", status="failed")
        elif read.analysis_json is not None:
            line.outcome = self._outcome(task, read, analysis_json=read.analysis_json)
        else:
            line.let_go()
            line.problem = self.places.fault(task)
            if line.problem is None:
                self._keep(line, task, read, pictures)

    def _keep(self, line: Line, task: BatchTask, read: ReadLine, signed: Sequence[Signed]) -> None:
        """Write a success's pictures."""
        folder = self.places.of(task)
        images = folder / "images" if folder else self.run.orphans(task)
        try:
            pictures, warnings = self.writer.write(images, task, signed)
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


def _without_image_data(raw: memoryview | bytes) -> str:
    """Return a raw answer as a dead letter keeps it."""
    text = _BLOBS.sub(rb"\1...", bytes(raw))[:_RESPONSE_LIMIT]
    return text.decode("utf-8", "replace").rstrip("\n")
