from __future__ import annotations

import io
from typing import Final

import pytest
from PIL import Image

from chargen_batch.core.picture_checks import decoded, differences
from chargen_batch.core.pictures import PictureFacts, ReceivedPicture, inspect
from chargen_batch.core.results import ReadLine
from chargen_batch.emulator.painter import SCALES, SIZES_1K, pixels
from tests.core.painted import JPEG, PNG, WEBP, painted


def facts(width: int, height: int) -> PictureFacts:
    return PictureFacts("image/png", width, height)


@pytest.mark.parametrize("size", SCALES)
@pytest.mark.parametrize("ratio", SIZES_1K)
def test_what_the_models_draw_is_what_was_asked_for(ratio: str, size: str) -> None:
    assert differences(facts(*pixels(ratio, size)), ratio, size) == []


@pytest.mark.parametrize(
    ("width", "height", "ratio", "size"),
    [
        (11712, 1408, "8:1", "4K"),
        (1344, 768, "16:9", "1K"),
        (10, 999, None, None),
        (3, 4, "3:4", None),
    ],
)
def test_what_has_been_seen_is_no_difference(
    width: int, height: int, ratio: str | None, size: str | None
) -> None:
    assert differences(facts(width, height), ratio, size) == []


def test_every_other_ratio_is_told_apart() -> None:
    for asked in SIZES_1K:
        for drawn in SIZES_1K:
            found = differences(facts(*pixels(drawn, "1K")), asked, None)
            assert bool(found) == (asked != drawn), (asked, drawn)


@pytest.mark.parametrize("asked", SCALES)
@pytest.mark.parametrize("drawn", SCALES)
def test_every_other_size_is_told_apart(asked: str, drawn: str) -> None:
    found = differences(facts(*pixels("16:9", drawn)), "16:9", asked)
    assert bool(found) == (asked != drawn)


def test_a_difference_says_what_was_asked_for_and_what_came() -> None:
    assert differences(facts(1024, 1024), "16:9", "2K") == [
        "asked for 16:9, the picture has 1024 x 1024 pixels",
        "asked for 2K (as many as 2048 x 2048), the picture has 1024 x 1024 pixels",
    ]


@pytest.mark.parametrize("ratio", ["", "wide", "16", "16:0", "a:b", "-1:2"])
def test_a_ratio_that_is_none_is_not_compared(ratio: str) -> None:
    assert differences(facts(10, 10), ratio, "8K") == []


def read(data: bytes) -> ReadLine:
    return ReadLine("k", pictures=(ReceivedPicture(data, inspect(data)),), warnings=("odd",))


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP, painted("JPEG", progressive=True)])
def test_a_whole_picture_decodes(data: bytes) -> None:
    whole = read(data)
    assert decoded(whole) is whole


def _wrong_pixels() -> bytes:
    raw = io.BytesIO()
    Image.new("L", (64, 64), 9).save(raw, "WEBP", lossless=True)
    whole = bytearray(raw.getvalue())
    whole[26:] = bytes(len(whole) - 26)
    return bytes(whole)


_TABLE: Final = JPEG.index(b"\xff\xc4") + 5
BROKEN: Final = {
    "webp": _wrong_pixels(),
    "jpeg": JPEG[:_TABLE] + b"\xfe" * 16 + JPEG[_TABLE + 16 :],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_picture_that_is_whole_by_its_structure_alone_is_a_bad_result(name: str) -> None:
    bad = decoded(read(BROKEN[name]))
    assert bad.error
    assert (bad.error.code, bad.error.retryable, bad.pictures) == ("BAD_RESULT", True, ())
    assert "does not decode" in bad.error.message


def test_more_pixels_than_any_model_draws_are_not_decoded() -> None:
    huge = ReadLine("k", pictures=(ReceivedPicture(PNG, facts(20_000, 20_000)),))
    error = decoded(huge).error
    assert error
    assert "20000 x 20000 pixels are more than any model draws" in error.message
