from __future__ import annotations

import io
import struct
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chargen_batch.core import provenance
from chargen_batch.core.pictures import BrokenPictureError, inspect
from chargen_batch.model.provenance import PictureRecord

RECORD: Final = PictureRecord(
    task_key="character/ada/at-the-loom@0123456789abcdef",
    model="gemini-3-pro-image",
    run_id="20261122T080000Z-x7k2",
    provider="google",
    prompt_sha256="ab" * 32,
)
HOSTILE: Final = PictureRecord(
    task_key="""location/wörld's "end"/<&>@x\n""",
    model="m",
    run_id="r",
    provider="é",
    prompt_sha256="",
)
XMP: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description rdf:about="" xmlns:p="http://ns.adobe.com/photoshop/1.0/" '
    b'p:Credit="Made with Google AI"/></rdf:RDF></x:xmpmeta>'
)
EXIF: Final = Image.Exif()
EXIF[0x010E] = "a harbour"
SAVED: Final[dict[str, dict[str, Any]]] = {
    "png": {"format": "PNG"},
    "jpeg": {"format": "JPEG"},
    "jpeg with exif": {"format": "JPEG", "exif": EXIF.tobytes()},
    "jpeg with xmp": {"format": "JPEG", "xmp": XMP},
    "webp, lossy": {"format": "WEBP"},
    "webp, lossless": {"format": "WEBP", "lossless": True},
    "webp, extended": {"format": "WEBP", "exif": EXIF.tobytes()},
    "webp with xmp": {"format": "WEBP", "xmp": XMP},
}


def painted(mode: str = "RGB", **how: Any) -> bytes:  # noqa: ANN401 - Pillow's options
    """Return a picture with something to see in it."""
    picture = Image.linear_gradient("L").resize((61, 33)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((61, 33)))
    stream = io.BytesIO()
    picture.save(stream, **how)
    return stream.getvalue()


def marked_with(data: bytes, record: PictureRecord) -> bytes:
    """Return a picture with a record in it."""
    return b"".join(provenance.embed(data, inspect(data), record))


def pixels(data: bytes) -> tuple[str, bytes]:
    """Return what a picture shows."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.mode, picture.tobytes()


@pytest.mark.parametrize("how", SAVED.values(), ids=SAVED)
@pytest.mark.parametrize("record", [RECORD, HOSTILE], ids=["plain", "hostile"])
def test_record_comes_out_as_it_went_in(how: dict[str, Any], record: PictureRecord) -> None:
    assert provenance.read(marked_with(painted(**how), record)) == record


@pytest.mark.parametrize("how", SAVED.values(), ids=SAVED)
def test_picture_stays_whole_and_shows_the_same(how: dict[str, Any]) -> None:
    plain = painted(**how)
    marked = marked_with(plain, RECORD)
    assert inspect(marked) == inspect(plain)
    assert pixels(marked) == pixels(plain)


@pytest.mark.parametrize("lossless", [False, True])
def test_webp_with_alpha_keeps_it(lossless: bool) -> None:  # noqa: FBT001 - a case
    plain = painted("RGBA", format="WEBP", lossless=lossless)
    assert pixels(marked_with(plain, RECORD)) == pixels(plain)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_what_others_wrote_into_the_xmp_stays(kind: str) -> None:
    marked = marked_with(painted(format=kind, xmp=XMP), RECORD)
    with Image.open(io.BytesIO(marked)) as picture:
        assert b'Credit="Made with Google AI"' in picture.info["xmp"]
        assert picture.info["xmp"].count(b"<rdf:RDF") == 1


def test_exif_of_a_jpeg_is_still_read() -> None:
    marked = marked_with(painted(**SAVED["jpeg with exif"]), RECORD)
    with Image.open(io.BytesIO(marked)) as picture:
        assert picture.getexif()[0x010E] == "a harbour"


def test_record_of_a_png_is_a_text_that_any_tool_shows() -> None:
    with Image.open(io.BytesIO(marked_with(painted(format="PNG"), RECORD))) as picture:
        assert RECORD.task_key in picture.text["chargen-batch"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", SAVED.values(), ids=SAVED)
def test_picture_of_others_has_no_record(how: dict[str, Any]) -> None:
    assert provenance.read(painted(**how)) is None


def test_xmp_without_room_is_an_error_and_no_damage() -> None:
    full = XMP.replace(b"Made with", b"x" * 65_100)
    with pytest.raises(BrokenPictureError, match="no room"):
        marked_with(painted(format="JPEG", xmp=full), RECORD)


@pytest.mark.parametrize("how", SAVED.values(), ids=SAVED)
def test_the_record_of_the_newest_run_is_the_one_that_is_read(how: dict[str, Any]) -> None:
    assert provenance.read(marked_with(marked_with(painted(**how), HOSTILE), RECORD)) == RECORD


def test_webp_whose_header_comes_late_is_left_alone() -> None:
    plain = painted(format="WEBP")
    chunks = plain[12:] + b"VP8X" + struct.pack("<I", 10) + bytes(10)
    odd = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks
    with pytest.raises(BrokenPictureError, match="does not stand first"):
        marked_with(odd, RECORD)


def of_two_pictures(*, xmp_behind: bool) -> bytes:
    """Return a JPEG that tells by an index where in it its second picture is."""
    stream = io.BytesIO()
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    first.save(stream, "MPO", save_all=True, append_images=[second])
    data = stream.getvalue()
    begin = data.index(b"MPF\x00") - 4
    stop = begin + 2 + int.from_bytes(data[begin + 2 : begin + 4], "big")
    body = b"http://ns.adobe.com/xap/1.0/\x00" + XMP
    segment = struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body
    return data[:stop] + segment + data[stop:] if xmp_behind else data


def test_second_picture_of_a_jpeg_is_found_behind_the_record() -> None:
    with Image.open(io.BytesIO(marked_with(of_two_pictures(xmp_behind=False), RECORD))) as picture:
        picture.seek(1)
        red, _green, blue = cast("tuple[int, int, int]", picture.getpixel((3, 3)))
    assert blue > red


def test_jpeg_whose_second_picture_would_be_lost_is_left_alone() -> None:
    with pytest.raises(BrokenPictureError, match="further pictures"):
        marked_with(of_two_pictures(xmp_behind=True), RECORD)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"]))
def test_bytes_that_are_no_picture_have_no_record(noise: bytes, head: bytes) -> None:
    assert provenance.read(head + noise) is None


@pytest.mark.parametrize("how", SAVED.values(), ids=SAVED)
def test_cut_picture_has_its_record_or_none(how: dict[str, Any]) -> None:
    marked = marked_with(painted(**how), RECORD)
    for stop in range(0, len(marked), 7):
        assert provenance.read(marked[:stop]) in {None, RECORD}
