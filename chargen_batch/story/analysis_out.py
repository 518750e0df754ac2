"""What revert takes out of a story's files of answered analyses; a person's words always stay."""

from __future__ import annotations

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


def image(files: Files, sidecar: Sidecar) -> tuple[Edit, ...] | str:
    """Return the edits that take a picture's description out of its entry, or why it stays.

    An entry that was made for it goes as a whole. Of one that was completed, each word that was
    not there before goes while it is what was written.
    """
    found = next((each for each in entries(files.now.data) if _is_of(each[1], sidecar)), None)
    if found is None:
        return ()
    path, entry = found
    if is_noted(files.now, (*path, "analysis")):
        return NOTED
    if entry == plain(new_entry(sidecar)):
        if is_noted(files.now, path):
            return NOTED
        was = former(files.then, path[:-2], INVENTORY)
        emptied = Former() if was is not None and was.value else was
        return (Remove(path[:-2], INVENTORY, frozenset({int(path[-1])}), emptied),)
    before = next((each for each in entries(files.then.data) if _is_same(each[1], entry)), None)
    if before is None or entry.get("analysis") != plain(analysis(sidecar)):
        return CHANGED
    words = content(sidecar.analysis)
    ours = {**words, "content": words, "analysis": plain(analysis(sidecar))}
    return tuple(_undone(files, path, before[0], ours))


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


def _is_of(entry: Fields, sidecar: Sidecar) -> bool:
    seen = entry.get("analysis")
    wanted = (sidecar.task_key, sidecar.run_id)
    return isinstance(seen, dict) and (seen.get("task_key"), seen.get("run_id")) == wanted


def _is_same(entry: Fields, now: Fields) -> bool:
    return (entry.get("id"), entry.get("path")) == (now.get("id"), now.get("path"))
