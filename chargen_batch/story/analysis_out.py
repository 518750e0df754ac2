"""What revert takes out of a story's files of answered analyses; a person's words always stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.model.analysis import APPEARANCE_ID
from chargen_batch.story.analysis_back import INVENTORY, analysis, content, entries, new_entry
from chargen_batch.story.existing import REHEARSAL
from chargen_batch.story.fields import texts
from chargen_batch.story.inventory import node_at
from chargen_batch.story.splice import Former, PutBack, Remove, former, is_noted, plain
from chargen_batch.story.taking_out import CHANGED, NOTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.story.analysis_back import Placed
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.sidecar import Sidecar
    from chargen_batch.story.splice import Edit
    from chargen_batch.story.taking_out import Files

    Fields = Mapping[str, object]


def appearance(files: Files, answer: str, provider: str) -> tuple[Edit, ...] | str:
    """Return the edit that takes a character's appearance out, or why it stays."""
    now, was = node_at(files.now.data, (APPEARANCE_ID,)), former(files.then, (), APPEARANCE_ID)
    if provider == REHEARSAL or now is None or (was and texts(was.value)):
        return ()  # nothing of ours is in it
    if now != answer:
        return "its text was changed"
    return (PutBack((), APPEARANCE_ID, was),)


@dataclass(frozen=True, slots=True)
class Described:
    """The entries that a file has now, by the task key and run of their analysis, and its files.

    ``then`` says where those that it had before stood, by what is the same of them for good.
    """

    files: Files
    now: Mapping[tuple[object, object], Placed]
    then: Mapping[str, YamlPath]

    @classmethod
    def of(cls, files: Files) -> Described:
        """Go through the entries once: to look through them for each task takes its square."""
        now: dict[tuple[object, object], Placed] = {}
        for path, entry in entries(files.now.data):
            seen = entry.get("analysis")
            ours = (seen.get("task_key"), seen.get("run_id")) if isinstance(seen, dict) else ()
            if ours and all(isinstance(each, str) for each in ours):
                now.setdefault(ours, (path, entry))
        then: dict[str, YamlPath] = {}
        for path, entry in entries(files.then.data):
            then.setdefault(_lasting(entry), path)
        return cls(files, now, then)


def image(described: Described, sidecar: Sidecar) -> tuple[Edit, ...] | str:
    """Return the edits that take a picture's description out of its entry, or why it stays.

    An entry that was made for it goes as a whole. Of one that was completed, each word that was
    not there before goes while it is what was written.
    """
    found = described.now.get((sidecar.task_key, sidecar.run_id))
    if found is None:
        return ()
    files, (path, entry) = described.files, found
    if is_noted(files.now, (*path, "analysis")):
        return NOTED
    if entry == plain(new_entry(sidecar)):
        if is_noted(files.now, path):
            return NOTED
        was = former(files.then, path[:-2], INVENTORY)
        emptied = Former() if was is not None and was.value else was
        return (Remove(path[:-2], INVENTORY, frozenset({int(path[-1])}), emptied),)
    before = described.then.get(_lasting(entry))
    if before is None or entry.get("analysis") != plain(analysis(sidecar)):
        return CHANGED
    words = content(sidecar.analysis)
    ours = {**words, "content": words, "analysis": plain(analysis(sidecar))}
    return tuple(_undone(files, path, before, ours))


def _undone(files: Files, path: YamlPath, was_at: YamlPath | None, ours: Fields) -> Iterator[Edit]:
    """Yield what gives a mapping back what it had, where it has what is ours.

    ``was_at`` is where it stood; ``None`` where there was none.
    """
    now = node_at(files.now.data, path)
    was = None if was_at is None else node_at(files.then.data, was_at)
    for key, value in ours.items():
        if not isinstance(now, dict) or key not in now:
            continue
        inner, outer = now[key], was.get(key) if isinstance(was, dict) else None
        if key == "content" and isinstance(value, dict) and isinstance(inner, dict):
            if outer or any(value.get(name) != said for name, said in inner.items()):
                at = None if was_at is None or not outer else (*was_at, key)
                yield from _undone(files, (*path, key), at, value)
                continue
        elif inner != value:
            continue
        if key == "analysis" or not texts(outer):
            yield PutBack(path, key, None if was_at is None else former(files.then, was_at, key))


def _lasting(entry: Fields) -> str:
    return repr((entry.get("id"), entry.get("path")))  # of any kind, a list too
