"""The row report: the pages of finished runs, as their tasks grow."""

from __future__ import annotations

import hashlib
import math
import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks import stories
from benchmarks.side_by_side import Row, Side, measured, python
from chargen_batch.model.outcome import Picture, ProviderMeta, TaskResult, Usage
from chargen_batch.model.plan import BatchPlan, CostEstimate, PlanSummary, RunConfig
from chargen_batch.model.state import DownloadedJob, RunState
from chargen_batch.model.task import BatchTask, ImageRef, TaskSource
from chargen_batch.run.documents import encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEW: Final = 10_000
MANY: Final = 100_000
MOST_MB: Final = 500
RUN_ID: Final = "20261122T080000Z-big0"
_AT: Final = "2026-11-22T08:00:00Z"
_MODEL: Final = "gemini-3-pro-image"
_PROMPT: Final = "".join(
    f"Paragraph {number}: a lantern on the quay in rain.\n" for number in range(80)
)
_USAGE: Final = Usage(prompt_tokens=1000, candidates_tokens=1120, image_tokens=1120)
_META: Final = ProviderMeta(model_version=_MODEL, response_id="x" * 22, finish_reason="STOP")


def report(rounds: int) -> Iterator[Row]:
    """Write the report of ten times as many tasks."""
    sides = []
    for count in (FEW, MANY):
        project = finished(stories.CACHE / f"reported-{count}", count)
        command = python("chargen_batch", "report", "--project", str(project), "--quiet")
        sides.append(Side(str(count), command, partial(_forget, project)))
    taken = measured(sides, rounds)
    few, many = taken[str(FEW)], taken[str(MANY)]
    grown = zip(many.wall_s, few.wall_s, strict=True)
    exponents = tuple(math.log(a / b, MANY / FEW) for a, b in grown)
    peak = {str(FEW): max(few.peak_mb), str(MANY): max(many.peak_mb)}
    yield Row(f"report, {FEW:,} to {MANY:,} tasks: exponent of time", exponents, 1.1, peak_mb=peak)
    shares = tuple(peak_mb / MOST_MB for peak_mb in many.peak_mb)
    yield Row(f"report of {MANY:,} tasks: peak memory / {MOST_MB} MB", shares, 1)


def finished(project: Path, count: int) -> Path:
    """Return a project with one finished run, of which every task came to a picture."""
    folder = project / ".chargen" / "batch" / RUN_ID
    if (folder / "state.json").exists():
        return project
    shutil.rmtree(project, ignore_errors=True)
    folder.mkdir(parents=True)
    with (
        (folder / "tasks.jsonl").open("wb") as tasks,
        (folder / "outcomes.jsonl").open("wb") as ends,
    ):
        for number in range(count):
            task = _task(number)
            tasks.write(msgspec.json.encode(task) + b"\n")
            for stage in ("received", "settled"):
                ends.write(msgspec.json.encode(_outcome(task, stage)) + b"\n")
    config = RunConfig(mode="generate", scope="all", model=_MODEL, backend="emulator")
    plan = encode(
        BatchPlan(
            run_id=RUN_ID,
            created_at=_AT,
            config=config,
            summary=PlanSummary(by_entity_type={"character": count}, by_state={"new": count}),
            task_count=count,
            cost=CostEstimate(batch_usd=0.067 * count, interactive_usd=0.134 * count),
        )
    )
    (folder / "plan.json").write_bytes(plan)
    (folder / "state.json").write_bytes(encode(_state(config, plan, count)))
    (folder.parent / "current").write_text(RUN_ID)
    return project


def _forget(project: Path) -> None:
    for written in (project / ".chargen" / "batch" / RUN_ID).glob("report*"):
        written.unlink()


def _task(number: int) -> BatchTask:
    slug, target = f"person-{number // 20}", f"target-{number}"
    folder = f"characters/{slug}/images"
    return BatchTask(
        key=f"character/{slug}/{target}@{number:016x}",
        kind="generate",
        entity_type="character",
        entity_slug=slug,
        target_id=target,
        title=f"Picture {number}",
        prompt=f"{_PROMPT}{number}",
        reference_images=(
            ImageRef(
                path=f"{folder}/portrait.png", mime="image/png", sha256="a" * 64, role="portrait"
            ),
        ),
        output_dir=folder,
        output_file_name_hint=target,
        model=_MODEL,
        aspect_ratio="3:4",
        image_size="1K",
        source=TaskSource(file=f"characters/{slug}/imagery.yaml", yaml_path=("scenes", 7)),
    )


def _outcome(task: BatchTask, stage: str) -> dict[str, object]:
    path = f"{task.output_dir}/{task.output_file_name_hint}.png"
    sha256 = hashlib.sha256(task.key.encode()).hexdigest()
    picture = Picture(path=path, mime="image/png", sha256=sha256, width=864, height=1152)
    outcome = TaskResult(
        key=task.key,
        stage="settled",
        status="success",
        job=1,
        at=_AT,
        image_path=path,
        sha256=sha256,
        pictures=(picture,),
        usage=_USAGE,
        provider_meta=_META,
    )
    return {**msgspec.to_builtins(outcome), "stage": stage}


def _state(config: RunConfig, plan: bytes, count: int) -> RunState:
    job = DownloadedJob(
        index=1,
        first_task=0,
        task_count=count,
        model=_MODEL,
        request_file="requests-0001.jsonl",
        request_file_name="files/abc",
        request_count=count,
        display_name=f"chargen-batch/{RUN_ID}/0001/01234567",
        batch_job_name="batches/xyz",
        submitted_at=_AT,
        ended_at=_AT,
        state="JOB_STATE_SUCCEEDED",
        result_file_name="files/result",
        results_file="results-0001.jsonl",
        results_bytes=0,
    )
    return RunState(
        run_id=RUN_ID,
        phase="completed",
        created_at=_AT,
        updated_at=_AT,
        completed_at=_AT,
        cleaned_at=_AT,
        config=config,
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        task_count=count,
        total_tasks=count,
        completed_tasks=count,
        jobs=(job,),
    )
