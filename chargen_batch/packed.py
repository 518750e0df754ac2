"""Many records of which only what is looked at is in memory: the others wait in a file."""

from __future__ import annotations

import io
import itertools
import operator
import os
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_Item = TypeVar("_Item")

FEW: Final = 2_000  # so many are kept as they are
IN_MEMORY_BYTES: Final = 8_000_000  # of records that no file is worth


class Spool:
    """Bytes, one record behind another, in a file without a name; few of them stay in memory."""

    def __init__(self, folder: Path) -> None:
        """Begin with no record; a file for them is made in ``folder``."""
        self._folder = folder
        self._end = 0
        self._hold(io.BytesIO())

    @classmethod
    def over(cls, file: Path) -> Self:
        """Return a spool that reads from a file, which may be replaced meanwhile."""
        spool = cls(file.parent)
        spool._hold(file.open("rb", buffering=0))
        return spool

    def _hold(self, stream: IO[bytes]) -> None:
        self._stream = stream
        weakref.finalize(self, stream.close)

    def add(self, record: bytes) -> int:
        """Add a record and return where it begins."""
        if self._end > IN_MEMORY_BYTES and isinstance(self._stream, io.BytesIO):
            held, out = self._stream, _scratch(self._folder)
            out.write(held.getbuffer())
            self._hold(out)
        begin = self._end
        self._end += self._stream.write(record)
        return begin

    def read(self, begin: int, size: int) -> bytes:
        """Return ``size`` bytes from ``begin`` on."""
        if isinstance(self._stream, io.BytesIO):
            return bytes(self._stream.getbuffer()[begin : begin + size])
        self._stream.flush()
        return os.pread(self._stream.fileno(), size, begin)


def _scratch(folder: Path) -> IO[bytes]:
    """Open a file without a name, which is gone when closed; elsewhere if ``folder`` takes none."""
    import tempfile  # noqa: PLC0415 - most commands need none

    try:
        return cast("IO[bytes]", tempfile.TemporaryFile(dir=folder))
    except OSError:
        return cast("IO[bytes]", tempfile.TemporaryFile())


@dataclass(frozen=True, slots=True)
class Form(Generic[_Item]):
    """How items of one kind become bytes, and come back."""

    pack: Callable[[_Item], bytes]
    unpack: Callable[[bytes], _Item]


class Packed(Sequence[_Item]):
    """Items in a spool; each look at one unpacks it anew, so that two looks give two objects."""

    def __init__(self, spool: Spool, form: Form[_Item], places: Iterable[tuple[int, int]]) -> None:
        """Take the items at some places in a spool, each a beginning and a size."""
        self._spool, self._form = spool, form
        self._begins, self._sizes = array("q"), array("q")
        self._odd: dict[int, _Item] = {}  # what has no form, as a name that is not UTF-8
        for begin, size in places:
            self._begins.append(begin)
            self._sizes.append(size)

    def append(self, item: _Item) -> None:
        """Add an item at the end."""
        try:
            record = self._form.pack(item)
        except UnicodeEncodeError:
            self._odd[-len(self._odd) - 1] = item
            self._begins.append(-len(self._odd))
            self._sizes.append(0)
            return
        self._begins.append(self._spool.add(record))
        self._sizes.append(len(record))

    def only(self, numbers: Iterable[int]) -> Packed[_Item]:
        """Return some of the items, in the order of ``numbers``."""
        places = ((self._begins[number], self._sizes[number]) for number in numbers)
        some = Packed(self._spool, self._form, places)
        some._odd = self._odd
        return some

    def records(self) -> tuple[tuple[int, ...], Iterator[bytes]]:
        """Return how large the items are as they are packed, and what goes through them.

        Raises:
            UnicodeEncodeError: One has no such form.

        """
        for item in self._odd.values():
            self._form.pack(item)
        places = zip(self._begins, self._sizes, strict=True)
        return tuple(self._sizes), itertools.starmap(self._spool.read, places)

    def __eq__(self, other: object) -> bool:
        """Say whether these are the same items in the same order, packed or not."""
        if not isinstance(other, Packed | tuple):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of all that is compared by what is in it

    def __repr__(self) -> str:
        """Say how many there are: they may be too many to show."""
        return f"<{len(self):,} items>"

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._begins)

    @overload
    def __getitem__(self, index: int) -> _Item: ...

    @overload
    def __getitem__(self, index: slice) -> Packed[_Item]: ...

    def __getitem__(self, index: int | slice) -> _Item | Packed[_Item]:
        """Return one item, or some of them."""
        if isinstance(index, slice):
            return self.only(range(len(self))[index])
        begin = self._begins[index]
        if begin < 0:
            return self._odd[begin]
        return self._form.unpack(self._spool.read(begin, self._sizes[index]))


def gathered(items: Iterable[_Item], form: Form[_Item], folder: Path) -> Sequence[_Item]:
    """Return items as they are where they are few, and packed in a file of ``folder`` if not."""
    coming = iter(items)
    first = tuple(itertools.islice(coming, FEW + 1))
    if len(first) <= FEW:
        return first
    packed = Packed(Spool(folder), form, ())
    for item in itertools.chain(first, coming):
        packed.append(item)
    return packed


def loosened(items: Packed[_Item]) -> Sequence[_Item]:
    """Return packed items as they are where they are few, and packed if not."""
    return items if len(items) > FEW else tuple(items)


def picked(items: Sequence[_Item], numbers: Iterable[int]) -> Sequence[_Item]:
    """Return some items, packed or not as they are, in the order of their ``numbers``."""
    if isinstance(items, Packed):
        return items.only(numbers)
    return tuple(items[number] for number in numbers)


def records(items: Sequence[_Item], form: Form[_Item]) -> tuple[tuple[int, ...], Iterable[bytes]]:
    """Return items as they are packed, whether they are or not, and before them their sizes."""
    if isinstance(items, Packed):
        return items.records()
    packed = tuple(map(form.pack, items))
    return tuple(map(len, packed)), packed
