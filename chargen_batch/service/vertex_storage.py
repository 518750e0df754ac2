"""A bucket of Cloud Storage: objects looked at, sent, listed, read and deleted.

Google's library does resumable uploads and checksums. Its retries are off but within one resumable
upload, which goes on where it broke off: calls are repeated in one place, ``retry``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from google.api_core.exceptions import NotFound
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from chargen_batch.errors import ServiceError
from chargen_batch.service.vertex_objects import DISPLAY_NAME, SHA256, StoredObject
from chargen_batch.service.vertex_refusals import is_gone, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import requests
    from google.auth.credentials import Credentials

    from chargen_batch.service.vertex_measure import Measure

# What one request sends of a larger object (a multiple of 256 KB); what is smaller goes in one.
CHUNK_BYTES: Final = 8 << 20
# Within one resumable upload: for two minutes, as Google's library does by itself.
CHUNK_RETRY: Final = DEFAULT_RETRY
FIELDS: Final = "items(name,size,crc32c,generation,contentType,metadata,timeCreated),nextPageToken"
PRECONDITION_FAILED: Final = 412


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """Where a bucket is, and the rules by which it removes objects, as the JSON API has them."""

    location: str
    rules: tuple[Mapping[str, Any], ...]


class Bucket:
    """One bucket; may be used from several threads at once."""

    def __init__(
        self,
        name: str,
        session: requests.Session,
        *,
        project: str,
        credentials: Credentials,
        timeout_s: float,
    ) -> None:
        self._client = storage.Client(project=project, credentials=credentials, _http=session)
        self._bucket = self._client.bucket(name)
        self._once = {"retry": None, "timeout": timeout_s}
        self._timeout_s = timeout_s

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def about(self, call: str) -> BucketFacts:
        """Look at the bucket itself, which takes a right of its own.

        Raises:
            ServiceError: There is none (404), or it was refused.
            NetworkError: No answer came.

        """
        with translated(call):
            self._bucket.reload(**self._once)
            rules = tuple(dict(rule) for rule in self._bucket.lifecycle_rules)
            return BucketFacts(self._bucket.location or "", rules)

    def allowed(self, permissions: Sequence[str], call: str) -> tuple[str, ...]:
        """Ask which of these permissions one has in the bucket.

        Raises:
            ServiceError: It was refused.
            NetworkError: No answer came.

        """
        with translated(call):
            return tuple(self._bucket.test_iam_permissions(list(permissions), **self._once))

    def look(self, name: str, call: str) -> StoredObject:
        """Look at one object.

        Raises:
            ServiceError: There is none (404), or it was refused.
            NetworkError: No answer came.

        """
        blob = self._bucket.blob(name)
        with translated(call):
            blob.reload(**self._once)
            return StoredObject.of(blob)

    def find(self, name: str, call: str) -> StoredObject | None:
        """Look whether there is an object of a name."""
        try:
            return self.look(name, call)
        except ServiceError as err:
            if not is_gone(err):
                raise
            return None

    def list(self, prefix: str, call: str) -> Iterator[StoredObject]:
        """Go through the objects whose names begin so, by name, all pages."""
        with translated(call):
            blobs = self._client.list_blobs(
                self._bucket, prefix=prefix, fields=FIELDS, **self._once
            )
            yield from map(StoredObject.of, blobs)

    def put(
        self,
        name: str,
        stream: IO[bytes],
        told: Measure,
        *,
        mime: str,
        display_name: str,
    ) -> StoredObject:
        """Send an object, unless the same is there: by whomever, also while it is sent.

        One that may be gone before a job has ended is sent again over itself: it counts as new.

        Raises:
            ServiceError: What is called so is something else, or it was refused, or the stream has
                changed since it was measured: then nothing is left of what was sent.
            NetworkError: No answer came, or it arrived damaged.

        """
        call = f"the upload of {display_name}"
        there = self.find(name, call)
        if there is None or (there.is_what(told) and there.is_old):
            blob = self._bucket.blob(name, chunk_size=CHUNK_BYTES)
            blob.metadata = {SHA256: told.sha256, DISPLAY_NAME: display_name}
            over = there.generation if there else 0
            there = self._send(blob, stream, told, mime, over=over, call=call)
        if not there.is_what(told):
            raise ServiceError(
                f"{call}: {name} in the bucket is not what its name says (other CRC32C)",
                hint=f"remove it: gcloud storage rm gs://{self._bucket.name}/{name}",
            )
        return there

    def _send(
        self,
        blob: storage.Blob,
        stream: IO[bytes],
        told: Measure,
        mime: str,
        *,
        over: int,
        call: str,
    ) -> StoredObject:
        """Send an object over that generation of it which was seen: 0 is none."""
        try:
            with translated(call):
                blob.upload_from_file(
                    stream,
                    size=told.size,
                    content_type=mime,
                    if_generation_match=over,
                    checksum="crc32c",
                    timeout=self._timeout_s,
                    retry=CHUNK_RETRY if told.size > CHUNK_BYTES else None,
                )
                sent = StoredObject.of(blob)
        except ServiceError as err:
            if err.http_status != PRECONDITION_FAILED:
                raise
            return self.look(blob.name, call)  # somebody else was faster
        if not sent.is_what(told):
            self._take_back(sent, call)
        return sent

    def _take_back(self, sent: StoredObject, call: str) -> NoReturn:
        """Remove what was sent under a name that is not its own."""
        with translated(call), suppress(NotFound):
            blob = self._bucket.blob(sent.name)
            blob.delete(if_generation_match=sent.generation, **self._once)
        raise ServiceError(
            f"{call}: what was read changed while it was sent, and nothing was left of it",
            hint="let nothing write to the file meanwhile, and run it again",
        )

    def read(self, stored: StoredObject, start: int, size: int, call: str) -> bytes:
        """Return a range of the very object that was looked at.

        Raises:
            ServiceError: It was refused; a 412 is that another object is called so by now.
            NetworkError: No answer came, or not all of it.

        """
        blob = self._bucket.blob(stored.name)
        with translated(call):
            content: bytes = blob.download_as_bytes(
                start=start,
                end=start + size - 1,
                if_generation_match=stored.generation,
                raw_download=True,
                checksum=None,
                single_shot_download=True,  # not in pieces of 8 KB, each of them as much Python
                **self._once,
            )
        return content

    def delete(self, name: str, call: str) -> None:
        """Delete one object.

        Raises:
            ServiceError: There is none (404), or it was refused.
            NetworkError: No answer came.

        """
        with translated(call):
            self._bucket.blob(name).delete(**self._once)
