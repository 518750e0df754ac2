"""A file that is to be an object: its size and its checksums, known before anything is sent."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import IO, Final

import google_crc32c

from chargen_batch.errors import ServiceError

READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Measure:
    """What is to be sent: ``crc32c`` is in base64, as the service has it."""

    size: int
    sha256: str
    crc32c: str


def measure(stream: IO[bytes], size: int, label: str) -> Measure:
    """Read a stream to the end of ``size`` bytes, and go back to where it stood.

    Raises:
        ServiceError: It has become shorter.

    """
    start, left = stream.tell(), size
    sha256, crc32c = hashlib.sha256(), google_crc32c.Checksum()
    while left and (piece := stream.read(min(left, READ_BYTES))):
        sha256.update(piece)
        crc32c.update(piece)
        left -= len(piece)
    if left:
        raise ServiceError(f"the upload of {label}: it became shorter while it was read")
    stream.seek(start)
    return Measure(size, sha256.hexdigest(), base64.b64encode(crc32c.digest()).decode())
