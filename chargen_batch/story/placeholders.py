"""A chapter image's placeholders: what they are filled with, and which values in them are ours."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chargen_batch.story.inventory import inventory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.model.task import BatchTask

_META = {"task_key", "run_id"}


def values(
    task: BatchTask, name: str, *, at: str, run_id: str, provider: str, images: PurePosixPath
) -> dict[str, object]:
    """Return what the placeholders get: the facts of a task's first picture."""
    return {
        "generated_at": at,
        "file_name": name,
        "file_path": str(images / name),
        "provider": provider,
        "model": task.model,
        "provider_metadata": {"task_key": task.key, "run_id": run_id},
    }


def ours(item: object, task: BatchTask, *, at: str, images: PurePosixPath) -> frozenset[str]:
    """Return the keys whose values an earlier picture of ours left, and that this one may replace.

    They are where the metadata name a key of this very target, its entry is there, and the path is
    that of its picture; each value only while it is what that entry says. A person's value stays,
    and so does that of a picture made later.
    """
    if not isinstance(item, dict):
        return frozenset()
    meta, path = item.get("provider_metadata"), item.get("file_path")
    if not isinstance(meta, dict) or set(meta) != _META or not isinstance(path, str):
        return frozenset()
    key = str(meta["task_key"])
    entry = _entry_of(item, key)
    if key.rpartition("@")[0] != task.key.rpartition("@")[0] or entry is None:
        return frozenset()
    name = PurePosixPath(str(entry.get("path"))).name
    generation, provenance = _mapping(entry, "generation"), _mapping(entry, "provenance")
    if path != str(images / name) or str(provenance.get("created_at")) > at:
        return frozenset()
    written = {
        "generated_at": provenance.get("created_at"),
        "file_name": name,
        "file_path": path,
        "provider": generation.get("provider"),
        "model": generation.get("model"),
        "provider_metadata": {"task_key": key, "run_id": generation.get("run_id")},
    }
    return frozenset(each for each, value in written.items() if item.get(each) == value)


def _entry_of(item: Mapping[str, object], key: str) -> Mapping[str, object] | None:
    entries = inventory(item)
    found = (each for each in entries if _mapping(each, "generation").get("task_key") == key)
    return next(found, None)


def _mapping(entry: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}
