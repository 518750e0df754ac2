"""Pages of a list: the records from the newest on, and the token of the next page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from chargen_batch.emulator.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable

Item = TypeVar("Item")

FIRST_AGAIN = "p999999999999999"


def page_of(found: Iterable[tuple[int, Item]], size: int) -> tuple[list[Item], str]:
    """Take a page of what was found, with sequence numbers, and make the next page's token."""
    items: list[Item] = []
    last = 0
    for seq, item in found:
        if len(items) == size:
            return items, f"p{last}"
        items.append(item)
        last = seq
    return items, ""


def before(token: str) -> int | None:
    """Read a token: the sequence number that the page's records come before."""
    if not token:
        return None
    if not re.fullmatch(r"p[0-9]{1,15}", token):
        raise bad_request("The page token is invalid.")
    return int(token[1:])
