"""The uploads of a run: which of them a job can still use, and the new ones entered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from chargen_batch.errors import ServiceError
from chargen_batch.model.files import FilesCacheEntry
from chargen_batch.phases.effects import iso, parse_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from chargen_batch.phases.effects import Clock
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, RemoteFile

# How the service answers where an uploaded file is gone; the documented one is 403.
_GONE = frozenset({403, 404})


class Uploads:
    """The ledger of uploads, without those that would not live until ``until``.

    ``uris`` has what requests call each file, by SHA-256. May be used from several threads.
    """

    def __init__(
        self, run: RunDirectory, service: BatchService, clock: Clock, *, until: datetime
    ) -> None:
        self.run, self.service, self.clock = run, service, clock
        self.entries = {
            sha256: entry
            for sha256, entry in run.uploaded().items()
            if entry.expires_at is None or parse_iso(entry.expires_at) > until
        }
        self.uris = {sha256: entry.uploaded_uri for sha256, entry in self.entries.items()}
        self.count = self.bytes_sent = 0
        self._until = until
        self._seen: set[str] | None = None  # not asked yet
        self._lock = threading.Lock()

    def named(self, name: str) -> FilesCacheEntry | None:
        """Return the upload that the service calls so, if it can still be used."""
        return next((entry for entry in self.entries.values() if entry.name == name), None)

    @property
    def were_listed(self) -> bool:
        """Say whether the service was asked what it has."""
        return self._seen is not None

    def drop_gone(self, wanted: Iterable[str]) -> None:
        """Forget those of the files (by SHA-256) that the service no longer has, or not for long.

        All files are listed once; one that the listing lacks is looked at before it is given up,
        for a listing may be late. What the listing says of a file's life goes over the ledger: that
        was written down by a clock which may have been set since.
        """
        if self._seen is None:
            self._seen = {file.name for file in self._listed()}
        for sha256 in wanted:
            entry = self.entries.get(sha256)
            if entry is None or entry.name in self._seen:
                continue
            if self._is_there(entry.name):
                self._seen.add(entry.name)
            else:
                del self.entries[sha256], self.uris[sha256]

    def _listed(self) -> Iterator[RemoteFile]:
        """Go through the service's files; what does not live until ``until`` is forgotten."""
        by_name = {entry.name: sha256 for sha256, entry in self.entries.items()}
        for file in self.service.list_files():
            if file.expires_at and file.expires_at <= self._until and file.name in by_name:
                sha256 = by_name.pop(file.name)  # once, though a later page may have it again
                del self.entries[sha256], self.uris[sha256]
            yield file

    def _is_there(self, name: str) -> bool:
        try:
            self.service.get_file(name)
        except ServiceError as err:
            if err.http_status not in _GONE:
                raise
            return False
        return True

    def enter(self, local: str, sha256: str, mime: str, remote: RemoteFile) -> None:
        """Enter a new upload into the ledger."""
        entry = FilesCacheEntry(
            local_path=local,
            sha256=sha256,
            mime=mime,
            size=remote.size,
            uploaded_uri=remote.uri,
            name=remote.name,
            uploaded_at=iso(self.clock()),
            expires_at=iso(remote.expires_at) if remote.expires_at else None,
        )
        with self._lock:
            self.run.add_uploaded(entry)
            self.entries[sha256], self.uris[sha256] = entry, entry.uploaded_uri
            self.count += 1
            self.bytes_sent += remote.size
            if self._seen is not None:
                self._seen.add(entry.name)
