"""What a person says of a picture that was drawn."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["draft", "approved", "rejected"]

LONGEST_NOTE: Final = 10_000  # characters


class Had(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry said of its picture when a person saw it: its own word, and its note."""

    status: str
    note: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of one picture; ``id`` is its entry's (story/reviewing). A draft is undecided.

    ``note`` is what the person wrote to it, empty for nothing. What is ``None`` stays as it is.
    """

    id: str
    status: Status | None = None
    note: str | None = None
    had: Had | None = None
