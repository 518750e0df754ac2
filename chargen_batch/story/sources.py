"""Reading the files of entities, each once, with what is wrong in them collected."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch import yaml12
from chargen_batch.errors import Problem, dotted
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.discover import stays_inside
from chargen_batch.story.fault_places import FaultPlaces
from chargen_batch.story.fields import clean
from chargen_batch.story.targets import Fault, shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chargen_batch.story.cache_records import Places
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.targets import Findings

IDEAS_NAMES: Final = ("image-ideas.yaml", "image_ideas.yaml")
IMAGERY_NAME: Final = "imagery.yaml"
RUNS_NAME: Final = "imagery.runs.yaml"
PROSE_HEAD_BYTES: Final = 64 * 1024
MOST_HELD: Final = 100


def ideas_file(folder: Path) -> Path | None:
    """Return the file of a character's image ideas, the dash first; ``None`` where it has none."""
    paths = (folder / name for name in IDEAS_NAMES)
    return next((path for path in paths if os.path.lexists(path)), None)


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file that was read: its path within the project, its file, its top mapping.

    ``places`` are the lines and columns of paths in it that were looked up. ``broken`` where it
    could not be read; its mapping is then empty.
    """

    where: str
    file: Path
    fields: Mapping[str, object] = field(default_factory=dict)
    places: Places = field(default_factory=dict)
    broken: bool = False


@dataclass(slots=True)
class Sources:
    """The files of a story that were read so far, and what was found wrong in them.

    Few are held at a time: of the others the cache has the data, which costs no second parse.
    """

    project: Path
    cache: StoryCache = field(default_factory=StoryCache)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _held: dict[str, Source] = field(default_factory=dict)
    _kept: dict[str, Source | None] = field(default_factory=dict)
    _let_go: set[str] = field(default_factory=set)
    _ideas: dict[str, str | None] = field(default_factory=dict)

    def imagery(self, entity: Entity) -> Source | None:
        """Return an entity's imagery.yaml; ``None`` where it has none."""
        return self._source(entity, IMAGERY_NAME)

    def runs(self, entity: Entity) -> Source | None:
        """Return what another tool noted of an entity's pictures; ``None`` where it did not."""
        return self._source(entity, RUNS_NAME)

    def ideas(self, entity: Entity) -> Source | None:
        """Return a character's image ideas; ``None`` where it has none. The dash wins."""
        if entity.where not in self._ideas:
            self._ideas[entity.where] = self._find_ideas(entity)
        name = self._ideas[entity.where]
        return self._source(entity, name) if name else None

    def _find_ideas(self, entity: Entity) -> str | None:
        read = ideas_file(entity.folder)
        if read is None:
            return None
        unread = entity.folder / IDEAS_NAMES[-1]
        if read != unread and os.path.lexists(unread):
            self.warnings.append(f"{entity.where}: {read.name} is read, {unread.name} is not")
        return read.name

    def heading(self, entity: Entity, name: str) -> str:
        """Return the first ``# `` heading of a prose file; empty where there is none."""
        try:
            raw = self._bytes(entity.folder / name, PROSE_HEAD_BYTES)
        except (OSError, _UnreadableError):
            return ""
        lines = raw.decode("utf-8", "replace").replace("\r", "\n").split("\n")
        return next((line[2:].strip() for line in lines if line.startswith("# ")), "")

    def prose(self, entity: Entity, name: str) -> str:
        """Return the text of a prose file, its first 64 KiB; empty where there is none."""
        try:
            raw = self._bytes(entity.folder / name, PROSE_HEAD_BYTES)
        except (OSError, _UnreadableError):
            return ""
        return clean(raw.decode("utf-8", "replace").rstrip("\ufffd"))

    def report(self, source: Source, findings: Findings) -> None:
        """Take the faults and warnings that were found in a source's data, with their lines."""
        if not findings.faults and not findings.warnings:
            return
        with self._places(source) as places:
            self.problems += places.problems(findings.faults)
            self.warnings += map(str, places.problems(findings.warnings))

    def placed(self, where: str, path: YamlPath, message: str, *, exactly: bool) -> str:
        """Return a warning with its file and path; to know the line as well costs a parse."""
        source = self._held.get(where) or self._kept.get(where)
        if source is None and (known := self.cache.again(where)):
            source = Source(where, self.project / where, places=known.places)
        if source is None or not exactly:
            return str(Problem(where, 0, 0, message, dotted(path)))
        with self._places(source) as places:
            (problem,) = places.problems([Fault(path, message)])
        return str(problem)

    @contextlib.contextmanager
    def _places(self, source: Source) -> Iterator[FaultPlaces]:
        """Look up places in a source, and keep those that were not known."""
        known = len(source.places)
        yield FaultPlaces(source.where, source.file, source.places)
        if len(source.places) > known:
            self.cache.keep_places(source.where, source.places)

    def _source(self, entity: Entity, name: str) -> Source | None:
        where = f"{entity.where}/{name}"
        if where in self._kept:
            return self._kept[where]
        if held := self._held.get(where):
            return held
        path = entity.folder / name
        source = (self._again(path, where) if where in self._let_go else None) or self._load(
            path, where
        )
        if source is None or source.broken:
            self._kept[where] = source
        else:
            self._hold(source)
        return source

    def _hold(self, source: Source) -> None:
        if len(self._held) >= MOST_HELD:
            where = next(iter(self._held))
            first = self._held.pop(where)
            if self.cache.has(where):
                self._let_go.add(where)
            else:  # it would be parsed anew
                self._kept[where] = first
        self._held[source.where] = source

    def _again(self, path: Path, where: str) -> Source | None:
        known = self.cache.again(where)
        return Source(where, path, _top_mapping(known.data, where), known.places) if known else None

    def _load(self, path: Path, where: str) -> Source | None:
        try:
            return self._read_or_known(path, where)
        except FileNotFoundError:
            if not path.is_symlink():
                return None
            problem = Problem(where, 0, 0, "is a link to a file that is not there")
        except OSError as err:
            problem = Problem(where, 0, 0, f"cannot be read: {err.strerror}")
        except _UnreadableError as err:
            problem = Problem(where, 0, 0, str(err))
        except yaml12.YamlError as err:
            problem = Problem(where, err.line, err.column, err.message, excerpt=err.excerpt)
        self.problems.append(problem)
        return Source(where, path, broken=True)

    def _read_or_known(self, path: Path, where: str) -> Source:
        found = self._found(path)
        if known := self.cache.yaml(where, path, found):
            return Source(where, path, _top_mapping(known.data, where), known.places)
        raw = self._bytes(path)
        data = yaml12.load(raw, where=where)
        self.cache.keep_yaml(where, found, raw, data)
        return Source(where, path, _top_mapping(data, where))

    def _bytes(self, path: Path, most: int | None = None) -> bytes:
        self._found(path, most)
        with path.open("rb") as stream:
            return stream.read() if most is None else stream.read(most)

    def _found(self, path: Path, most: int | None = None) -> os.stat_result:
        found = path.stat()
        if path.is_symlink() and not stays_inside(self.project, path):
            raise _UnreadableError("is a link that leads out of the project")
        if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for its other end
            raise _UnreadableError("is not a file")
        if most is None and found.st_size > yaml12.MAX_BYTES:
            too_large = f"has {found.st_size:,} bytes; at most {yaml12.MAX_BYTES:,} are read"
            raise _UnreadableError(too_large)
        return found


def _top_mapping(data: object, where: str) -> Mapping[str, object]:
    if data is not None and not isinstance(data, dict):
        found = f"expected a mapping at the top of the file, found {shape(data)}"
        raise yaml12.YamlError(found, where=where)
    return data or {}


class _UnreadableError(Exception):
    """Why a file is not read."""
