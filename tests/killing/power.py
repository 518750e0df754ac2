"""What a power cut may take: the order of writes, fsyncs and renames, and what depends on it.

Whatever was written and not fsynced may be gone, and so may a name (of a file that was made or
renamed, of a folder) whose folder was not. Nothing that builds on it may happen before: no rename,
no line in a ledger, no request that costs or removes something, no good end of a command.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.killing.watching import Event


def violations(events: Iterable[Event]) -> list[str]:
    """Return what builds on something that a power cut could still take."""
    cut = _Cut()
    return [wrong for event in events for wrong in cut.seen(event)]


class _Cut:
    """What would be gone now: contents by path, and names by the folder that they are in."""

    def __init__(self) -> None:
        self.contents: set[str] = set()
        self.names: dict[str, set[str]] = {}

    def seen(self, event: Event) -> Iterator[str]:
        """Take an event in, and say what is wrong with it."""
        if _may_be_lost(event.path):
            return
        if event.kind == "rename" and self._under(event.path):
            yield f"{event.path} is renamed before its content is on the disk"
        if _builds_on_the_rest(event):
            gone = {*self.contents, *(name for names in self.names.values() for name in names)}
            gone -= {path for path in gone if _is_beside(path, event)}
            for path in sorted(gone - {event.path} - self._under(event.path)):
                yield f"{event.kind} {event.path} while {path} is not on the disk"
        self._take(event)

    def _under(self, path: str) -> set[str]:
        return {each for each in self.contents if each == path or each.startswith(f"{path}/")}

    def _take(self, event: Event) -> None:
        match event.kind:
            case "write" | "truncate":
                self.contents.add(event.path)
            case "create" | "mkdir" if not _is_passing(event.path):
                self._name(event.path)
            case "fsync":
                self.contents.discard(event.path)
                self.names.pop(event.path, None)
            case "unlink":
                self.contents.discard(event.path)
            case "rename":
                self.contents -= self._under(event.path)
                self._name(event.to)
            case _:
                pass

    def _name(self, path: str) -> None:
        self.names.setdefault(PurePosixPath(path).parent.as_posix(), set()).add(path)


def _may_be_lost(path: str) -> bool:
    """Say whether nothing depends on a file: the log, and the lock files, which hold nothing."""
    return path.endswith(("/log.ndjson", ".lock"))


def _is_passing(path: str) -> bool:
    """Say whether a name is only on its way to another one."""
    return path.endswith((".tmp", ".part"))


def _is_beside(path: str, event: Event) -> bool:
    """Say whether a file is a result's picture with which an event has nothing to do.

    Several threads write them, each for itself: a ledger's line builds on those that it names.
    """
    folder, _, name = path.rpartition("/")
    if not (folder.endswith("/images") or "/orphans/" in folder):
        return False
    if event.kind == "rename":
        return _is_beside_others(event)
    told = event.path.endswith("/outcomes.jsonl") and event.data
    return bool(told) and name not in event.data


def _is_beside_others(event: Event) -> bool:
    return event.path.endswith(".tmp") and event.to.endswith((".png", ".jpg", ".webp"))


def is_create(event: Event) -> bool:
    """Say whether an event is the request that costs money, about to leave."""
    return event.kind == "send" and event.path.endswith(":batchGenerateContent")


def _builds_on_the_rest(event: Event) -> bool:
    match event.kind:
        case "rename" | "end":
            return True
        case "write":
            return not _is_passing(event.path) and not event.path.endswith(".tmp/tasks.jsonl")
        case "send":
            return is_create(event) or event.path.startswith("DELETE") or ":cancel" in event.path
        case _:
            return False


def states(events: Iterable[Event]) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Go through the events, each with the state that state.json then holds."""
    written: dict[str, str] = {}
    state: dict[str, Any] = {}
    for event in events:
        if event.kind == "create":
            written[event.path] = ""
        if event.kind == "write":
            written[event.path] = written.get(event.path, "") + event.data
        if event.kind == "rename" and event.to.endswith("/state.json"):
            state = json.loads(written[event.path])
        yield event, state


def lines(event: Event, ledger: str) -> list[dict[str, Any]]:
    """Return the lines that an event appends to a ledger."""
    if event.kind != "write" or not event.path.endswith(f"/{ledger}"):
        return []
    return [json.loads(line) for line in event.data.split("\n") if line]
