"""Faults as data: what goes wrong with the next calls of a method, a queue for each."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chargen_batch.emulator.store import Store

METHODS = (
    "files.upload.start",
    "files.upload.chunk",
    "files.get",
    "files.list",
    "files.delete",
    "files.download",
    "batches.create",
    "batches.get",
    "batches.list",
    "batches.cancel",
    "batches.delete",
    "models.get",
    "models.list",
    "models.generateContent",
    "models.countTokens",
    "token",
)
LISTS = frozenset({"files.list", "batches.list"})
_OF_LISTS = frozenset({"empty_list", "lost_page", "last_page", "repeat_page"})
KINDS = re.compile(
    r"pass|status:[1-9]\d{2}|empty:[1-9]\d{2}|html:[1-9]\d{2}|drop_before|drop_after|hang|slow"
    r"|truncate|truncate_chunked|truncate_close|empty_list|lost_page|last_page|repeat_page",
)
_MORE = r"(?::(?P<seconds>\d+(?:\.\d+)?))?(?:\*(?P<times>[1-9]\d{0,5}))?"
_TIMED = re.compile(rf"(?P<kind>hang|slow){_MORE}")
_TEXT = re.compile(rf"(?P<kind>[a-z_]+(?::\d+)?){_MORE}")
SHARED = "fault "


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one call.

    Kinds: "status:429" (any status, with Google's error body; `retry_delay_s` adds RetryInfo to a
    429), "empty:503" and "html:502" (any status, 200 too), "drop_before" (closed without doing it),
    "drop_after" (done, the answer lost), "hang" (silent for `hang_s` seconds, then closed), "slow"
    (done at once, answered after `slow_s` seconds), and half an answer: "truncate" (of the length
    that was promised), "truncate_chunked" (without the last chunk), "truncate_close" (without a
    length: not to be noticed). Lists only: "empty_list" (a 200 with {}), "lost_page" (the page's
    items are left out), "last_page" (no further page is told of), "repeat_page" (the next page is
    said to be this one). "pass" lets one call through.
    """

    kind: str
    retry_delay_s: float | None = None
    hang_s: float = 60.0
    slow_s: float = 1.0

    def __post_init__(self) -> None:
        if not KINDS.fullmatch(self.kind):
            raise ValueError(f"no such fault: {self.kind!r}")

    @property
    def code(self) -> int:
        """Give the status of a fault that has one."""
        return int(self.kind.rpartition(":")[2])


def faults_of(text: str) -> list[Fault]:
    """Read faults as they are written: "drop_after", "html:502*3", "status:429:37", "slow:2.5".

    `*N` says how often; a last number is the seconds of RetryInfo, hang or slow.

    Raises:
        ValueError: They are none.

    """
    found = _TIMED.fullmatch(text) or _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"no such fault: {text!r}")
    fault, seconds = Fault(found["kind"]), found["seconds"]
    if seconds is not None:
        fault = _lasting(fault, float(seconds))
    return [fault] * int(found["times"] or 1)


def _lasting(fault: Fault, seconds: float) -> Fault:
    match fault.kind:
        case "hang":
            return replace(fault, hang_s=seconds)
        case "slow":
            return replace(fault, slow_s=seconds)
        case "status:429":
            return replace(fault, retry_delay_s=seconds)
        case kind:
            raise ValueError(f"a fault {kind!r} takes no seconds")


def check_fault(method: str, fault: Fault) -> None:
    """Refuse a fault that its method cannot have."""
    if method not in METHODS:
        raise ValueError(f"no such method: {method!r}; there are {', '.join(METHODS)}")
    if fault.kind in _OF_LISTS and method not in LISTS:
        raise ValueError(f"{method} is no list: it cannot have {fault.kind}")


class Faults:
    """The queues of a server: its own ones in memory, and then those that processes share.

    How far the shared ones are used up is kept in the store, so that each fault happens once
    although every command starts a server of its own. Another list of faults is another queue.
    """

    def __init__(
        self, store: Store | None = None, shared: Mapping[str, Sequence[Fault]] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Fault]] = {method: deque() for method in METHODS}
        self._store = store
        self._shared = {method: list(queue) for method, queue in (shared or {}).items() if queue}
        for method, queue in self._shared.items():
            for fault in queue:
                check_fault(method, fault)

    def add(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, one after the other."""
        for fault in faults:
            check_fault(method, fault)
        with self._lock:
            self._queues[method].extend(faults)

    def take(self, method: str) -> Fault | None:
        """Use up the next fault of a method. May raise what the store raises."""
        with self._lock:
            queue = self._queues.get(method)
            if queue:
                return queue.popleft()
        shared = self._shared.get(method)
        if shared is None or self._store is None:
            return None
        counter = _counter(method, shared)
        with self._store.transaction() as records:
            if records.counted(counter) >= len(shared):
                return None
            return shared[records.count(counter)]

    def rewind(self) -> None:
        """Let the shared faults happen once more, whatever was used up."""
        if self._store is not None:
            with self._store.transaction() as records:
                records.forget_counts(SHARED)

    def pending(self) -> dict[str, list[Fault]]:
        """Give what has not been used, by method: a test that leaves some has not tested them."""
        with self._lock:
            left = {method: list(queue) for method, queue in self._queues.items()}
        if self._shared and self._store is not None:
            with self._store.transaction() as records:
                for method, shared in self._shared.items():
                    left[method] += shared[records.counted(_counter(method, shared)) :]
        return {method: queue for method, queue in left.items() if queue}


def _counter(method: str, queue: Sequence[Fault]) -> str:
    digest = hashlib.sha256(repr(queue).encode()).hexdigest()
    return f"{SHARED}{method} {digest[:16]}"
