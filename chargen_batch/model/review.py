"""What a person says of a picture that was drawn."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["draft", "approved", "rejected"]

LONGEST_NOTE: Final = 10_000  # characters


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of one picture; ``id`` is its entry's (story/reviewing). A draft is undecided.

    ``note`` is what the person wrote to it, empty for nothing.
    """

    id: str
    status: Status
    note: str = ""
