"""Small tasks, jobs, states and plans, each whole, to be varied by a test."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chargen_batch.core.task_key import keyed
from chargen_batch.model.outcome import Picture, TaskError, TaskResult
from chargen_batch.model.plan import BatchPlan, CostEstimate, PlanSummary, RunConfig
from chargen_batch.model.state import (
    DownloadedJob,
    EndedJob,
    IntendedJob,
    LostJob,
    RunningJob,
    RunState,
    StagedJob,
    WaitingJob,
)
from chargen_batch.model.task import BatchTask, ImageRef, TaskSource

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, Phase

RUN_ID: Final = "20261122T080000Z-x7k2"
AT: Final = "2026-11-22T08:00:00Z"
LATER: Final = "2026-11-22T08:05:00Z"
KEY: Final = "character/ada/portrait@d6f4c3f0aa0a0fa4"
PORTRAIT: Final = ImageRef(path="ada.png", mime="image/png", sha256="a" * 64, role="portrait")
PLACE: Final = ImageRef(path="mill.jpg", mime="image/jpeg", sha256="b" * 64, role="location")

_PLAIN: Final = BatchTask(
    key="",
    kind="generate",
    entity_type="character",
    entity_slug="ada",
    target_id="portrait",
    title="Ada",
    prompt="Ada by the sea",
    output_dir="characters/ada/images",
    output_file_name_hint="portrait",
    model="gemini-3-pro-image",
    aspect_ratio="3:4",
    image_size="1K",
    source=TaskSource(file="characters/ada/image-ideas.yaml", yaml_path=("image_ideas", 0)),
)


def task(**changes: Any) -> BatchTask:  # noqa: ANN401 - fields by name
    """Return a task with its key."""
    return keyed(msgspec.structs.replace(_PLAIN, **changes))


# A job of each status, as the first of its run, holding tasks 0 and 1.
_STAGED: Final[dict[str, Any]] = {
    "index": 1,
    "first_task": 0,
    "task_count": 2,
    "model": "gemini-3-pro-image",
    "request_file": "requests-0001.jsonl",
    "request_file_name": "files/abc",
    "request_count": 2,
    "display_name": f"chargen-batch/{RUN_ID}/0001/01234567",
}
_RUNNING: Final = _STAGED | {"batch_job_name": "batches/xyz", "submitted_at": AT}
_ENDED: Final = _RUNNING | {
    "ended_at": LATER,
    "result_file_name": "files/result",
    "state": "JOB_STATE_SUCCEEDED",
}
WAITING: Final = WaitingJob(index=1, first_task=0, task_count=2, model="gemini-3-pro-image")
STAGED: Final = StagedJob(**_STAGED)
INTENDED: Final = IntendedJob(**_STAGED, intent_at=AT)
RUNNING: Final = RunningJob(**_RUNNING)
ENDED: Final = EndedJob(**_ENDED)
DOWNLOADED: Final = DownloadedJob(**_ENDED, results_file="results-0001.jsonl", results_bytes=0)
LOST: Final = LostJob(
    index=1,
    first_task=0,
    task_count=2,
    model="gemini-3-pro-image",
    code="JOB_EXPIRED",
    error="too old",
    ended_at=LATER,
    batch_job_name="batches/xyz",
)

# One job that a run in each phase may hold.
JOB_IN: Final[dict[Phase, Job | None]] = {
    "planned": None,
    "staging": WAITING,
    "staged": STAGED,
    "submitted": RUNNING,
    "running": RUNNING,
    "downloading": ENDED,
    "applying": DOWNLOADED,
    "completed": DOWNLOADED,
    "failed": LOST,
    "cancelled": LOST,
}


def placed(*jobs: Job) -> tuple[Job, ...]:
    """Return jobs numbered 1, 2, ... and holding tasks one after another."""
    starts = itertools.accumulate((job.task_count for job in jobs), initial=0)
    return tuple(
        msgspec.structs.replace(job, index=number, first_task=start)
        for number, (job, start) in enumerate(zip(jobs, starts, strict=False), 1)
    )


def config(**changes: Any) -> RunConfig:  # noqa: ANN401 - fields by name
    """Return a run's choices."""
    plain = RunConfig(mode="generate", scope="all", model="gemini-3-pro-image", backend="emulator")
    return msgspec.structs.replace(plain, **changes)


def state(phase: Phase = "planned", *jobs: Job, **changes: Any) -> RunState:  # noqa: ANN401 - fields by name
    """Return a state in a phase, with the jobs given, else with one that fits the phase."""
    fitting = JOB_IN[phase]
    held = placed(*(jobs or ((fitting,) if fitting else ())))
    count = sum(job.task_count for job in held) or 2
    plain = RunState(
        run_id=RUN_ID,
        phase=phase,
        created_at=AT,
        updated_at=AT,
        config=config(),
        task_count=count,
        total_tasks=count,
        jobs=held,
    )
    return msgspec.structs.replace(plain, **changes)


def plan(**changes: Any) -> BatchPlan:  # noqa: ANN401 - fields by name
    """Return a plan's header for two tasks."""
    plain = BatchPlan(
        run_id=RUN_ID,
        created_at=AT,
        config=config(),
        summary=PlanSummary(by_entity_type={"character": 2}, by_state={"new": 2}),
        task_count=2,
        cost=CostEstimate(batch_usd=0.14, interactive_usd=0.28),
    )
    return msgspec.structs.replace(plain, **changes)


PICTURE: Final = Picture(
    path="characters/ada/images/portrait.png",
    mime="image/png",
    sha256="d" * 64,
    width=3,
    height=4,
)


def success(key: str = KEY, **changes: Any) -> TaskResult:  # noqa: ANN401 - fields by name
    """Return a settled success with one picture."""
    plain = TaskResult(
        key=key, stage="settled", status="success", job=1, at=LATER, pictures=(PICTURE,)
    )
    return msgspec.structs.replace(plain, **changes)


def failure(key: str = KEY, **changes: Any) -> TaskResult:  # noqa: ANN401 - fields by name
    """Return a settled failure."""
    error = TaskError(code="BLOCKED_SAFETY", message="the prompt was blocked", retryable=False)
    plain = TaskResult(key=key, stage="settled", status="failed", job=1, at=LATER, error=error)
    return msgspec.structs.replace(plain, **changes)
