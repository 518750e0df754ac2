from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chargen_batch.model.report import BatchReport, Failure, JobLine, Summary, Timing
from chargen_batch.model.state import Transition
from chargen_batch.report.summary import summarize
from chargen_batch.run.documents import decode, encode
from tests import samples


def _step(at: str, from_: Any, to: Any) -> Transition:  # noqa: ANN401 - words of a table
    return Transition(at=f"2026-11-22T{at}Z", from_=from_, to=to, command="any")


def test_tasks_are_counted_by_how_they_ended() -> None:
    outcomes = [
        samples.success("a"),
        samples.success("b"),
        samples.failure("c"),
        samples.success("d", stage="received"),
    ]
    state = samples.state("applying", total_tasks=9, skipped_tasks=37)
    found = summarize(samples.plan(), state, outcomes).summary
    assert found == Summary(total=9, success=2, failed=1, open=6, skipped=37)


def test_failures_are_listed_with_their_reason() -> None:
    failed = samples.failure("c")
    report = summarize(samples.plan(), samples.state(), [samples.success("a"), failed])
    assert failed.error is not None
    assert report.failures == (Failure(key="c", error=failed.error),)


def test_warnings_are_the_plans_then_those_of_the_results_then_the_tasks() -> None:
    plan = samples.plan(warnings=("w1",))
    state = samples.state(warnings=("r1",))
    outcomes = [samples.success("a", warnings=("w2", "w3"))]
    assert summarize(plan, state, outcomes).warnings == ("w1", "r1", "a: w2", "a: w3")


def test_jobs_are_listed_with_their_status() -> None:
    jobs = (samples.STAGED, samples.DOWNLOADED, samples.LOST)
    report = summarize(samples.plan(), samples.state("running", *jobs), [])
    name = "batches/xyz"
    assert report.jobs == (
        JobLine(index=1, status="staged", task_count=2, batch_job_name=None, error=None),
        JobLine(index=2, status="downloaded", task_count=2, batch_job_name=name, error=None),
        JobLine(index=3, status="lost", task_count=2, batch_job_name=name, error="too old"),
    )


def test_timing_adds_up_the_phases_that_were_left() -> None:
    history = (
        _step("08:00:10.500", "planned", "staging"),
        _step("08:01:00", "staging", "staged"),
        _step("09:01:00", "staged", "cancelled"),
    )
    state = samples.state("cancelled", history=history, completed_at="2026-11-22T09:01:00Z")
    assert summarize(samples.plan(), state, []).timing == Timing(
        started_at=samples.AT,
        completed_at="2026-11-22T09:01:00Z",
        duration_ms=3_660_000,
        phases={"planned": 10.5, "staging": 49.5, "staged": 3600.0},
    )


@pytest.mark.parametrize("phase", ["planned", "running"])
def test_run_that_goes_on_has_no_duration(phase: Any) -> None:  # noqa: ANN401 - a phase
    timing = summarize(samples.plan(), samples.state(phase), []).timing
    assert (timing.completed_at, timing.duration_ms, timing.phases) == (None, None, {})


def test_report_is_a_document_like_the_others() -> None:
    report = summarize(samples.plan(), samples.state("running"), [samples.failure()])
    raw = encode(report)
    assert msgspec.json.decode(raw)["schemaVersion"] == 1
    assert decode(raw, BatchReport, "report.json") == report
