"""The database file in which processes share the records: one immediate transaction at a time."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from chargen_batch.emulator.records import File, Job, Upload
from chargen_batch.emulator.vertex_records import VertexJob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Record = TypeVar("Record", File, Job, Upload, VertexJob)

VERSION = 2
BUSY_TIMEOUT_S = 60.0
_RECORDS = """CREATE TABLE record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, id))"""
_COUNTERS = "CREATE TABLE counter (name TEXT PRIMARY KEY, count INTEGER NOT NULL)"
# What each version added to the one before it.
_STEPS = (_RECORDS, _COUNTERS)


class Transaction:
    """The records as one request sees and changes them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, kind: type[Record], record_id: str) -> Record | None:
        """Fetch one record, or None."""
        query = "SELECT body FROM record WHERE kind = ? AND id = ?"
        found = self._connection.execute(query, (kind.__name__, record_id)).fetchone()
        return None if found is None else kind(**json.loads(found[0]))

    def put(self, record: File | Job | Upload) -> None:
        """Add a record, or replace the one with its kind and id in its place."""
        self._connection.execute(
            "INSERT INTO record (kind, id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (type(record).__name__, record.id, json.dumps(asdict(record))),
        )

    def drop(self, record: File | Job | Upload) -> None:
        """Remove a record."""
        query = "DELETE FROM record WHERE kind = ? AND id = ?"
        self._connection.execute(query, (type(record).__name__, record.id))

    def newest(self, kind: type[Record], before: int | None = None) -> Iterator[tuple[int, Record]]:
        """Go through the records of a kind from the newest, with their sequence numbers."""
        query = "SELECT seq, body FROM record WHERE kind = ? AND seq < ? ORDER BY seq DESC"
        top = 2**62 if before is None else before
        for seq, body in self._connection.execute(query, (kind.__name__, top)):
            yield seq, kind(**json.loads(body))

    def counted(self, name: str) -> int:
        """Tell how often `count` was called with a name."""
        query = "SELECT count FROM counter WHERE name = ?"
        found = self._connection.execute(query, (name,)).fetchone()
        return 0 if found is None else int(found[0])

    def count(self, name: str) -> int:
        """Count one more, and tell how many there were before: 0 for the first."""
        before = self.counted(name)
        self._connection.execute(
            "INSERT INTO counter (name, count) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET count = count + 1",
            (name,),
        )
        return before

    def forget_counts(self, prefix: str) -> None:
        """Begin again with the names that start so."""
        self._connection.execute(
            "DELETE FROM counter WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
        )


class Store:
    """The database of a state directory, made by its first transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the records alone, across processes; an exception undoes what was changed."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            # Only a power cut could lose a commit now, and no test cuts the power.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection)
            yield Transaction(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version > VERSION:
        raise RuntimeError(f"the emulator's state is of version {version}: remove its directory")
    for step in _STEPS[version:]:
        connection.execute(step)
    connection.execute(f"PRAGMA user_version = {VERSION}")
