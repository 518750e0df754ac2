"""What room the service has for our jobs: its slots, and its queue of tokens for each model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chargen_batch.core import strays
from chargen_batch.core.jobs import NAME_PREFIX
from chargen_batch.core.polling import has_ended
from chargen_batch.model.state import RunningJob

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from chargen_batch.model.state import IntendedJob, JobBase


class Listed(strays.Listed, Protocol):
    """What the service's listing says of a job and of what it takes."""

    @property
    def model(self) -> str:
        """Return the bare name of its model."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """What one live job takes: a slot, and tokens of its model's queue."""

    model: str
    tokens: int


def live(listed: Iterable[Listed], ours: Collection[IntendedJob | RunningJob]) -> dict[str, Load]:
    """Return what is taken: by our jobs that the listing shows at work, and by those it lacks.

    A job that may exist counts until the listing shows that it has ended: a listing may be late.

    Args:
        listed: Every job on the service; those of others are passed over.
        ours: The jobs that the states of our runs hold to be live or about to be created.

    Returns:
        The load of each by its name; that of a job whose state we do not have is without tokens.

    """
    shown = [job for job in listed if job.display_name.startswith(NAME_PREFIX)]
    known = {job.display_name: Load(job.model, job.tokens) for job in ours}
    names = {name for job in shown for name in (job.name, job.display_name)}
    at_work = {
        job.name: known.get(job.display_name, Load(job.model, 0))
        for job in shown
        if not has_ended(job.state)
    }
    unseen = {name_of(job): Load(job.model, job.tokens) for job in ours}
    return at_work | {name: load for name, load in unseen.items() if name not in names}


def name_of(job: IntendedJob | RunningJob) -> str:
    """Return the service's name of a job, else our own."""
    return job.batch_job_name if isinstance(job, RunningJob) else job.display_name


def fits(job: JobBase, taken: Mapping[str, Load], *, max_jobs: int, max_tokens: int | None) -> bool:
    """Say whether a job may be created beside the live ones.

    A job that is larger than the whole queue goes when nothing of its model is live: the service
    will say. Without ``max_tokens`` there is no such queue.
    """
    beside = [load.tokens for load in taken.values() if load.model == job.model]
    in_queue = not beside or max_tokens is None or sum(beside) + job.tokens <= max_tokens
    return len(taken) < max_jobs and in_queue
