"""Numbers and times in the pages, as people read them, and letters that would not show."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Control characters have pictures (U+2400); what turns the direction of all that follows, and line
# ends that only some readers see, are named: a prompt must not look like another one.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_DELETE: Final = 0x7F


def visible(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Return a text with signs for what would not show in it, or would turn what shows around."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub(_sign, value)


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < ord(" "):
        return chr(0x2400 + number)
    return "\u2421" if number == _DELETE else f"⟨U+{number:04X}⟩"


def usd(amount: float) -> str:
    """Return a price: to the cent, or to what says anything where it is less."""
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.3f}"


def moment(at: str) -> Markup:
    """Return a time, to the minute."""
    return _time(at, f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC")


def span(seconds: float) -> Markup:
    """Return how long something took: the two largest units that say anything."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // _DAY, whole % _DAY // _HOUR, whole % _HOUR // _MINUTE
    words = f"{minutes} min {whole % _MINUTE} s" if minutes else f"{whole} s"
    if days:
        words = f"{days} d {hours} h"
    elif hours:
        words = f"{hours} h {minutes} min"
    return _time(f"PT{max(0.0, seconds):.3f}S", words if whole else "under a second")


def _time(machine: str, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, words)
