"""A file on its way up: measured while it is sent, and compared with what arrived."""

from __future__ import annotations

import hashlib
import io
import os
from typing import IO, TYPE_CHECKING

from chargen_batch.errors import NetworkError, ServiceError

if TYPE_CHECKING:
    from chargen_batch.service.api import RemoteFile

BAD_REQUEST = 400
# The documented type is refused for some users (gemini.md §5 #3): tried next.
STAND_INS = {"application/jsonl": ("application/json", "text/plain")}


class MeasuredStream(io.RawIOBase):
    """``size`` bytes of an open file from where it stands, hashed as they are read.

    The SDK asks a stream for its size by seeking to the end; here the end is where ``size`` says,
    so that the whole length was announced before anything was sent, also of a file that grows.
    """

    def __init__(self, stream: IO[bytes], size: int, label: str) -> None:
        super().__init__()
        self._stream = stream
        self._size = size
        self._label = label
        self._position = 0
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Return the hex digest of what was read so far."""
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: to the ends, which is all that the SDK asks for."""
        return True

    def tell(self) -> int:
        """Return the place, counted from where the stream stood."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move without reading: what is sent is read once, from the beginning on."""
        self._position = offset if whence == os.SEEK_SET else self._size + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return exactly as many bytes as asked for, or what is left.

        Raises:
            ServiceError: The file has become shorter; the service would wait for the rest for ever.

        """
        left = self._size - self._position
        wanted = left if size < 0 else min(size, left)
        chunk = b"".join(iter_exactly(self._stream, wanted))
        if len(chunk) < wanted:
            raise ServiceError(f"the upload of {self._label}: it became shorter while it was sent")
        self._position += len(chunk)
        self._sha256.update(chunk)
        return chunk


def iter_exactly(stream: IO[bytes], wanted: int) -> list[bytes]:
    """Return the next ``wanted`` bytes in pieces: a raw file may give fewer than asked for."""
    pieces = []
    while wanted and (piece := stream.read(wanted)):
        pieces.append(piece)
        wanted -= len(piece)
    return pieces


def accepted_as(mime: str) -> tuple[str, ...]:
    """Return the types to offer a file as, in order."""
    return (mime, *STAND_INS.get(mime, ()))


def is_type_refused(error: ServiceError) -> bool:
    """Say whether an upload was refused for its type: there is no status for it, only words."""
    return error.google and error.http_status == BAD_REQUEST and "mime" in error.message.lower()


def check_arrival(file: RemoteFile, *, size: int, sha256: str, label: str) -> None:
    """Compare what the service has with what was sent, as far as it says.

    Raises:
        NetworkError: Something else arrived: as good as not arrived, and safe to send again.
        ServiceError: The service could not take the file in.

    """
    if file.state == "FAILED":
        raise ServiceError(f"the upload of {label}: the service could not process {file.name}")
    if file.size and file.size != size:
        raise NetworkError(f"the upload of {label}: {size} bytes sent, {file.size} arrived")
    if file.sha256 and file.sha256 != sha256:
        raise NetworkError(f"the upload of {label}: it arrived damaged (other SHA-256)")
