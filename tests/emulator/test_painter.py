"""Placeholder pictures."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image

from chargen_batch.emulator.colours import NAMES, named_colours, palette
from chargen_batch.emulator.painter import SIZES_1K, paint, pixels, printable, target_of

SMALL = ("1:1", "512")


def opened(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image


def test_equal_requests_have_equal_bytes() -> None:
    assert paint("k", "a teal sea", *SMALL) == paint("k", "a teal sea", *SMALL)


def test_other_key_or_prompt_makes_another_picture() -> None:
    pictures = [
        opened(paint(key, prompt, *SMALL)).convert("RGB").tobytes()
        for key, prompt in [("a", "x"), ("b", "x"), ("a", "y"), ("c/a", "x"), ("a@2", "x")]
    ]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("ratio", SIZES_1K)
def test_picture_has_the_size_of_the_table(ratio: str) -> None:
    image = opened(paint("chapters/one/moment-1@x", "rain " * 200, ratio, "1K"))
    assert image.format == "PNG"
    assert image.size == SIZES_1K[ratio]


@pytest.mark.parametrize(("size", "width"), [("512", 448), ("1K", 896), ("2K", 1792), ("4K", 3584)])
def test_other_sizes_are_multiples(size: str, width: int) -> None:
    assert pixels("3:4", size)[0] == width


def test_large_picture_is_painted_whole() -> None:
    assert opened(paint("k", "p", "16:9", "2K")).size == (2752, 1536)


@pytest.mark.parametrize(
    ("key", "target"),
    [("characters/mara/portrait@5f", "portrait"), ("plain", "plain"), ("", ""), ("a/b/", "b")],
)
def test_title_is_the_target_of_the_key(key: str, target: str) -> None:
    assert target_of(key) == target


@pytest.mark.parametrize("key", ["characters/mara/" + "long-name-" * 20, "", "characters/è/日本@1"])
def test_any_key_and_prompt_can_be_painted(key: str) -> None:
    assert opened(paint(key, "word" * 300 + " x" * 500 + "\ud800", *SMALL)).size == (512, 512)


def test_caption_is_written_in_letters_that_the_font_has() -> None:
    assert printable("## Crème\u2014\u201cbrûlée\u201d **now** \u65e5") == (
        "Creme-\u201cbrulee\u201d now"
    )


def test_colours_of_the_text_are_found_in_their_order() -> None:
    found = named_colours("Teal water, a GOLDEN lamp, teal again; bored")
    assert found == [NAMES["teal"], NAMES["golden"]]


def test_picture_is_in_the_colours_of_the_text() -> None:
    tones = palette("a crimson sail", b"seed")
    colours = list(zip(*[iter(tones)] * 3, strict=True))
    assert len(colours) == 256
    assert NAMES["crimson"] in colours


def test_colours_without_names_are_chosen_by_the_seed() -> None:
    assert palette("nothing", b"aa") != palette("nothing", b"bc")


def test_picture_of_1k_is_painted_in_an_instant() -> None:
    paint("k", "p", "3:4", "1K")
    start = time.process_time()
    for number in range(5):
        paint(f"k{number}", "p", "3:4", "1K")
    assert (time.process_time() - start) / 5 < 0.1
