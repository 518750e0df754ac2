"""Works of a few threads at once, bounded by the bytes they hold, and taken in their order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

THREADS: Final = 8  # on two cores: half of them wait for the disk, some for the interpreter's lock
MOST_BYTES: Final = 24_000_000
MOST_WORKS: Final = 256

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Work(Generic[_Result]):
    """Something to do: what for, how many bytes it holds, and how it is done.

    Of two for the same the later begins when the earlier's result has been taken.
    """

    key: str
    weight: int
    do: Callable[[], _Result]


def in_order(works: Iterable[Work[_Result]]) -> Generator[_Result]:
    """Yield the results of works in their order; what they raise is raised in its place.

    While one result is looked at the works behind it go on: those of ``MOST_BYTES`` together, or
    a single one that holds more. Closed early, those that have not begun never will.
    """
    with _Held[_Result]() as held:
        for work in works:
            while held.must_wait_for(work):
                yield held.take()
            held.add(work)
            while held.bytes > MOST_BYTES:  # alone: the next is not even looked at
                yield held.take()
        while held.works:
            yield held.take()


class _Held(Generic[_Result]):
    """The works whose results were not taken yet, oldest first."""

    def __init__(self) -> None:
        self.works: deque[tuple[Work[_Result], Future[_Result]]] = deque()
        self.keys: set[str] = set()
        self.bytes = 0
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="apply")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def must_wait_for(self, work: Work[_Result]) -> bool:
        if not self.works:
            return False
        too_many = len(self.works) >= MOST_WORKS or self.bytes + work.weight > MOST_BYTES
        return too_many or work.key in self.keys

    def add(self, work: Work[_Result]) -> None:
        self.works.append((work, self.pool.submit(work.do)))
        self.keys.add(work.key)
        self.bytes += work.weight

    def take(self) -> _Result:
        work, future = self.works.popleft()
        self.keys.discard(work.key)
        self.bytes -= work.weight
        return future.result()
