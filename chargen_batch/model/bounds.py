"""What a moment and a number in a document can be: what is read is within, or damaged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

# The years that a document can hold: what is counted on from there is a year as well.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
_CENTURIES: Final = "(?:19|2[0-9])"
_LEAP_YEARS: Final = f"(?:{_CENTURIES}(?:0[48]|[2468][048]|[13579][26])|2[048]00)"  # 1900 was none
_DAYS: Final = (
    f"(?:{_CENTURIES}[0-9]{{2}}-(?:"
    "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEARS}-02-29)"
)
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

_MOMENT: Final = rf"\A{_DAYS}T{_TIME}Z\Z"
_RUN_ID: Final = r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z"

# UTC, to the second, and a day that there is.
Moment = Annotated[str, Meta(pattern=_MOMENT)]
# The name of a run's folder, which leads nowhere else.
RunId = Annotated[str, Meta(pattern=_RUN_ID)]
# What these forms are called where a document has another.
FORMS: Final = {_MOMENT: "a moment such as 2026-11-22T08:00:00Z", _RUN_ID: "the id of a run"}

# Beyond these bounds no run has anything, and arithmetic on them would not hold.
_MOST: Final = 2**53
Number = Annotated[int, Meta(ge=0, le=_MOST)]
Positive = Annotated[int, Meta(ge=1, le=_MOST)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Hours = Annotated[float, Meta(ge=0, le=1e6)]
Dollars = Annotated[float, Meta(ge=0)]
