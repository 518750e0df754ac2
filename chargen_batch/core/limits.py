"""What each service takes, by its documentation: facts that phases ask for and never assume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# So long the lifecycle rule that doctor suggests lets an object of a bucket live: it is counted on,
# and what is older may be gone.
KEPT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """A service's limits for one project; None where it has no such limit.

    ``job_requests`` and ``job_bytes`` are of one job's request file, ``live_jobs`` how many jobs
    may be at work at once, ``stored_bytes`` what all uploaded files may take together,
    ``file_life_h`` how long an upload lives (None where the service itself removes none), and
    ``queues_tokens`` says whether a model's queue takes only so many tokens at once. ``job_life_h``
    is how long after its creation a job has ended at the latest, ``needed_life_h`` how long at
    least its uploads are to live by then, ``uri_length`` how long a reference's URI is about, and
    ``shares_references`` says whether a reference is one file for all runs, which no run removes.
    """

    job_requests: int | None = None
    job_bytes: int | None = None
    live_jobs: int | None = None
    stored_bytes: int | None = None
    file_life_h: float | None = None
    queues_tokens: bool = False
    job_life_h: float = 48.0
    needed_life_h: float = 0.0
    uri_length: int = 67
    shares_references: bool = False


# The Developer API's (gemini.md §4), which the emulator keeps to as well.
GEMINI = ServiceLimits(
    job_bytes=2_000_000_000,
    live_jobs=100,
    stored_bytes=20_000_000_000,
    file_life_h=48.0,
    queues_tokens=True,
)
# Vertex AI's batch prediction (gemini.md §7): files are objects in a bucket of one's own, and a job
# waits for up to 72 hours before it is at work for up to 24. An object's name has its SHA-256.
VERTEX = ServiceLimits(
    job_requests=200_000,
    job_bytes=1_000_000_000,
    job_life_h=96.0,
    needed_life_h=96.0,
    uri_length=192,
    shares_references=True,
)


def of(backend: str) -> ServiceLimits:
    """Return the limits of a backend, also where no service is open."""
    return VERTEX if backend == "vertex" else GEMINI
