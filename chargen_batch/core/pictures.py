"""What a picture's own bytes say of it: its type, whether it is whole, its size in pixels."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
Verification = Literal["structure", "full"]
# A file's bytes, one piece after the other.
Pieces: TypeAlias = tuple[bytes | memoryview, ...]
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """A picture's real type and its size in pixels."""

    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ReceivedPicture:
    """A whole picture out of an answer."""

    data: bytes
    facts: PictureFacts

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the picture's bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


class BrokenPictureError(ValueError):
    """The bytes are no picture that we know, or not a whole one."""


def mime_of(head: bytes) -> str | None:
    """Return a picture's type by its first 12 bytes; ``None`` where it is none that we know."""
    if head.startswith(PNG_SIGNATURE):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def inspect(data: bytes) -> PictureFacts:
    """Read a picture's type and size, and check that it is whole by its structure.

    Raises:
        BrokenPictureError: It is not PNG, JPEG or WebP, or a part of it is missing or damaged.

    """
    mime = mime_of(data)
    if mime is None:
        raise BrokenPictureError("the bytes are not PNG, JPEG or WebP")
    reader = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[mime]
    try:
        width, height = reader(data)
    except (struct.error, IndexError) as err:
        raise BrokenPictureError("the picture ends in the middle") from err
    if not (width and height):
        raise BrokenPictureError("the picture has no size")
    return PictureFacts(mime, width, height)


def _png(data: bytes) -> tuple[int, int]:
    """Walk the chunks with their CRCs to IEND (W3C PNG, 5)."""
    position, kinds = len(PNG_SIGNATURE), []
    view = memoryview(data)
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        body = view[position + 4 : position + 8 + length]
        (crc,) = struct.unpack_from(">I", data, position + 8 + length)
        if zlib.crc32(body) != crc:
            raise BrokenPictureError(f"PNG chunk {kind.decode('latin-1')} is damaged")
        kinds.append(kind)
        position += 12 + length
        if kind == b"IEND":
            break
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise BrokenPictureError("the PNG lacks its header or its data")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


# Start-of-frame markers, without DHT (C4), JPG (C8) and DAC (CC) (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA


def _jpeg(data: bytes) -> tuple[int, int]:
    """Walk the segments to the scan, and look for the end marker behind it (ITU T.81, B.1)."""
    position, size = 2, (0, 0)
    while True:
        marker_start, marker, length = struct.unpack_from(">BBH", data, position)
        if marker_start != 0xFF:  # noqa: PLR2004 - the standard's own number
            raise BrokenPictureError("a JPEG segment is damaged")
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte may stand before any marker (B.1.1.2)
            position += 1
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = (width, height)
        if marker == _START_OF_SCAN:
            break
        position += 2 + length
    # Anything may stand behind it: a phone's film, a second picture. Mostly nothing does.
    if data.rfind(b"\xff\xd9", position) < 0:
        raise BrokenPictureError("the JPEG has no end marker")
    return size


def _webp(data: bytes) -> tuple[int, int]:
    """Check the RIFF length and read the first chunk's size (RFC 9649, 2)."""
    (length,) = struct.unpack_from("<I", data, 4)
    if len(data) < 8 + length:
        raise BrokenPictureError("the WebP ends in the middle")
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + _u24(data, 24), 1 + _u24(data, 27)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise BrokenPictureError("the WebP has no picture chunk")


def _u24(data: bytes, position: int) -> int:
    low, high = struct.unpack_from("<HB", data, position)
    return int(low | high << 16)
