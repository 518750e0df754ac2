"""plan.json: what a run was made from. Its tasks stand in tasks.jsonl beside it."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.bounds import Dollars, Hours, Moment, Number, Positive, RunId, Seconds
from chargen_batch.model.settings import Backend
from chargen_batch.model.task import TaskKind

Scope = Literal["characters", "locations", "chapters", "all"]
SkipBy = Literal["target", "key", "none"]


class RunConfig(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The choices a run was planned with, kept as they were."""

    mode: TaskKind
    scope: Scope
    model: str
    backend: Backend
    entity_filter: tuple[str, ...] = ()
    target_filter: tuple[str, ...] = ()
    image_type_filter: str | None = None
    skip: SkipBy = "target"
    retry_refused: bool = False
    variants: Positive = 1
    portraits: bool = False
    prompt_mode: Literal["author", "compiled", "auto"] = "auto"
    dry_run: bool = False
    poll_interval_ms: Number = 30_000
    upload_concurrency: Positive = 5
    cleanup_after_success: bool = True
    max_tasks_per_job: Positive = 500
    max_job_bytes: Positive = 500_000_000
    max_enqueued_tokens: Positive = 800_000
    max_concurrent_jobs: Positive = 100
    max_staged_bytes: Positive = 15_000_000_000
    adopt_wait_s: Seconds = 300.0
    min_file_life_h: Hours = 26.0
    max_cost_usd: Dollars | None = None


class CostEstimate(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a plan is expected to cost in USD; ``None`` where a model has no known price."""

    batch_usd: float | None
    interactive_usd: float | None


class PlanSummary(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """How many targets the scope has, by kind of entity and by state."""

    by_entity_type: dict[str, int]
    by_state: dict[str, int]


class BatchPlan(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The header of a plan.

    ``known_runs`` are the runs that had ended when it was made: what they drew, it knows of. Plans
    of an older version do not say.
    """

    schema_version: Literal[1] = 1
    run_id: RunId
    created_at: Moment
    parent_run_id: RunId | None = None
    config: RunConfig
    summary: PlanSummary
    warnings: tuple[str, ...] = ()
    task_count: Number
    cost: CostEstimate
    tasks_sha256: str = ""
    known_runs: tuple[str, ...] | None = None
