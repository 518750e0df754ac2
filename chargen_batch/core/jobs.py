"""How a run's tasks are cut into jobs, what their names are, and what a job becomes next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chargen_batch.model.state import JobBase, LostJob, WaitingJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# How the names of all our jobs begin, whatever run or machine they are of.
NAME_PREFIX = "chargen-batch/"
# What a request file is uploaded as; all other uploads are references.
JSONL = "application/jsonl"
_Job = TypeVar("_Job", bound=JobBase)


@dataclass(frozen=True, slots=True)
class TaskWeight:
    """What of a task decides how jobs are cut.

    Its model, its request line's size in bytes, and the tokens that it takes of the service's
    queue: those that go in, for the queue counts no others.
    """

    model: str
    request_bytes: int
    tokens: int = 0


def cut(
    tasks: Iterable[TaskWeight], *, max_tasks: int, max_bytes: int, max_tokens: int | None
) -> Iterator[WaitingJob]:
    """Cut consecutive tasks into jobs of one model, of at most so many tasks, bytes and tokens.

    A single task that is larger than that gets a job of its own: the service will say. Without
    ``max_tokens`` the service counts none.
    """
    index, first, held, size = 1, 0, list[TaskWeight](), 0
    tokens = 0
    for task in tasks:
        is_over = size + task.request_bytes > max_bytes or len(held) >= max_tasks
        is_over |= max_tokens is not None and tokens + task.tokens > max_tokens
        if held and (is_over or task.model != held[0].model):
            yield _waiting(index, first, held)
            index, first, held, size, tokens = index + 1, first + len(held), [], 0, 0
        held.append(task)
        size, tokens = size + task.request_bytes, tokens + task.tokens
    if held:
        yield _waiting(index, first, held)


def _waiting(index: int, first: int, held: Sequence[TaskWeight]) -> WaitingJob:
    return WaitingJob(
        index=index,
        first_task=first,
        task_count=len(held),
        model=held[0].model,
        tokens=sum(task.tokens for task in held),
    )


def split(job: JobBase, tokens: Sequence[int], *, free_index: int) -> tuple[WaitingJob, WaitingJob]:
    """Return a job as its two halves, which wait to be staged.

    The first keeps its number. Their names on the service differ from the whole one's, being made
    of the keys of fewer tasks.

    Args:
        job: A job of two tasks or more.
        tokens: What each of its tasks takes of the service's queue.
        free_index: The number of the second half: one more than the run has jobs.

    """
    half = (job.task_count + 1) // 2
    first = became(WaitingJob, job, task_count=half, tokens=sum(tokens[:half]))
    second = became(
        WaitingJob,
        job,
        index=free_index,
        first_task=job.first_task + half,
        task_count=job.task_count - half,
        tokens=sum(tokens[half:]),
    )
    return first, second


def display_name(run_id: str, index: int, keys: Iterable[str]) -> str:
    """Return a job's name on the service: the same for the same tasks, whatever was uploaded.

    It is made of task keys and never of request bytes, which change when a file is uploaded again.
    """
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:8]
    return f"{NAME_PREFIX}{run_id}/{index:04d}/{digest}"


def became(kind: type[_Job], job: JobBase, **more: Any) -> _Job:  # noqa: ANN401 - fields by name
    """Return a job as its next kind: the fields that both have, and those given."""
    shared: dict[str, Any] = {
        name: getattr(job, name) for name in kind.__struct_fields__ if hasattr(job, name)
    }
    return kind(**{**shared, **more})


def lost(job: JobBase, *, code: str, error: str, at: str) -> LostJob:
    """Return a job that ended without results."""
    return became(LostJob, job, code=code, error=error, ended_at=at)
