"""A picture's record in its own bytes: put in and read out without touching a pixel.

PNG has it in an iTXt chunk (W3C PNG, 11.3.3.4), JPEG and WebP in XMP (ISO 16684-1; Adobe XMP part
3, 1.1.3; RFC 9649, 2.7): all of these are passed over by whoever only shows the picture.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core.pictures import PNG_SIGNATURE, BrokenPictureError
from chargen_batch.model.provenance import PictureRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.core.pictures import PictureFacts, Pieces

KEYWORD: Final = b"chargen-batch"
NAMESPACE: Final = "https://chargen-batch.example/ns/1.0/"
_XMP_SEGMENT: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_LONGEST_SEGMENT: Final = 0xFFFF - 2
_APP0, _APP1, _APP2, _START_OF_SCAN = 0xE0, 0xE1, 0xE2, 0xDA
_FURTHER_PICTURES: Final = b"MPF\x00"
_PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'
    '</x:xmpmeta><?xpacket end="w"?>'
)
_RDF_END: Final = b"</rdf:RDF>"
_IN_XMP: Final = re.compile(rb"chargenBatch:record=(\"[^\"]*\"|'[^']*')")
# The ampersand comes first when they are written, and last when they are read. xml.sax.saxutils has
# the same, and loads half of urllib and ssl with it.
_REFERENCES: Final = (("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"))
_OTHERS: Final = (
    *(('"', "&quot;"), ("'", "&apos;")),
    *(("\n", "&#10;"), ("\r", "&#13;"), ("\t", "&#9;")),
)
# Flags of WebP's VP8X chunk.
_WEBP_ALPHA, _WEBP_XMP = 0x10, 0x04


def embed(data: bytes, facts: PictureFacts, record: PictureRecord) -> Pieces:
    """Return a whole picture with its record in it; its pixels stay as they are coded.

    It comes in pieces, as a picture is big: they are not put together only to be taken apart.

    Raises:
        BrokenPictureError: There is no room for the record.

    """
    text = msgspec.json.encode(record)
    if facts.mime == "image/png":
        return _into_png(data, text)
    description = (
        f'<rdf:Description rdf:about="" xmlns:chargenBatch="{NAMESPACE}" '
        f"chargenBatch:record={_quoted(text.decode())}/>"
    )
    if facts.mime == "image/jpeg":
        return _into_jpeg(data, description)
    return _into_webp(data, description, facts.width, facts.height)


def read(data: bytes) -> PictureRecord | None:
    """Return the record in a picture's bytes; ``None`` where it has none that can be read."""
    try:
        text = _found(data)
        return msgspec.json.decode(text, type=PictureRecord) if text else None
    except (msgspec.DecodeError, UnicodeDecodeError, struct.error, BrokenPictureError):
        return None


def _found(data: bytes) -> bytes | None:
    if data.startswith(PNG_SIGNATURE):
        texts = (body for kind, body in _png_chunks(data) if kind == b"iTXt")
        ours = (body for body in texts if body.startswith(KEYWORD + b"\x00"))
        return next((body[len(KEYWORD) + 5 :] for body in ours), None)
    if data.startswith(b"\xff\xd8"):
        segments = (data[begin:stop] for marker, begin, stop in _segments(data) if marker == _APP1)
        packets = [body for body in segments if body.startswith(_XMP_SEGMENT)]
    else:
        packets = [body for kind, body in _riff_chunks(data) if kind == b"XMP "]
    found = next(filter(None, map(_IN_XMP.findall, packets)), None)
    return _unquoted(found[-1]) if found else None  # one is put in behind those of older runs


def _quoted(text: str) -> str:
    """Return an attribute's value (XML 1.0, 2.3 and 2.4) of a text with no line end in it."""
    for character, reference in _REFERENCES:
        text = text.replace(character, reference)
    return f"'{text}'" if "'" not in text else '"' + text.replace('"', "&quot;") + '"'


def _unquoted(attribute: bytes) -> bytes:
    text = attribute[1:-1].decode()
    for character, reference in (*_OTHERS, *reversed(_REFERENCES)):
        text = text.replace(reference, character)
    return text.encode()


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Go through the chunks up to the pixels' data: ours stands before it."""
    position = len(PNG_SIGNATURE)
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind in {b"IDAT", b"IEND"}:
            return
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length


