"""Signs for letters that would not show, or that a terminal or a browser would obey."""

from __future__ import annotations

import re
from typing import Final

# Control characters have pictures (U+2400); what turns the direction of all that follows, and line
# ends that only some readers see, are named: a text must not look like another one.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_LINE_ENDS: Final = re.compile("[\t\n\r]")
_DELETE: Final = 0x7F


def visible(text: str) -> str:
    """Return a text with signs for what would not show in it, or would turn what shows around."""
    return UNSEEN.sub(_sign, text)


def in_one_line(text: str) -> str:
    """Return a text so, with signs for its line ends as well: it stands in somebody's line."""
    return _LINE_ENDS.sub(_sign, visible(text))


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < ord(" "):
        return chr(0x2400 + number)
    return "\u2421" if number == _DELETE else f"⟨U+{number:04X}⟩"
