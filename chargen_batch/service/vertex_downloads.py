"""A job's results on their way down: the shards below its output directory, as one file.

The file is all ``*.jsonl`` by name, one behind the other, with a line end between two where the
first has none. Ranges of it are fetched a few at a time ahead of whoever reads, each of the very
object that was listed, so that it can be gone on with from any byte; the first is here when it is
opened.
"""

from __future__ import annotations

import base64
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Final

import google_crc32c

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service.api import Download
from chargen_batch.service.vertex_measure import READ_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chargen_batch.service.vertex_objects import StoredObject
    from chargen_batch.service.vertex_storage import Bucket

SHARD_ENDING: Final = ".jsonl"
LINE_END: Final = b"\n"
# Together they bound what one file holds in memory, of which several are fetched side by side.
RANGE_BYTES: Final = 4 << 20
RANGES_AHEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Shard:
    """One object of a result file; ``is_ended`` where a line end is put behind it."""

    stored: StoredObject
    is_ended: bool

    @property
    def size(self) -> int:
        """Return how many bytes of the file it is."""
        return self.stored.size + self.is_ended


@contextmanager
def opened(bucket: Bucket, prefix: str, *, offset: int, call: str) -> Iterator[Download]:
    """Open the file of all shards below a prefix at an offset; see ``BatchService.download``."""
    shards = _shards(bucket, prefix, call)
    total = sum(shard.size for shard in shards)
    if offset > total:
        raise ServiceError(f"{call}: it has {total} bytes, not {offset}", http_status=416)
    ahead = _Ahead(call)
    pieces = [partial(_piece, bucket, *piece, call) for piece in _pieces(shards, offset)]
    try:
        chunks = ahead.results(pieces)
        # Opening is what is repeated above: who opened a file has got some of it.
        first = list(islice(chunks, 1))
        yield Download(offset, total, chain(first, chunks), ahead.stop, partial(_is_intact, shards))
    finally:
        ahead.stop()


def has_shards(bucket: Bucket, prefix: str, call: str) -> bool:
    """Say whether there is a file of shards below a prefix."""
    return any(_listed(bucket, prefix, call))


def _listed(bucket: Bucket, prefix: str, call: str) -> Iterator[StoredObject]:
    return (one for one in bucket.list(prefix, call) if one.name.endswith(SHARD_ENDING))


def _shards(bucket: Bucket, prefix: str, call: str) -> list[Shard]:
    """List the shards; of each but the last it is asked whether it ends with a line end."""
    found = sorted(_listed(bucket, prefix, call), key=lambda one: one.name)
    if not found:
        raise ServiceError(
            f"{call} was refused: there are no results below {prefix}",
            http_status=404,
            status="NOT_FOUND",
            google=True,
            hint="they were deleted, or the job has written none",
        )
    filled = [one for one in found if one.size]
    looks = [partial(bucket.read, one, one.size - 1, 1, call) for one in filled[:-1]]
    last_bytes = [*_Ahead(call).results(looks), LINE_END]
    pairs = zip(filled, last_bytes, strict=False)  # where nothing is filled there is nothing to end
    return [Shard(one, is_ended=last != LINE_END) for one, last in pairs]


def _pieces(shards: Iterable[Shard], offset: int) -> Iterator[tuple[Shard, int, int]]:
    """Go through the ranges from an offset on: a shard, where in it, and how many bytes."""
    for shard in shards:
        start = min(offset, shard.size)
        offset -= start
        for place in range(start, shard.size, RANGE_BYTES):
            yield shard, place, min(RANGE_BYTES, shard.size - place)


def _piece(bucket: Bucket, shard: Shard, start: int, size: int, call: str) -> bytes:
    """Fetch one range; the line end behind a shard is no part of its object."""
    wanted = min(size, shard.stored.size - start)
    content = bucket.read(shard.stored, start, wanted, call) if wanted else b""
    if len(content) != wanted:
        raise NetworkError(f"{call}: {len(content)} of {wanted} bytes of a range came")
    return content + LINE_END * (size - wanted)


def _is_intact(shards: Sequence[Shard], stream: IO[bytes]) -> bool:
    """Compare a whole file with the checksums of its shards."""
    for shard in shards:
        checksum, left = google_crc32c.Checksum(), shard.stored.size
        while left and (chunk := stream.read(min(left, READ_BYTES))):
            checksum.update(chunk)
            left -= len(chunk)
        if base64.b64encode(checksum.digest()).decode() != shard.stored.crc32c:
            return False
        if shard.is_ended and stream.read(1) != LINE_END:
            return False
    return not stream.read(1)


class _Ahead:
    """Calls that are made a few at a time, and whose results are handed out in order.

    Their threads are daemons: who was told to stop waits for none of them, nor does the program.
    """

    def __init__(self, call: str) -> None:
        self._call = call
        self._stopped: Future[bytes] = Future()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Begin no call any more, and let nobody wait."""
        with self._lock:
            if not self._stopped.done():
                self._stopped.set_result(b"")

    def results(self, calls: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
        """Go through the results in order; the first error ends it."""
        waiting = deque(calls)
        flying: deque[Future[bytes]] = deque()
        while (waiting or flying) and not self._stopped.done():
            while waiting and len(flying) < RANGES_AHEAD:
                flying.append(_begun(waiting.popleft()))
            wait([flying[0], self._stopped], return_when=FIRST_COMPLETED)
            if not self._stopped.done():
                yield flying.popleft().result()
        if self._stopped.done():
            raise NetworkError(f"{self._call} was stopped")


def _begun(call: Callable[[], bytes]) -> Future[bytes]:
    future: Future[bytes] = Future()
    threading.Thread(target=_settle, args=(call, future), daemon=True).start()
    return future


def _settle(call: Callable[[], bytes], future: Future[bytes]) -> None:
    try:
        future.set_result(call())
    except BaseException as err:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(err)