def _into_png(data: bytes, text: bytes) -> Pieces:
    body = KEYWORD + b"\x00\x00\x00\x00\x00" + text  # not compressed, no language, no translation
    chunk = struct.pack(">I4s", len(body), b"iTXt") + body
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    (header,) = struct.unpack_from(">I", data, len(PNG_SIGNATURE))
    behind = len(PNG_SIGNATURE) + 12 + header
    return data[:behind], chunk, memoryview(data)[behind:]


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Go through a JPEG's segments up to its scan: the marker, where the body begins and stops."""
    position = 2
    while True:
        marker_start, marker, length = struct.unpack_from(">BBH", data, position)
        if marker_start != 0xFF or marker == _START_OF_SCAN:  # noqa: PLR2004 - the standard's own
            return
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte may stand before any marker (B.1.1.2)
            position += 1
            continue
        yield marker, position + 4, position + 2 + length
        position += 2 + length


def _into_jpeg(data: bytes, description: str) -> Pieces:
    """Put the record into the XMP segment, of which there may be only one, or make one."""
    behind, has_index = 2, False
    for marker, begin, stop in _segments(data):
        if marker == _APP2 and data.startswith(_FURTHER_PICTURES, begin):
            has_index = True
        if marker == _APP1 and data.startswith(_XMP_SEGMENT, begin):
            if (
                has_index
            ):  # it tells how far behind it the JPEG's further pictures are (CIPA DC-007)
                raise BrokenPictureError("the JPEG's further pictures would not be found any more")
            packet = _joined(data[begin:stop], description)
            return data[: begin - 4], _segment(packet), memoryview(data)[stop:]
        if marker in {_APP0, _APP1} and behind == begin - 4:  # JFIF and Exif want to be first
            behind = stop
    packet = _XMP_SEGMENT + _PACKET.format(description).encode()
    return data[:behind], _segment(packet), memoryview(data)[behind:]


def _segment(body: bytes) -> bytes:
    if len(body) > _LONGEST_SEGMENT:
        raise BrokenPictureError("the JPEG's XMP has no room for the record")
    return struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body


def _joined(packet: bytes, description: str) -> bytes:
    before, end, behind = packet.rpartition(_RDF_END)
    if not end:
        raise BrokenPictureError("the picture's XMP has no place for the record")
    return b"".join((before, description.encode(), end, behind))


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position, (length,) = 12, struct.unpack_from("<I", data, 4)
    while position + 8 <= min(len(data), 8 + length):
        kind, size = struct.unpack_from("<4sI", data, position)
        yield kind, data[position + 8 : position + 8 + size]
        position += 8 + size + size % 2


def _into_webp(data: bytes, description: str, width: int, height: int) -> Pieces:
    chunks = list(_riff_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if b"VP8X" in kinds[1:]:  # where readers differ in what they show
        raise BrokenPictureError("the WebP's header does not stand first")
    if b"VP8X" not in kinds:
        flags = _WEBP_ALPHA if _has_alpha(*chunks[0]) else 0
        canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        chunks.insert(0, (b"VP8X", bytes((flags, 0, 0, 0)) + canvas))
    at = kinds.index(b"XMP ") + len(chunks) - len(kinds) if b"XMP " in kinds else None
    if at is None:
        chunks.append((b"XMP ", _PACKET.format(description).encode()))
    else:
        chunks[at] = (b"XMP ", _joined(chunks[at][1], description))
    header = chunks[0][1]
    chunks[0] = (b"VP8X", bytes((header[0] | _WEBP_XMP,)) + header[1:])
    body = b"".join(_riff_chunk(*chunk) for chunk in chunks)
    return b"RIFF", struct.pack("<I", 4 + len(body)), b"WEBP", body


def _has_alpha(kind: bytes, body: bytes) -> bool:
    """Say whether a lossless picture uses its alpha channel (RFC 9649, 3.4)."""
    return kind == b"VP8L" and bool(struct.unpack_from("<I", body, 1)[0] >> 28 & 1)


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((kind, struct.pack("<I", len(body)), body, b"\x00" * (len(body) % 2)))
