"""What revert takes out of a story's file: what apply wrote there and nobody has touched since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from chargen_batch.story import placeholders
from chargen_batch.story.analysis_back import entries as entries_in
from chargen_batch.story.inventory import node_at
from chargen_batch.story.locate import target_paths
from chargen_batch.story.splice import Former, PutBack, Remove, former, is_noted, plain
from chargen_batch.story.write_back import INVENTORY, entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chargen_batch.model.task import EntityType
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.splice import Edit
    from chargen_batch.story.write_back import Finished
    from chargen_batch.yaml12 import Composed

CHANGED: Final = "its entry was changed"
NOTED: Final = "a comment was written into its entry"
_EMPTY: Final[dict[str, Former]] = {"provider_metadata": Former(tail=" {}", value={})}
_NULL: Final = Former(tail=" null", value=None)
_OURS: Final = ("provider_metadata", "file_path", "file_name")


@dataclass(frozen=True, slots=True)
class Files:
    """A file as it is, and as it was before a run's first entry came into it."""

    now: Composed
    then: Composed


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The edits that take entries out again; ``left`` says why a task's own ones stay, by key."""

    edits: tuple[Edit, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where an entity's targets stand in its file now, and where they stood before, by id."""

    now: Mapping[str, YamlPath]
    then: Mapping[str, YamlPath]

    @classmethod
    def of(cls, files: Files, entity_type: EntityType, slug: str) -> _Paths:
        """Find the targets; a character's are in another file, and its entries at the top."""
        if entity_type == "character":
            return cls({}, {})
        return cls(
            *(target_paths(each.data, entity_type, slug) for each in (files.now, files.then))
        )

    def before(self, path: YamlPath) -> YamlPath:
        """Return where what stands at a path now stood: targets move, and keep their ids."""
        ids = (target_id for target_id, at in self.now.items() if at == path)
        return next((self.then[each] for each in ids if each in self.then), path)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Whose pictures are taken out of an entity's file."""

    entity_type: EntityType
    slug: str
    run_id: str
    provider: str
    images_in_story: PurePosixPath

    def taken_out(self, files: Files, finished: Sequence[Finished]) -> TakenOut:
        """Return the edits that take out what apply wrote for tasks.

        An entry is looked for by its key and run, wherever it stands now. Of a task that has an
        entry which is not what was written, all stay.
        """
        found, left = self._own(files.now.data), dict[str, str]()
        paths = _Paths.of(files, self.entity_type, self.slug)
        numbers: defaultdict[YamlPath, set[int]] = defaultdict(set)
        edits: list[Edit] = []
        for done in finished:
            own = found.get(done.task.key, ())
            written = [plain(entry) for entry in entries(done, self.run_id, self.provider)]
            if any(entry not in written for _path, entry in own):
                left[done.task.key] = CHANGED
            elif any(is_noted(files.now, path) for path, _entry in own):
                left[done.task.key] = NOTED
            else:
                for path, _entry in own:
                    numbers[path[:-2]].add(int(path[-1]))
                edits += self._emptied(files, paths, done)
        for path, each in numbers.items():
            then = former(files.then, paths.before(path), INVENTORY)
            edits.append(Remove(path, INVENTORY, frozenset(each), _nothing(then)))
        return TakenOut(tuple(edits), left)

    def _own(self, data: object) -> dict[str, list[tuple[YamlPath, Mapping[str, object]]]]:
        """Return the run's entries in a file with their paths, by task key."""
        found: defaultdict[str, list[tuple[YamlPath, Mapping[str, object]]]] = defaultdict(list)
        for path, entry in entries_in(data):
            generation = entry.get("generation")
            if isinstance(generation, dict) and generation.get("run_id") == self.run_id:
                found[str(generation.get("task_key"))].append((path, entry))
        return found

    def _emptied(self, files: Files, paths: _Paths, done: Finished) -> Iterator[Edit]:
        """Yield what empties a chapter image's placeholders, where they hold what this task says.

        An older picture of ours that stood there comes back, unless its entry has gone.
        """
        task = done.task
        if task.entity_type != "chapter":
            return
        path = paths.now.get(task.target_id)
        item = node_at(files.now.data, path) if path else None
        if path is None or not isinstance(item, dict):
            return
        facts = placeholders.values(
            task,
            PurePosixPath(done.pictures[0].path).name,
            at=done.at,
            run_id=self.run_id,
            provider=self.provider,
            images=self.images_in_story,
        )
        names = next((key for key in _OURS if item.get(key)), None)
        if names is None or item[names] != facts[names]:
            return
        at = paths.before(path)
        older = placeholders.ours(
            node_at(files.then.data, at), task, at=done.at, images=self.images_in_story
        )
        comes_back = bool(older) and _is_in(files.now.data, node_at(files.then.data, at))
        for key, value in facts.items():
            was = former(files.then, at, key)
            if was is None or item.get(key) != value or (was.value and key not in older):
                continue
            empty = _EMPTY.get(key, _NULL)
            yield PutBack(path, key, was if comes_back or not was.value else empty)


def _nothing(then: Former | None) -> Former | None:
    """Return how a list was written that held nothing; one that held something is ``[]`` now."""
    return Former() if then is not None and then.value else then


def _is_in(data: object, item: object) -> bool:
    """Say whether the entry that an item's placeholders name is in a file."""
    meta = item.get("provider_metadata") if isinstance(item, dict) else None
    if not isinstance(meta, dict):
        return False
    generations = (entry.get("generation") for _path, entry in entries_in(data))
    return any(
        isinstance(each, dict)
        and (each.get("task_key"), each.get("run_id")) == (meta.get("task_key"), meta.get("run_id"))
        for each in generations
    )
