"""The resumable upload protocol: sessions whose bytes grow on disk until they are finalised."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from chargen_batch.emulator.calls import Answer, Call
from chargen_batch.emulator.messages import read_file
from chargen_batch.emulator.records import LIFETIME_US, File, Upload
from chargen_batch.emulator.refusals import RefusalError, bad_request, not_found
from chargen_batch.emulator.shelf import LONGEST_FILE_ID, is_gone
from chargen_batch.emulator.wire import file_json
from chargen_batch.emulator.world import FILE_ID_LENGTH

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.world import World

GRANULARITY = 8 * 1024 * 1024
BIGGEST_FILE = 2 * 1024**3
UPLOAD_ID_LENGTH = 48
LONGEST_DISPLAY_NAME = 512
ACTIVE = {"X-Goog-Upload-Status": "active"}
FINAL = {"X-Goog-Upload-Status": "final"}
_FILE_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """An accepted chunk: where its bytes go, and whether they are the last."""

    upload: Upload
    part: Path
    offset: int
    last: bool

    def open(self) -> IO[bytes]:
        """Open the session's bytes for adding."""
        self.part.parent.mkdir(parents=True, exist_ok=True)
        return self.part.open("ab")


def start(call: Call) -> Answer:
    """Begin a session; only the upload URL names our own host."""
    headers = call.headers
    if headers.get("x-goog-upload-protocol") != "resumable":
        raise bad_request("This service takes uploads by the resumable protocol only.")
    if headers.get("x-goog-upload-command") != "start":
        raise bad_request("An upload begins with X-Goog-Upload-Command: start.")
    upload = _requested(call)
    world = call.world
    with world.store.transaction() as records:
        world.shelf.forget_expired(records)
        stored = world.shelf.stored_bytes(records, call.project)
        world.trouble.quotas.check_upload(stored, upload.size or 0)
        if upload.wanted_id and records.get(File, upload.wanted_id):
            raise RefusalError(409, "Requested entity already exists")
        records.put(upload)
    url = f"{call.base_url}/upload/{call.version}/files"
    url += f"?upload_id={upload.id}&upload_protocol=resumable"
    return Answer(
        headers={
            **ACTIVE,
            "X-Goog-Upload-URL": url,
            "X-Goog-Upload-Control-URL": url,
            "X-Goog-Upload-Chunk-Granularity": str(GRANULARITY),
        },
    )


def command(call: Call) -> Answer | Chunk:
    """Do what a request to an upload URL says, or accept the chunk that it brings."""
    upload, received = _session(call.world, call.query.get("upload_id", ""))
    words = {word.strip() for word in call.headers.get("x-goog-upload-command", "").split(",")}
    if words == {"query"}:
        return _queried(call.world, upload, received)
    if words == {"cancel"}:
        return _cancelled(call.world, upload)
    if not words or words - {"upload", "finalize"}:
        raise bad_request("Unknown X-Goog-Upload-Command.")
    if upload.file_id is not None:
        raise _refused("The upload has already been finalized.", FINAL)
    chunk = Chunk(upload, call.world.shelf.part(upload.id), received, last="finalize" in words)
    _check_chunk(call, chunk, brings="upload" in words)
    return chunk


def took(world: World, chunk: Chunk) -> Answer:
    """Go on after a chunk's bytes are there: make the file if it was the last."""
    received = _size(chunk.part)
    if not chunk.last:
        return Answer(headers=_active(received))
    if chunk.upload.size is not None and received != chunk.upload.size:
        raise _refused(
            f"The upload has {received} bytes, but {chunk.upload.size} were declared.",
            _active(received),
        )
    return Answer(body={"file": file_json(_finalise(world, chunk))}, headers=FINAL)


