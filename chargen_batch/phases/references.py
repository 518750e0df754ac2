"""References on their way up: several at once, each entered as soon as it is there."""

from __future__ import annotations

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import TYPE_CHECKING

from chargen_batch.errors import BatchError, NetworkError, ServiceError, StagingError
from chargen_batch.phases.effects import silent
from chargen_batch.phases.telling import Tally
from chargen_batch.story.discover import stays_inside

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from chargen_batch.model.task import ImageRef
    from chargen_batch.phases.effects import Tell
    from chargen_batch.phases.uploads import Uploads

_KEY_REFUSED = frozenset({401, 403})


class Sent(Enum):
    """What became of a reference, where that is no error."""

    THERE = auto()
    CHANGED = auto()  # it is not what was planned any more, or gone
    NOT_TRIED = auto()  # the key was refused: no other one would fare better


class References:
    """The uploads of references, of one run."""

    def __init__(
        self, project: Path, uploads: Uploads, *, at_once: int, tell: Tell = silent
    ) -> None:
        self.project, self.uploads, self.at_once = project, uploads, at_once
        self._stopped = threading.Event()
        self._tell = tell

    def upload(self, wanted: Collection[ImageRef]) -> dict[str, str]:
        """Upload references; what is under way when one fails is finished and kept.

        Returns:
            Paths by SHA-256 of those whose bytes changed, or that are gone.

        Raises:
            StagingError: Uploads failed; those that did not are kept.

        """
        self._stopped.clear()
        self._begin(wanted)
        with ThreadPoolExecutor(self.at_once) as pool:
            try:
                results = list(zip(wanted, pool.map(self._upload, wanted), strict=True))
            finally:
                self._stopped.set()  # an interrupted command waits for nothing that has not begun
        failed = [(image, end) for image, end in results if isinstance(end, BatchError)]
        if failed:
            raise _failure(failed, [image for image, end in results if end is Sent.NOT_TRIED])
        return {image.sha256: image.path for image, end in results if end is Sent.CHANGED}

    def _begin(self, wanted: Collection[ImageRef]) -> None:
        """Tell how much there is to do: of a file that changes, as much as there was of it."""
        run_id = self.uploads.run.run_id
        self._sizes = {image.sha256: self._size_of(image) for image in wanted}
        total = sum(self._sizes.values())
        self._hashed = Tally(self._tell, run_id, "hashing", "files", len(wanted))
        self._sent = Tally(self._tell, run_id, "uploading", "bytes", total)
        self._hashed.begin()
        self._sent.begin()

    def _size_of(self, image: ImageRef) -> int:
        try:
            return (self.project / image.path).stat().st_size
        except OSError:  # it is gone, which is seen to when its turn comes
            return 0

    def _upload(self, image: ImageRef) -> Sent | ServiceError | NetworkError:
        if self._stopped.is_set():
            return Sent.NOT_TRIED
        try:
            sent = self._send(image)
        except (ServiceError, NetworkError) as err:
            if isinstance(err, ServiceError) and _is_refused_key(err):
                self._stopped.set()
            return err
        except BaseException:
            self._stopped.set()
            raise
        self._sent.add(self._sizes[image.sha256], image.path)
        return sent

    def _send(self, image: ImageRef) -> Sent:
        """Upload a reference if it still is what was planned."""
        data = self._planned_bytes(image)
        self._hashed.add(1, image.path)
        if data is None:
            return Sent.CHANGED
        remote = self.uploads.service.upload(
            io.BytesIO(data),
            size=len(data),
            mime=image.mime,
            display_name=f"chargen-batch/{image.sha256[:16]}",
        )
        self.uploads.enter(image.path, image.sha256, image.mime, remote)
        return Sent.THERE

    def _planned_bytes(self, image: ImageRef) -> bytes | None:
        """Read a reference; nothing outside of the project is ever read, whatever the plan says."""
        path = self.project / image.path
        if not stays_inside(self.project, path) or not path.is_file():
            return None
        data = path.read_bytes()
        return data if hashlib.sha256(data).hexdigest() == image.sha256 else None


def _is_refused_key(error: ServiceError) -> bool:
    return error.http_status in _KEY_REFUSED or error.status == "API_KEY_INVALID"


def _failure(
    failed: Sequence[tuple[ImageRef, BatchError]], not_tried: Sequence[ImageRef]
) -> StagingError:
    image, error = failed[0]
    before = f"{error.hint}; then " if error.hint else ""
    more = f"; {len(not_tried)} more were not tried" if not_tried else ""
    return StagingError(
        f"{len(failed)} upload(s) failed, the first is {image.path}: {error}{more}",
        failed=[image.path for image, _ in failed],
        hint=f"{before}type the same command again: what was uploaded is kept",
        cause=error,
    )
