"""What may be edited in a YAML file, and what such an edit comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
Entries = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Append:
    """Add entries at the end of the list under `key` of the mapping at `path`.

    A missing key is added at the mapping's end; `[]` and null are replaced where they stand.
    """

    path: Path
    key: str
    entries: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """Replace null and `{}` in the mapping at `path`; what is missing or not empty stays.

    Of the keys in `ours` a value on one line is replaced, whatever it is.
    """

    path: Path
    values: Mapping[str, object]
    ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Complete:
    """Give the mapping at `path` what it lacks: what says nothing is replaced where it stands.

    Nothing is said by null, `{}`, `[]` and empty quotes; a missing key is added at the end.
    """

    path: Path
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Former:
    """What stood behind a key: its text in two parts, and its value.

    `head` is what comes ahead of the value (the colon, an anchor), `tail` the blanks and the value.
    """

    head: str = ":"
    tail: str = " []"
    value: object = ()


NOTHING_LISTED = Former()  # a list that holds nothing, written as such


@dataclass(frozen=True, slots=True)
class Remove:
    """Take items, by their numbers, out of the list under `key` of the mapping at `path`.

    Of one that is empty then `former` is what is written; None: its key goes as well.
    """

    path: Path
    key: str
    numbers: frozenset[int]
    former: Former | None = NOTHING_LISTED


@dataclass(frozen=True, slots=True)
class PutBack:
    """Give the key of the mapping at `path` what it had; None: it was not there, and goes."""

    path: Path
    key: str
    former: Former | None


@dataclass(frozen=True, slots=True)
class Assign:
    """Set one value of the mapping at `path`: over the scalar that it has, in the same quotes.

    A missing key is added behind the first of the keys in `behind` that is there, else at the end.
    """

    path: Path
    key: str
    value: object
    behind: tuple[str, ...] = ()


Edit = Append | Fill | Complete | Remove | PutBack | Assign


class SpliceError(ValueError):
    """An edit that cannot be made: what, `where`, and its 1-based place; nothing was changed."""

    def __init__(self, message: str, *, where: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{where}:{line}: {message}")
        self.message, self.where, self.line, self.column = message, where, line, column


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the characters from `begin` to `stop`; at one place the deepest comes first."""

    begin: int
    stop: int
    text: str
    depth: int
