"""How files, upload sessions and jobs get their ids: at random, or the same ones every time."""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.emulator.store import Store

    Ids = Callable[[int, str], str]
    IdChoice = Literal["random", "counted"]

COUNTER = "id "
_ALPHABET = string.ascii_lowercase + string.digits


def random_id(length: int, about: str) -> str:
    """Make an id of lower-case letters and digits."""
    del about
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def counted_ids(store: Store) -> Ids:
    """Make ids out of what they are about, and how many such things there were before.

    The count is kept in the store: equal calls get equal ids, whatever the order in which threads
    make them and however often the server is started anew.
    """

    def counted_id(length: int, about: str) -> str:
        with store.transaction() as records:
            number = records.count(COUNTER + about)
        digest = int.from_bytes(hashlib.sha512(f"{number} {about}".encode()).digest())
        letters = []
        for _ in range(length):
            digest, place = divmod(digest, len(_ALPHABET))
            letters.append(_ALPHABET[place])
        return "".join(letters)

    return counted_id


def ids_of(choice: IdChoice, store: Store) -> Ids:
    """Make the ids of a world."""
    return counted_ids(store) if choice == "counted" else random_id
