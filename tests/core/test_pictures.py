from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.core.pictures import (
    EXTENSIONS,
    PNG_SIGNATURE,
    BrokenPictureError,
    PictureFacts,
    inspect,
    mime_of,
)
from tests.core.painted import JPEG, PNG, WEBP, painted

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE: Final[dict[str, tuple[bytes, str]]] = {
    "png": (PNG, "image/png"),
    "jpeg": (JPEG, "image/jpeg"),
    "progressive jpeg": (painted("JPEG", progressive=True), "image/jpeg"),
    "jpeg with a profile": (painted("JPEG", icc_profile=b"x" * 90000), "image/jpeg"),
    "jpeg with a fill byte": (JPEG[:2] + b"\xff\xff" + JPEG[2:], "image/jpeg"),
    "jpeg with bytes behind": (JPEG + b"\0" * 20, "image/jpeg"),
    "jpeg with a film behind": (JPEG + b"\0\0\0\x18ftypmp42" + bytes(5000), "image/jpeg"),
    "webp": (WEBP, "image/webp"),
    "lossless webp": (painted("WEBP", lossless=True), "image/webp"),
    "extended webp": (painted("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"), "image/webp"),
    "png with bytes behind": (PNG + b"more", "image/png"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_picture_tells_its_type_and_size(name: str) -> None:
    data, mime = WHOLE[name]
    assert inspect(data) == PictureFacts(mime, 30, 40)
    assert mime_of(data[:12]) == mime


def test_webp_kinds_are_all_three_tried() -> None:
    kinds = {data[12:16] for data, mime in WHOLE.values() if mime == "image/webp"}
    assert kinds == {b"VP8 ", b"VP8L", b"VP8X"}


def _png_chunk_changed(data: bytes) -> bytes:
    at = data.index(b"IDAT") + 10
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _without_idat(data: bytes) -> bytes:
    start = data.index(b"IDAT") - 4
    end = data.index(b"IEND") - 4
    return data[:start] + data[end:]


def _without_frame(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0")
    (length,) = struct.unpack_from(">H", data, at + 2)
    return data[:at] + data[at + 2 + length :]


BROKEN: Final[dict[str, tuple[bytes, Callable[[bytes], bytes], str]]] = {
    "png cut": (PNG, lambda data: data[:-20], "ends in the middle"),
    "png without end": (PNG, lambda data: data[:-12], "ends in the middle"),
    "png signature alone": (PNG, lambda _: PNG_SIGNATURE, "ends in the middle"),
    "png crc": (PNG, _png_chunk_changed, "PNG chunk IDAT is damaged"),
    "png without data": (PNG, _without_idat, "lacks its header or its data"),
    "png of no size": (PNG, lambda _: _png_of_no_size(), "has no size"),
    "jpeg cut": (painted("JPEG", (300, 400)), lambda data: data[:-200], "no end marker"),
    "jpeg head alone": (JPEG, lambda data: data[:30], "ends in the middle"),
    "jpeg segment": (JPEG, lambda data: data[:4] + b"\x00\x03" + data[6:], "segment is damaged"),
    "jpeg without frame": (JPEG, _without_frame, "has no size"),
    "webp cut": (WEBP, lambda data: data[:-1], "ends in the middle"),
    "webp other chunk": (WEBP, lambda data: data[:12] + b"ABCD" + data[16:], "no picture chunk"),
    "webp head alone": (WEBP, lambda _: b"RIFF\x04\0\0\0WEBP", "no picture chunk"),
    "webp canvas cut": (WEBP, lambda _: b"RIFF\x0c\0\0\0WEBPVP8X\x0a\0\0\0", "in the middle"),
    "webp frame cut": (WEBP, lambda _: b"RIFF\x0c\0\0\0WEBPVP8 \x0a\0\0\0", "in the middle"),
    "gif": (painted("GIF"), lambda data: data, "not PNG, JPEG or WebP"),
    "text": (b"<html>", lambda data: data, "not PNG, JPEG or WebP"),
    "nothing": (b"", lambda data: data, "not PNG, JPEG or WebP"),
}


def _png_of_no_size() -> bytes:

    body = b"IHDR" + struct.pack(">II", 0, 0) + PNG[24:29]
    return PNG[:12] + body + struct.pack(">I", zlib.crc32(body)) + PNG[33:]


@pytest.mark.parametrize("name", BROKEN)
def test_picture_that_does_not_hold_is_refused(name: str) -> None:
    data, damage, words = BROKEN[name]
    with pytest.raises(BrokenPictureError, match=words):
        inspect(damage(data))


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
def test_picture_cut_anywhere_is_refused(data: bytes) -> None:
    # A JPEG may have bytes behind its end marker, and those may be cut.
    lengths = range(len(data) - 2)
    accepted = [length for length in lengths if _holds(data[:length])]
    assert accepted == []


def _holds(data: bytes) -> bool:
    try:
        inspect(data)
    except BrokenPictureError:
        return False
    return True


def test_every_type_has_an_extension() -> None:
    assert {mime for _, mime in WHOLE.values()} == set(EXTENSIONS)
