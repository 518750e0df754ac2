"""Which inventory entry a picture has: looked for by where it is, or by what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chargen_batch import yaml12
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.sources import Sources
from chargen_batch.story.yaml_nodes import child_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.story.discover import Entity, Story
    from chargen_batch.story.fields import YamlPath


@dataclass(frozen=True, slots=True)
class Named:
    """An inventory entry, and where it stands: a file of the project, a line, a path in it."""

    entity: Entity
    file: str
    line: int
    yaml_path: YamlPath
    entry: Mapping[str, object]

    @property
    def task_key(self) -> str | None:
        """Return the key that the entry carries; ``None`` where another tool made it."""
        return self.text("generation", "task_key")

    def text(self, *path: str) -> str | None:
        """Return the text at a path of the entry; ``None`` where there is none."""
        value = self.value(*path)
        return value if isinstance(value, str) and value else None

    def value(self, *path: str) -> object:
        """Return what stands at a path of the entry."""
        value: object = self.entry
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value


@dataclass(slots=True)
class Inventories:
    """The inventories of a story; each file is read at most once, a broken one counts as empty."""

    story: Story
    _sources: Sources = field(init=False)
    _pictures: Pictures = field(init=False)

    def __post_init__(self) -> None:
        self._sources = Sources(self.story.project)
        self._pictures = Pictures(self.story.project)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what was wrong in the files that were read."""
        return tuple(str(problem) for problem in self._sources.problems)

    def at(self, picture: Path) -> Named | None:
        """Return the entry whose file a picture is, of the entity in whose folder that stands.

        Of several the last one, and first of all one that carries a key.
        """
        for entity in self._around(picture):
            found = [
                (path, entry)
                for path, entry in self._entries(entity)
                if self._pictures.find(entity.folder, entry.get("path")) == picture
            ]
            keyed = [each for each in found if _generation(each[1]).get("task_key")]
            if found:
                return self._named(entity, *(keyed or found)[-1])
        return None

    def keyed(self, entity_type: str, slug: str, key: str) -> Iterator[Named]:
        """Go through the entries of an entity that carry a key: a task may come to several."""
        for entity in self._all():
            if (entity.entity_type, entity.slug) == (entity_type, slug):
                for path, entry in self._entries(entity):
                    if _generation(entry).get("task_key") == key:
                        yield self._named(entity, path, entry)

    def adopted(self, sha256: str) -> Iterator[Named]:
        """Go through the entries that say of their picture that it has these bytes.

        A file that does not have the hash in its text is not parsed.
        """
        for entity in self._all():
            if not self._mentions(entity, sha256):
                continue
            for path, entry in self._entries(entity):
                named = self._named(entity, path, entry)
                if named.text("provenance", "sha256") == sha256 and named.task_key:
                    yield named

    def picture(self, named: Named) -> Path | None:
        """Return an entry's picture; ``None`` where it is not what the entry says."""
        return self._pictures.find(named.entity.folder, named.entry.get("path"))

    def around(self, picture: Path) -> Entity | None:
        """Return the entity in whose folder a picture is."""
        return next(self._around(picture), None)

    def _all(self) -> Iterator[Entity]:
        return (entity for each in self.story.entities.values() for entity in each)

    def _around(self, picture: Path) -> Iterator[Entity]:
        for entity in self._all():
            folders = (entity.folder.resolve(), (entity.folder / "images").resolve())
            if any(picture.is_relative_to(folder) for folder in folders):
                yield entity

    def _mentions(self, entity: Entity, text: str) -> bool:
        try:
            return text.encode() in (entity.folder / "imagery.yaml").read_bytes()
        except OSError:
            return False

    def _entries(self, entity: Entity) -> Iterator[tuple[YamlPath, Mapping[str, object]]]:
        imagery = self._sources.imagery(entity)
        return _walked(imagery.fields if imagery else {}, ())

    def _named(self, entity: Entity, path: YamlPath, entry: Mapping[str, object]) -> Named:
        file = entity.folder / "imagery.yaml"
        where = f"{entity.where}/imagery.yaml"
        try:
            composed = yaml12.compose(file.read_bytes(), where=where)
        except (OSError, yaml12.YamlError):  # it was changed just now
            return Named(entity, where, 0, path, entry)
        node = composed.root
        for step in path:
            node = child_of(node, step)
        line = yaml12.position(composed.text, yaml12.start(node))[0] if node else 0
        return Named(entity, where, line, path, entry)


def _generation(entry: Mapping[str, object]) -> Mapping[str, object]:
    value = entry.get("generation")
    return value if isinstance(value, dict) else {}


def _walked(data: object, path: YamlPath) -> Iterator[tuple[YamlPath, Mapping[str, object]]]:
    """Go through the inventory entries in a file's data, wherever they stand."""
    children: Iterable[tuple[str | int, object]] = ()
    if isinstance(data, dict | list):
        children = data.items() if isinstance(data, dict) else enumerate(data)
    for step, child in children:
        if isinstance(child, dict | list):
            if isinstance(child, dict) and path[-1:] == ("image_inventory",):
                yield (*path, step), child
            yield from _walked(child, (*path, step))
