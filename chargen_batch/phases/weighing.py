"""What the tasks of a run weigh, before anything of them was sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from chargen_batch.core.adapters import request_line
from chargen_batch.core.jobs import TaskWeight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.model.task import ImageRef
    from chargen_batch.run.directory import RunDirectory

# As long as the URIs that the service gives, to weigh requests before anything is uploaded.
_TYPICAL_URI: Final = "https://generativelanguage.googleapis.com/v1beta/files/" + "x" * 12


class Weighing:
    """One passage through a run's tasks: their weights as they go by, and what they add up to."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self.images: dict[str, ImageRef] = {}
        self.request_bytes = 0

    def weights(self) -> Iterator[TaskWeight]:
        """Go through the weights of the tasks."""
        uris: defaultdict[str, str] = defaultdict(lambda: _TYPICAL_URI)
        for task in self.run.tasks():
            size = len(request_line(task, uris)) + 1
            self.images.update((image.sha256, image) for image in task.images)
            self.request_bytes += size
            yield TaskWeight(task.model, size, task.estimate.input_tokens)
