"""What the tasks of a run weigh, before anything of them was sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chargen_batch.core.adapters import request_line
from chargen_batch.core.jobs import TaskWeight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.model.task import ImageRef
    from chargen_batch.run.directory import RunDirectory


class Weighing:
    """One passage through a run's tasks: their weights as they go by, and what they add up to.

    References are weighed with URIs as long as the service's are, before anything is uploaded.
    """

    def __init__(self, run: RunDirectory, *, uri_length: int) -> None:
        self.run = run
        self._uri = "x" * uri_length
        self.images: dict[str, ImageRef] = {}
        self.request_bytes = 0

    def weights(self) -> Iterator[TaskWeight]:
        """Go through the weights of the tasks."""
        uris: defaultdict[str, str] = defaultdict(lambda: self._uri)
        for task in self.run.tasks():
            size = len(request_line(task, uris)) + 1
            self.images.update((image.sha256, image) for image in task.images)
            self.request_bytes += size
            yield TaskWeight(task.model, size, task.estimate.input_tokens)
