"""Reading the files of entities, each once, with what is wrong in them collected."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch import yaml12
from chargen_batch.errors import Problem
from chargen_batch.story.discover import stays_inside
from chargen_batch.story.targets import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.targets import Fault, Findings

IDEAS_NAMES: Final = ("image-ideas.yaml", "image_ideas.yaml")
IMAGERY_NAME: Final = "imagery.yaml"
PROSE_HEAD_BYTES: Final = 64 * 1024
MOST_FAULTS: Final = 100  # that one file is reported with


def ideas_file(folder: Path) -> Path | None:
    """Return the file of a character's image ideas, the dash first; ``None`` where it has none."""
    paths = (folder / name for name in IDEAS_NAMES)
    return next((path for path in paths if os.path.lexists(path)), None)


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file that was read: its path within the project, its bytes, its top mapping.

    ``broken`` where it could not be read; its mapping is then empty.
    """

    where: str
    raw: bytes = b""
    fields: Mapping[str, object] = field(default_factory=dict)
    broken: bool = False


@dataclass(slots=True)
class Sources:
    """The files of a story that were read so far, and what was found wrong in them."""

    project: Path
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _read: dict[Path, Source | None] = field(default_factory=dict)

    def imagery(self, entity: Entity) -> Source | None:
        """Return an entity's imagery.yaml; ``None`` where it has none."""
        return self._source(entity, IMAGERY_NAME)

    def ideas(self, entity: Entity) -> Source | None:
        """Return a character's image ideas; ``None`` where it has none. The dash wins."""
        read = ideas_file(entity.folder)
        if read is None:
            return None
        unread = entity.folder / IDEAS_NAMES[-1]
        if read != unread and unread not in self._read and os.path.lexists(unread):
            self._read[unread] = None
            self.warnings.append(f"{entity.where}: {read.name} is read, {unread.name} is not")
        return self._source(entity, read.name)

    def heading(self, entity: Entity, name: str) -> str:
        """Return the first ``# `` heading of a prose file; empty where there is none."""
        try:
            raw = self._bytes(entity.folder / name, PROSE_HEAD_BYTES)
        except (OSError, _UnreadableError):
            return ""
        lines = raw.decode("utf-8", "replace").replace("\r", "\n").split("\n")
        return next((line[2:].strip() for line in lines if line.startswith("# ")), "")

    def report(self, source: Source, findings: Findings) -> None:
        """Take the faults and warnings that were found in a source's data, with their lines."""
        if not findings.faults and not findings.warnings:
            return
        places = _Places(source)
        self.problems += places.problems(findings.faults)
        self.warnings += map(str, places.problems(findings.warnings))

    def _source(self, entity: Entity, name: str) -> Source | None:
        path = entity.folder / name
        if path not in self._read:
            self._read[path] = self._load(path, f"{entity.where}/{name}")
        return self._read[path]

    def _load(self, path: Path, where: str) -> Source | None:
        try:
            raw = self._bytes(path)
            return Source(where, raw, _top_mapping(yaml12.load(raw, where=where), where))
        except FileNotFoundError:
            if not path.is_symlink():
                return None
            problem = Problem(where, 0, 0, "is a link to a file that is not there")
        except OSError as err:
            problem = Problem(where, 0, 0, f"cannot be read: {err.strerror}")
        except _UnreadableError as err:
            problem = Problem(where, 0, 0, str(err))
        except yaml12.YamlError as err:
            problem = Problem(where, err.line, err.column, err.message)
        self.problems.append(problem)
        return Source(where, broken=True)

    def _bytes(self, path: Path, most: int | None = None) -> bytes:
        found = path.stat()
        if path.is_symlink() and not stays_inside(self.project, path):
            raise _UnreadableError("is a link that leads out of the project")
        if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for its other end
            raise _UnreadableError("is not a file")
        if most is None and found.st_size > yaml12.MAX_BYTES:
            too_large = f"has {found.st_size:,} bytes; at most {yaml12.MAX_BYTES:,} are read"
            raise _UnreadableError(too_large)
        with path.open("rb") as stream:
            return stream.read() if most is None else stream.read(most)


def _top_mapping(data: object, where: str) -> Mapping[str, object]:
    if data is not None and not isinstance(data, dict):
        found = f"expected a mapping at the top of the file, found {shape(data)}"
        raise yaml12.YamlError(found, where=where)
    return data or {}


class _UnreadableError(Exception):
    """Why a file is not read."""


class _Places:
    """Lines and columns of paths in a source, from a second parse that only a fault costs."""

    def __init__(self, source: Source) -> None:
        self._where = source.where
        self._composed = yaml12.compose(source.raw, where=source.where)

    def problems(self, faults: Sequence[Fault]) -> Iterator[Problem]:
        """Yield the faults with their places; of a great many only the first."""
        yield from map(self._problem, faults[:MOST_FAULTS])
        if len(faults) > MOST_FAULTS:
            yield Problem(self._where, 0, 0, f"and {len(faults) - MOST_FAULTS:,} more like these")

    def _problem(self, fault: Fault) -> Problem:
        line, column = self._position(fault.path)
        message = fault.message
        if fault.other is not None:
            other_line, _ = self._position(fault.other)
            message += f": first used at line {other_line}"
        return Problem(self._where, line, column, message)

    def _position(self, path: YamlPath) -> tuple[int, int]:
        node = self._composed.root
        for step in path:
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
        return yaml12.position(self._composed.text, yaml12.start(node)) if node else (1, 1)


def _child(node: yaml12.Node | None, step: str | int) -> yaml12.Node | None:
    if isinstance(node, yaml12.MappingNode):
        pairs: Iterable[tuple[yaml12.Node, yaml12.Node]] = node.value
        return next((value for key, value in pairs if key.value == str(step)), None)
    if isinstance(node, yaml12.SequenceNode) and isinstance(step, int):
        children: list[yaml12.Node] = node.value
        return children[step]
    return None