def _requested(call: Call) -> Upload:
    asked = read_file(call.json(), "").get("file", {})
    declared = call.headers.get("x-goog-upload-header-content-length", asked.get("sizeBytes"))
    size = None if declared is None else _integer(declared)
    mime_type = asked.get("mimeType") or call.headers.get("x-goog-upload-header-content-type", "")
    if size is not None and size > BIGGEST_FILE:
        raise bad_request(f"File size {size} exceeds the limit of {BIGGEST_FILE} bytes.")
    if "/" not in mime_type:
        raise bad_request(f"Unsupported MIME type: {mime_type}")
    display_name = asked.get("displayName", "")
    if len(display_name) > LONGEST_DISPLAY_NAME:
        raise bad_request("* CreateFileRequest.file.display_name: longer than 512 characters")
    return Upload(
        id=call.world.new_id(UPLOAD_ID_LENGTH, f"upload {display_name} {size}"),
        project=call.project,
        display_name=display_name,
        mime_type=mime_type,
        size=size,
        created_us=call.world.now_us(),
        wanted_id=_wanted_id(asked),
    )


def _wanted_id(asked: dict[str, Any]) -> str | None:
    if not asked.get("name"):
        return None
    wanted = str(asked["name"]).removeprefix("files/")
    if len(wanted) > LONGEST_FILE_ID or not _FILE_ID.fullmatch(wanted):
        raise bad_request(f"* CreateFileRequest.file.name: Invalid file ID '{wanted}'")
    return wanted


def _session(world: World, upload_id: str) -> tuple[Upload, int]:
    with world.store.transaction() as records:
        upload = records.get(Upload, upload_id)
    if upload is None:
        raise not_found("Upload session not found.")
    return upload, _size(world.shelf.part(upload.id))


def _queried(world: World, upload: Upload, received: int) -> Answer:
    if upload.file_id is None:
        return Answer(headers=_active(received))
    return Answer(
        body={"file": file_json(world.shelf.get(upload.project, upload.file_id))}, headers=FINAL
    )


def _cancelled(world: World, upload: Upload) -> Answer:
    with world.store.transaction() as records:
        records.drop(upload)
    world.shelf.part(upload.id).unlink(missing_ok=True)
    return Answer(headers={"X-Goog-Upload-Status": "cancelled"})


def _check_chunk(call: Call, chunk: Chunk, *, brings: bool) -> None:
    offset = _integer(call.headers.get("x-goog-upload-offset", "0" if not brings else ""))
    length = _integer(call.headers.get("content-length", "0"))
    if brings and offset != chunk.offset:
        raise _refused(
            f"The offset {offset} is not where the upload stands: {chunk.offset}.",
            _active(chunk.offset),
        )
    if not chunk.last and length % GRANULARITY:
        raise _refused(
            f"A chunk that is not the last must be a multiple of {GRANULARITY} bytes.",
            _active(chunk.offset),
        )
    declared = chunk.upload.size
    if declared is not None and chunk.offset + length > declared:
        raise _refused(f"More than the declared {declared} bytes.", _active(chunk.offset))


def _finalise(world: World, chunk: Chunk) -> File:
    upload = chunk.upload
    with chunk.open():  # an empty file had no chunk to make it
        pass
    with chunk.part.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    now_us = world.now_us()
    file = File(
        id=upload.wanted_id or world.new_id(FILE_ID_LENGTH, f"file {upload.display_name} {digest}"),
        project=upload.project,
        display_name=upload.display_name,
        mime_type=upload.mime_type,
        size=_size(chunk.part),
        sha256=digest,
        created_us=now_us,
        expires_us=now_us + LIFETIME_US,
    )
    blob = world.shelf.blob(file.id)
    blob.parent.mkdir(parents=True, exist_ok=True)
    with world.store.transaction() as records:
        chunk.part.replace(blob)
        records.put(replace(file, gone=is_gone(records, file.display_name, world.trouble.gone)))
        records.put(replace(upload, file_id=file.id))
    return file


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _active(received: int) -> dict[str, str]:
    return {**ACTIVE, "X-Goog-Upload-Size-Received": str(received)}


def _refused(message: str, headers: dict[str, str]) -> RefusalError:
    return RefusalError(400, message, headers=headers)


def _integer(value: object) -> int:
    text = str(value)
    if not text.isdecimal():
        raise bad_request(f"Invalid number '{text}' in the upload's headers.")
    return int(text)
