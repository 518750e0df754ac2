"""What the emulated service remembers: files, upload sessions and jobs, as plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

LIFETIME_US = 48 * 3600 * 1_000_000

PENDING = "BATCH_STATE_PENDING"
RUNNING = "BATCH_STATE_RUNNING"
SUCCEEDED = "BATCH_STATE_SUCCEEDED"
FAILED = "BATCH_STATE_FAILED"
CANCELLED = "BATCH_STATE_CANCELLED"
EXPIRED = "BATCH_STATE_EXPIRED"
CANCELLING = "BATCH_STATE_CANCELLING"
PARTIALLY_SUCCEEDED = "BATCH_STATE_PARTIALLY_SUCCEEDED"
DELETED = "DELETED"  # no state of the service's: it does not know the job any more
WITH_OUTPUT = frozenset({SUCCEEDED, PARTIALLY_SUCCEEDED})
ENDED = WITH_OUTPUT | {FAILED, CANCELLED, EXPIRED}


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file; its bytes are a blob of the same id. Times are microseconds since 1970.

    One that is `gone` is denied before its time is over.
    """

    id: str
    project: str
    display_name: str
    mime_type: str
    size: int
    sha256: str
    created_us: int
    expires_us: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload session, from its start to its finalised file and beyond."""

    id: str
    project: str
    display_name: str
    mime_type: str
    size: int | None
    created_us: int
    wanted_id: str | None = None
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A batch job. `behaviour` is what its rows were told to end as when it was created.

    `successful` and `failed` count the rows of its whole output, `half_successful` and
    `half_failed` those of its first half, which is what a job has that did not finish. `output` is
    "kept", "lost" or "none" once it has ended. Lists lack it `unlisted` times more, and until
    `listed_us`.
    """

    id: str
    project: str
    model: str
    display_name: str
    input_file: str
    created_us: int
    updated_us: int
    requests: int
    successful: int
    failed: int
    behaviour: str
    state: str = PENDING
    looks: int = 0
    ended_us: int | None = None
    half_successful: int = 0
    half_failed: int = 0
    tokens: int = 0
    output: str | None = None
    cancelled_at_look: int = 0
    unlisted: int = 0
    listed_us: int = 0

    @property
    def expires_us(self) -> int:
        """Give the moment at which the job is given up."""
        return self.created_us + LIFETIME_US

    @property
    def live(self) -> bool:
        """Say whether the job can still change; a state that nobody knows is live."""
        return self.state not in ENDED and self.state != DELETED

    @property
    def names_output(self) -> bool:
        """Say whether the job tells of an output, be it there or lost."""
        # A job of the emulator before this one had an output when it succeeded.
        return self.state == SUCCEEDED if self.output is None else self.output != "none"


def microseconds(moment: datetime) -> int:
    """Count the microseconds from 1970 to a moment."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND


_MICROSECOND = datetime.resolution


def timestamp(moment_us: int, digits: int) -> str:
    """Write a moment as the service does, with 6 or 9 fractional digits."""
    seconds, fraction = divmod(moment_us, 1_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction:06d}".ljust(len(whole) + 1 + digits, "0") + "Z"
