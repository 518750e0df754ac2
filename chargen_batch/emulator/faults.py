"""Faults as data: what goes wrong with the next calls of a method, a queue for each."""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass

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
)
_KINDS = re.compile(
    r"pass|status:\d{3}|empty:\d{3}|html:\d{3}|drop_before|drop_after|hang|empty_list"
    r"|truncate|truncate_chunked|truncate_close",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one call.

    Kinds: "status:429" (any status, with Google's error body; `retry_delay_s` adds RetryInfo to a
    429), "empty:503" and "html:502" (any status, 200 too), "drop_before" (closed without doing it),
    "drop_after" (done, the answer lost), "hang" (silent for `hang_s` seconds, then closed),
    "empty_list" (a 200 with {}), and half an answer: "truncate" (of the length that was promised),
    "truncate_chunked" (without the last chunk), "truncate_close" (without a length: not to be
    noticed). "pass" lets one call through.
    """

    kind: str
    retry_delay_s: float | None = None
    hang_s: float = 60.0

    def __post_init__(self) -> None:
        if not _KINDS.fullmatch(self.kind):
            raise ValueError(f"no such fault: {self.kind!r}")

    @property
    def code(self) -> int:
        """Give the status of a fault that has one."""
        return int(self.kind.rpartition(":")[2])


class Faults:
    """The queues of a server, kept in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Fault]] = {method: deque() for method in METHODS}

    def add(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, one after the other."""
        if method not in self._queues:
            raise ValueError(f"no such method: {method!r}; there are {', '.join(METHODS)}")
        with self._lock:
            self._queues[method].extend(faults)

    def take(self, method: str) -> Fault | None:
        """Use up the next fault of a method."""
        with self._lock:
            queue = self._queues.get(method)
            return queue.popleft() if queue else None

    def pending(self) -> dict[str, list[Fault]]:
        """Give what has not been used, by method: a test that leaves some has not tested them."""
        with self._lock:
            return {method: list(queue) for method, queue in self._queues.items() if queue}
