"""The uploaded files of a state directory: found, listed, denied when their time is over."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from chargen_batch.emulator.pages import before, page_of
from chargen_batch.emulator.records import LIFETIME_US, File, Upload
from chargen_batch.emulator.refusals import bad_request, file_denied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.emulator.store import Store, Transaction

LONGEST_FILE_ID = 40
GONE = "gone "


class Shelf:
    """The `files` and `uploads` folders, and what the store says of them.

    Its methods may raise RefusalError.
    """

    def __init__(self, root: Path, store: Store, now_us: Callable[[], int]) -> None:
        self._root = root
        self._store = store
        self._now_us = now_us

    def blob(self, file_id: str) -> Path:
        """Name the place of a file's bytes."""
        return self._root / "files" / file_id

    def part(self, upload_id: str) -> Path:
        """Name the place where the bytes of an unfinished upload grow."""
        return self._root / "uploads" / upload_id

    def get(self, project: str, file_id: str) -> File:
        """Find a project's file."""
        _check_length(file_id, "GetFileRequest")
        with self._store.transaction() as records:
            return self._file(records, project, file_id)

    def live(self, project: str) -> dict[str, File]:
        """Give all live files of a project, the newest first."""
        with self._store.transaction() as records:
            return {file.id: file for _, file in self._live(records, project)}

    def page(self, project: str, size: int, token: str) -> tuple[list[File], str]:
        """Give a page of a project's files, the newest first, and the next page's token."""
        with self._store.transaction() as records:
            return page_of(self._live(records, project, before(token)), size)

    def delete(self, project: str, file_id: str) -> None:
        """Remove a file; a second time it is denied."""
        _check_length(file_id, "DeleteFileRequest")
        with self._store.transaction() as records:
            records.drop(self._file(records, project, file_id))
        self.blob(file_id).unlink(missing_ok=True)

    def expire(self, glob: str) -> int:
        """Let the time of the files be over whose display names match, and count them."""
        now_us = self._now_us()
        with self._store.transaction() as records:
            found = [
                file
                for _, file in records.newest(File)
                if fnmatchcase(file.display_name, glob) and file.expires_us > now_us
            ]
            for file in found:
                records.put(replace(file, expires_us=now_us))
        return len(found)

    def rewind(self) -> None:
        """Let files be gone as often as they were to be gone once more."""
        with self._store.transaction() as records:
            records.forget_counts(GONE)

    def forget_expired(self, records: Transaction) -> None:
        """Drop the files and upload sessions whose time is over, and their bytes."""
        now_us = self._now_us()
        for _, file in list(records.newest(File)):
            if file.expires_us <= now_us:
                records.drop(file)
                self.blob(file.id).unlink(missing_ok=True)
        for _, upload in list(records.newest(Upload)):
            if upload.created_us + LIFETIME_US <= now_us:
                records.drop(upload)
                self.part(upload.id).unlink(missing_ok=True)

    def stored_bytes(self, records: Transaction, project: str) -> int:
        """Add up a project's live files."""
        return sum(file.size for _, file in self._live(records, project))

    def _file(self, records: Transaction, project: str, file_id: str) -> File:
        file = records.get(File, file_id)
        if file is None or not self._there(file, project):
            raise file_denied(file_id)
        return file

    def _live(
        self, records: Transaction, project: str, before: int | None = None
    ) -> Iterator[tuple[int, File]]:
        for seq, file in records.newest(File, before):
            if self._there(file, project):
                yield seq, file

    def _there(self, file: File, project: str) -> bool:
        return file.project == project and file.expires_us > self._now_us() and not file.gone


def is_gone(records: Transaction, display_name: str, gone: Mapping[str, int]) -> bool:
    """Say whether a file that was just uploaded is gone already, using up what was asked for."""
    for glob, times in gone.items():
        if fnmatchcase(display_name, glob):
            counter = GONE + glob
            return records.counted(counter) < times and records.count(counter) < times
    return False


def _check_length(file_id: str, request: str) -> None:
    if len(file_id) > LONGEST_FILE_ID:
        raise bad_request(
            f"* {request}.name: File ID (name excluding 'files/') cannot be more than "
            f"{LONGEST_FILE_ID} characters.\n",
        )
