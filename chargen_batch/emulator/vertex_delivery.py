"""Outputs on their way into the bucket: until they are there, those who ask see a job run on."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.emulator.vertex_records import VertexJob

# Who asks for a job waits so long for its output; what small jobs write is there by then.
PATIENCE_S = 10.0


class Deliveries:
    """What a server is writing, by job: no job is written twice at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[VertexJob]] = {}

    def wait(self, job_id: str, deliver: Callable[[], VertexJob]) -> VertexJob | None:
        """Let a job's output be written, and wait for it a while: None is that it goes on.

        Raises what `deliver` raises; whoever asks next begins anew.
        """
        with self._lock:
            future = self._running.get(job_id)
            if future is None:
                future = self._running[job_id] = Future()
                work = (job_id, deliver, future)
                # A daemon: a server that ends leaves it, and another one begins anew.
                threading.Thread(target=self._run, args=work, daemon=True).start()
        try:
            return future.result(PATIENCE_S)
        except TimeoutError:
            return None

    def _run(
        self, job_id: str, deliver: Callable[[], VertexJob], future: Future[VertexJob]
    ) -> None:
        try:
            done = deliver()
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            self._forget(job_id)
            future.set_exception(error)
        else:
            self._forget(job_id)
            future.set_result(done)

    def _forget(self, job_id: str) -> None:
        with self._lock:
            del self._running[job_id]
