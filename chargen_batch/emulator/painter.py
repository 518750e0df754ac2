"""Placeholder pictures: a small landscape in the prompt's colours, with the target's name."""

from __future__ import annotations

import hashlib
import io
import math
import re
import unicodedata
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from chargen_batch.emulator.colours import palette

if TYPE_CHECKING:
    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
    Point = tuple[float, float]

SIZES_1K = {
    "1:1": (1024, 1024), "2:3": (848, 1264), "3:2": (1264, 848), "3:4": (896, 1200),
    "4:3": (1200, 896), "4:5": (928, 1152), "5:4": (1152, 928), "9:16": (768, 1376),
    "16:9": (1376, 768), "21:9": (1584, 672), "1:4": (512, 2048), "4:1": (2048, 512),
    "1:8": (384, 3072), "8:1": (3072, 384),
}  # fmt: skip
SCALES = {"512": 0.5, "1K": 1, "2K": 2, "4K": 4}
CAPTION_LINES = 3
MOST_OF_PROMPT = 600
_QUOTES = frozenset("\u2018\u2019\u201c\u201d")
_DASHES = dict.fromkeys((0x2012, 0x2013, 0x2014, 0x2212), "-")
_SMOOTH_UP_TO = 1600 * 1600


def pixels(aspect_ratio: str, image_size: str) -> tuple[int, int]:
    """Give the width and height of a picture. Table: gemini.md §3."""
    width, height = SIZES_1K[aspect_ratio]
    scale = SCALES[image_size]
    return int(width * scale), int(height * scale)


def target_of(key: str) -> str:
    """Take the target's id out of a row's key: its last path segment, before any '@'."""
    return key.split("@", 1)[0].rstrip("/").rsplit("/", 1)[-1]


def printable(text: str) -> str:
    """Write a text in the letters of Pillow's own font, without accents and Markdown's marks."""
    plain = unicodedata.normalize("NFKD", text.translate(_DASHES))
    known = (letter for letter in plain if letter.isascii() or letter in _QUOTES)
    return " ".join(re.sub(r"[#*`|]+", " ", "".join(known)).split())


def paint(key: str, prompt: str, aspect_ratio: str, image_size: str) -> bytes:
    """Paint a PNG: equal arguments give equal bytes, another key or prompt another picture."""
    size = pixels(aspect_ratio, image_size)
    request = f"{key}\0{prompt}\0{aspect_ratio}\0{image_size}"
    seed = hashlib.sha256(request.encode("utf-8", "surrogatepass")).digest()
    figure = bool(re.match(r"characters?\b", key))
    picture = _scenery(size, seed, figure=figure)
    _caption(picture, printable(target_of(key)), printable(prompt[:MOST_OF_PROMPT]))
    picture.putpalette(palette(prompt, seed))
    return _png(picture)


def _scenery(size: tuple[int, int], seed: bytes, *, figure: bool) -> Image.Image:
    # Drawn at twice the size and reduced, which smooths the edges; large pictures don't need it.
    factor = 2 if size[0] * size[1] <= _SMOOTH_UP_TO else 1
    width, height = size[0] * factor, size[1] * factor
    sky = Image.new("L", (1, 64))
    sky.putdata([138 + round(90 * (row / 63) ** 1.4) for row in range(64)])
    canvas = sky.resize((1, height), Image.Resampling.BICUBIC).resize(
        (width, height), Image.Resampling.NEAREST
    )
    draw = ImageDraw.Draw(canvas)
    _sun(draw, (width, height), seed)
    for layer in range(2):
        draw.polygon(_ridge((width, height), seed, layer), fill=150 - 34 * layer)
    if figure:
        _bust(draw, (width, height), seed)
    for layer in range(2, 4):
        draw.polygon(_ridge((width, height), seed, layer), fill=150 - 34 * layer)
    return canvas.reduce(factor) if factor > 1 else canvas


def _sun(draw: ImageDraw.ImageDraw, size: tuple[int, int], seed: bytes) -> None:
    width, height = size
    x, y = width * (0.18 + 0.64 * seed[0] / 255), height * (0.16 + 0.16 * seed[1] / 255)
    radius = min(size) * (0.07 + 0.06 * seed[2] / 255)
    for share, tone in ((1.9, 214), (1.4, 228), (1.0, 250)):
        _disc(draw, (x, y), radius * share, tone)


def _disc(draw: ImageDraw.ImageDraw, centre: Point, radius: float, tone: int) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)


def _ridge(size: tuple[int, int], seed: bytes, layer: int) -> list[Point]:
    width, height = size
    base = height * (0.40 + 0.09 * layer + 0.04 * seed[3 + layer] / 255)
    swell = min(size) * (0.10 - 0.018 * layer)
    turn, wave, ripple = (seed[7 + 3 * layer + place] / 255 for place in range(3))

    def level(share: float) -> float:
        slow = math.sin(math.tau * (share * (0.7 + wave) + turn))
        quick = math.sin(math.tau * (share * (2.1 + 2 * ripple) + 3 * turn))
        return base - swell * (0.7 * slow + 0.3 * quick)

    steps = 160
    crest = [(width * step / steps, level(step / steps)) for step in range(steps + 1)]
    return [(0, height), *crest, (width, height)]


def _bust(draw: ImageDraw.ImageDraw, size: tuple[int, int], seed: bytes) -> None:
    width, height = size
    unit = min(width, height * 0.8)
    x = width * (0.44 + 0.12 * seed[20] / 255)
    head = unit * (0.125 + 0.02 * seed[21] / 255)
    y = height * 0.36
    shoulder = unit * (0.30 + 0.06 * seed[22] / 255)
    top = y + head * 1.25
    draw.ellipse((x - shoulder, top, x + shoulder, top + height), fill=44)
    draw.rectangle((x - head * 0.42, y, x + head * 0.42, top + head), fill=44)
    draw.ellipse((x - head * 0.82, y - head, x + head * 0.82, y + head * 1.1), fill=44)


def _caption(picture: Image.Image, title: str, prompt: str) -> None:
    width, height = picture.size
    unit = min(width, height * 1.05)
    margin = unit * 0.06
    heading = _fitting(title, unit * 0.068, width - 2 * margin)
    body = ImageFont.load_default(size=max(8, unit * 0.03))
    lines = _wrapped(prompt, body, width - 2 * margin)
    step = unit * 0.042
    top = height - margin - step * len(lines) - unit * 0.085
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, top - margin * 0.8, width, height), fill=14)
    draw.rectangle((margin, top - margin * 0.8, margin * 2.2, top - margin * 0.7), fill=200)
    draw.text((margin, top), title, font=heading, fill=252)
    for number, line in enumerate(lines):
        draw.text((margin, top + unit * 0.088 + step * number), line, font=body, fill=216)


def _fitting(title: str, size: float, room: float) -> Font:
    font = ImageFont.load_default(size=max(8, size))
    length = font.getlength(title)
    return font if length <= room else ImageFont.load_default(size=max(8, size * room / length))


def _wrapped(prompt: str, font: Font, room: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in prompt.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= room:
            line = longer
            continue
        lines.append(line or word)
        line = word if line else ""
        if len(lines) == CAPTION_LINES:
            return lines
    return [*lines, line] if line else lines


def _png(picture: Image.Image) -> bytes:
    about = PngInfo()
    about.add_text("Software", "chargen-batch emulator")
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", compress_level=1, pnginfo=about)
    return encoded.getvalue()
