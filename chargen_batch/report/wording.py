"""Numbers and times in the pages, as people read them, and letters that would not show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from chargen_batch.core import unseen

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def visible(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Return a text with signs for what would not show in it, or would turn what shows around."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return unseen.visible(value)


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
