"""Colour names in a prompt, and the palette that a picture takes from them."""

from __future__ import annotations

import re
from itertools import pairwise

Rgb = tuple[int, int, int]

NAMES: dict[str, Rgb] = {
    "amber": (222, 156, 52), "amethyst": (140, 98, 178), "aqua": (92, 190, 196),
    "azure": (86, 146, 206), "beige": (212, 196, 164), "black": (44, 44, 50),
    "blue": (62, 104, 172), "bone": (220, 210, 188), "bronze": (156, 110, 62),
    "brown": (118, 82, 58), "burgundy": (116, 38, 52), "charcoal": (64, 66, 72),
    "chestnut": (138, 78, 52), "cobalt": (48, 84, 168), "copper": (184, 108, 68),
    "coral": (232, 124, 100), "cream": (238, 226, 198), "crimson": (176, 42, 60),
    "cyan": (84, 186, 200), "ebony": (56, 50, 48), "emerald": (46, 140, 100),
    "gold": (212, 168, 62), "golden": (216, 172, 74), "gray": (130, 132, 136),
    "green": (82, 134, 84), "grey": (130, 132, 136), "hazel": (146, 112, 66),
    "indigo": (70, 66, 142), "ivory": (236, 228, 208), "jade": (74, 152, 118),
    "lavender": (168, 152, 204), "lilac": (184, 158, 204), "maroon": (112, 40, 50),
    "mauve": (168, 128, 160), "mint": (152, 206, 174), "mustard": (204, 164, 58),
    "navy": (40, 56, 104), "ochre": (196, 140, 62), "olive": (122, 124, 64),
    "orange": (222, 132, 58), "peach": (240, 178, 142), "pink": (222, 146, 160),
    "purple": (118, 78, 148), "red": (184, 60, 56), "rose": (206, 116, 128),
    "russet": (152, 76, 50), "rust": (170, 86, 50), "saffron": (230, 168, 48),
    "sage": (150, 166, 132), "sand": (210, 186, 146), "scarlet": (196, 48, 50),
    "sepia": (136, 104, 76), "silver": (176, 182, 190), "slate": (96, 110, 126),
    "tan": (198, 166, 124), "teal": (54, 130, 134), "terracotta": (190, 102, 74),
    "turquoise": (74, 176, 172), "umber": (110, 84, 62), "violet": (126, 92, 168),
    "white": (226, 228, 230), "yellow": (226, 194, 84),
}  # fmt: skip
_WORDS = re.compile(r"\b(" + "|".join(NAMES) + r")\b", re.IGNORECASE)
_FALLBACK = tuple(NAMES[name] for name in (
    "slate", "teal", "ochre", "mauve", "sage", "terracotta", "indigo", "amber", "rose", "jade",
    "cobalt", "sand", "lavender", "copper", "navy", "coral",
))  # fmt: skip
_INK: Rgb = (16, 17, 26)
_PAPER: Rgb = (250, 246, 236)


def named_colours(prompt: str) -> list[Rgb]:
    """List the colours that a text names, each once, in the text's order."""
    names = dict.fromkeys(match[1].lower() for match in _WORDS.finditer(prompt))
    return list(dict.fromkeys(NAMES[name] for name in names))


def palette(prompt: str, seed: bytes) -> list[int]:
    """Make the 256 colours of a picture, from ink over the prompt's colours to paper.

    A picture is drawn in these 256 tones, so that any two of them blend well. Colours that the
    text does not name are chosen by the seed.
    """
    spare = (_FALLBACK[byte % len(_FALLBACK)] for byte in seed)
    first, second, *_ = [*named_colours(prompt), next(spare), next(spare)]
    dark, light = sorted((first, second), key=sum)
    stops = (
        (0, _mix(_INK, dark, 0.10)),
        (60, _mix(_INK, dark, 0.45)),
        (130, dark),
        (190, light),
        (255, _mix(_PAPER, light, 0.12)),
    )
    return [channel for tone in range(256) for channel in _at(stops, tone)]


def _at(stops: tuple[tuple[int, Rgb], ...], tone: int) -> Rgb:
    for (low, start), (high, end) in pairwise(stops):
        if tone <= high:
            return _mix(start, end, (tone - low) / (high - low))
    raise AssertionError(tone)


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
