"""report.json: what a run came to."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.outcome import TaskError
from chargen_batch.model.plan import CostEstimate, RunConfig
from chargen_batch.model.state import Phase


class Timing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When a run began and ended; ``phases`` has the seconds that it was in each."""

    started_at: str
    completed_at: str | None
    duration_ms: int | None
    phases: dict[str, float]


class Summary(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """How many tasks ended how; ``open`` ones have no outcome yet, ``skipped`` were not planned.

    ``reverted`` ones came to something that was taken out of the story again.
    """

    total: int
    success: int
    failed: int
    open: int
    skipped: int
    reverted: int = 0


class Failure(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A task that failed and why."""

    key: str
    error: TaskError


class JobLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One job of a run, as the report lists it."""

    index: int
    status: str
    task_count: int
    batch_job_name: str | None
    error: str | None


class BatchReport(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The summary of a run, for people and programs."""

    schema_version: Literal[1] = 1
    run_id: str
    phase: Phase
    config: RunConfig
    timing: Timing
    summary: Summary
    failures: tuple[Failure, ...]
    jobs: tuple[JobLine, ...]
    cost: CostEstimate
    warnings: tuple[str, ...]
