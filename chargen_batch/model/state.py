"""state.json: the phase of a run, its jobs, and how it came there."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.bounds import Moment, Number, Positive, RunId
from chargen_batch.model.plan import RunConfig

Phase = Literal[
    "planned",
    "staging",
    "staged",
    "submitted",
    "running",
    "downloading",
    "applying",
    "completed",
    "failed",
    "cancelled",
]
FINAL_PHASES: frozenset[Phase] = frozenset({"completed", "failed", "cancelled"})


class JobCounts(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The service's counts of a job's requests."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    pending: int = 0


class JobBase(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="status",
):
    """What every job has: its place in the plan. It holds consecutive tasks in plan order.

    ``tokens`` is the estimate of what its requests take of the service's queue.
    """

    index: Positive
    first_task: Number
    task_count: Number
    model: str
    tokens: Number = 0


class WaitingJob(JobBase, frozen=True, kw_only=True, tag="waiting"):
    """Cut, and not staged yet."""


class StagedJob(JobBase, frozen=True, kw_only=True, tag="staged"):
    """Its request file is on the service; nothing was asked for yet.

    ``request_count`` is lower than ``task_count`` where tasks were settled before they were sent.
    """

    request_file: str
    request_file_name: str
    request_count: Number
    display_name: str


class IntendedJob(StagedJob, frozen=True, kw_only=True, tag="intended"):
    """About to be created: whether the service did is not known.

    ``missed_listings`` counts the complete listings since that did not show it, the first of them
    at ``first_missed_at``.
    """

    intent_at: Moment
    missed_listings: Number = 0
    first_missed_at: Moment | None = None


class RunningJob(StagedJob, frozen=True, kw_only=True, tag="running"):
    """Created, and not ended when it was last looked at. ``state`` is the service's own word.

    ``adopted`` says that it was found without an intention of this directory: another one, of which
    this is a copy or which is a copy of this, may have made it.
    """

    batch_job_name: str
    submitted_at: Moment
    state: str = "JOB_STATE_PENDING"
    counts: JobCounts = JobCounts()
    adopted: bool = False


class EndedJob(RunningJob, frozen=True, kw_only=True, tag="ended"):
    """Ended with results that are still on the service; ``error`` says why they are not all."""

    ended_at: Moment
    result_file_name: str
    error: str | None = None


class DownloadedJob(EndedJob, frozen=True, kw_only=True, tag="downloaded"):
    """Its results are here, whole."""

    results_file: str
    results_bytes: Number


class LostJob(JobBase, frozen=True, kw_only=True, tag="lost"):
    """Ended without results: ``code`` says how.

    JOB_FAILED, JOB_EXPIRED, JOB_CANCELLED, JOB_REJECTED; REFERENCE_CHANGED where nothing was sent;
    JOB_GONE and RESULTS_GONE where a person gave it up.
    """

    code: str
    error: str
    ended_at: Moment
    batch_job_name: str | None = None
    display_name: str | None = None
    request_file_name: str | None = None


Job = WaitingJob | StagedJob | IntendedJob | RunningJob | EndedJob | DownloadedJob | LostJob


class ServiceIdentity(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The service a run was staged on; the key's fingerprint is an HMAC of it with the run id."""

    backend: str
    base_url: str
    key_fingerprint: str


class Transition(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """One change of phase."""

    at: Moment
    from_: Phase
    to: Phase
    command: str


class RunState(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Where a run is: ``total_tasks`` = completed + failed + reverted + open, without skipped ones.

    ``cancel_requested_at`` is when somebody first wanted it cancelled: nothing is created from then
    on. ``cleaned_at`` is when the last of what it had on the service was removed; ``warnings`` are
    what apply found odd in the results.
    """

    schema_version: Literal[1] = 1
    run_id: RunId
    phase: Phase
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None = None
    config: RunConfig
    parent_run_id: RunId | None = None
    plan_sha256: str = ""
    task_count: Number
    service: ServiceIdentity | None = None
    jobs: tuple[Job, ...] = ()
    total_tasks: Number
    completed_tasks: Number = 0
    failed_tasks: Number = 0
    reverted_tasks: Number = 0
    skipped_tasks: Number = 0
    history: tuple[Transition, ...] = ()
    error: str | None = None
    error_code: str | None = None
    cancel_requested_at: Moment | None = None
    cleaned_at: Moment | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Say whether no command moves this run any more."""
        return self.phase in FINAL_PHASES
