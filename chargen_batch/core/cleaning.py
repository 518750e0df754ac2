"""What cleanup decides: which of a finished run's jobs may be deleted on the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.model.state import DownloadedJob, LostJob, RunningJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import Job

# Outcomes that say that something is wrong with the results which are here.
MISSING_OR_BAD: Final = frozenset({"MISSING_RESULT", "BAD_RESULT"})


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a job stays on the service; ``for_good`` where that will never be otherwise."""

    why: str
    for_good: bool


def kept(
    job: Job,
    keys: Iterable[str],
    outcomes: Mapping[str, TaskResult],
    *,
    is_here: bool,
    odd: Iterable[str] = (),
    sure: bool = False,
) -> Kept | None:
    """Say why a job has to stay, ``None`` where it may go with its results.

    Args:
        job: A job of a finished run that the service has.
        keys: The keys of its tasks.
        outcomes: The last word on each task that has one.
        is_here: Whether its results file is here, as long as it came.
        odd: What apply found odd in results, each with its file and line.
        sure: Whether a job goes too that another copy of the run may have made.

    """
    if isinstance(job, LostJob):
        return Kept(f"it ended without results ({job.code})", for_good=True)
    if not isinstance(job, DownloadedJob):
        return Kept("its results were not fetched", for_good=False)
    if not is_here:
        return Kept(f"{job.results_file} is not here as it was fetched", for_good=False)
    if job.adopted and not sure:
        return Kept(
            "it was found and not made here, and is removed only by the run that made it "
            "(cleanup --yes, where that is this one)",
            for_good=False,
        )
    return _kept_for(job, [outcomes.get(key) for key in keys], odd)


def _kept_for(
    job: DownloadedJob, ends: Sequence[TaskResult | None], odd: Iterable[str]
) -> Kept | None:
    """Say what in a job's results is a reason to keep the service's own copy of them."""
    if not all(end and end.stage != "received" for end in ends):
        return Kept("not all its tasks have ended", for_good=False)
    bad = {end.error.code for end in ends if end and end.error} & MISSING_OR_BAD
    if bad:
        return Kept(f"a result was missing or bad ({', '.join(sorted(bad))})", for_good=True)
    if any(line.startswith(f"{job.results_file}:") for line in odd):
        return Kept(f"{job.results_file} has odd lines", for_good=True)
    return None


def name_of(job: Job) -> str | None:
    """Return a job's name on the service, ``None`` where it never had one."""
    return job.batch_job_name if isinstance(job, RunningJob | LostJob) else None
