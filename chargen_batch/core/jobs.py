"""How a run's tasks are cut into jobs, what their names are, and what a job becomes next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chargen_batch.model.state import JobBase, LostJob, WaitingJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Job = TypeVar("_Job", bound=JobBase)


@dataclass(frozen=True, slots=True)
class TaskWeight:
    """What of a task decides how jobs are cut: its model and its request line's size in bytes."""

    model: str
    request_bytes: int


def cut(tasks: Iterable[TaskWeight], *, max_tasks: int, max_bytes: int) -> Iterator[WaitingJob]:
    """Cut consecutive tasks into jobs of one model, of at most so many tasks and bytes.

    A single task that is larger than ``max_bytes`` gets a job of its own: the service will say.
    """
    index, first, count, size, model = 1, 0, 0, 0, ""
    for task in tasks:
        full = count >= max_tasks or size + task.request_bytes > max_bytes or task.model != model
        if count and full:
            yield WaitingJob(index=index, first_task=first, task_count=count, model=model)
            index, first, count, size = index + 1, first + count, 0, 0
        count, size, model = count + 1, size + task.request_bytes, task.model
    if count:
        yield WaitingJob(index=index, first_task=first, task_count=count, model=model)


def display_name(run_id: str, index: int, keys: Iterable[str]) -> str:
    """Return a job's name on the service: the same for the same tasks, whatever was uploaded.

    It is made of task keys and never of request bytes, which change when a file is uploaded again.
    """
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:8]
    return f"chargen-batch/{run_id}/{index:04d}/{digest}"


def became(kind: type[_Job], job: JobBase, **more: Any) -> _Job:  # noqa: ANN401 - fields by name
    """Return a job as its next kind: the fields that both have, and those given."""
    shared: dict[str, Any] = {
        name: getattr(job, name) for name in kind.__struct_fields__ if hasattr(job, name)
    }
    return kind(**{**shared, **more})


def lost(job: JobBase, *, code: str, error: str, at: str) -> LostJob:
    """Return a job that ended without results."""
    return became(LostJob, job, code=code, error=error, ended_at=at)
