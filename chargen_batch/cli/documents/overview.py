"""The documents of the commands that look: one run, all runs, the story, what stands in the way."""

from __future__ import annotations

from chargen_batch.cli.documents.base import Document, Part
from chargen_batch.core.checkup import Level
from chargen_batch.errors import ExitCode, Problem
from chargen_batch.model.state import JobCounts, Phase
from chargen_batch.run.lock import LockHolder


class NoRun(Document, frozen=True, kw_only=True, tag="status"):
    """What status says where no run was planned yet."""

    run_id: None


class JobStatus(Part, frozen=True, kw_only=True):
    """One job: what it is to us (``status``), and to the service (``state``)."""

    index: int
    status: str
    task_count: int
    model: str
    name: str | None
    state: str | None
    counts: JobCounts | None
    submitted_at: str | None
    ended_at: str | None
    age_s: float | None
    deadline: str | None
    error: str | None


class Status(Document, frozen=True, kw_only=True, tag="status"):
    """One run in detail."""

    run_id: str
    phase: Phase
    mode: str
    scope: str
    model: str
    backend: str
    created_at: str
    updated_at: str
    completed_at: str | None
    age_s: float
    parent_run_id: str | None
    total: int
    completed: int
    failed: int
    reverted: int
    skipped: int
    open: int
    jobs: tuple[JobStatus, ...]
    estimate_usd: float | None
    spent_usd: float
    unpriced: int
    error: str | None
    error_code: str | None
    holder: LockHolder | None
    next_command: str | None


class Standing(Part, frozen=True, kw_only=True):
    """How many targets an entity wants, and in which states they are."""

    entity: str
    wanted: int
    done: int
    undecided: int
    approved: int
    rejected: int
    changed: int
    in_flight: int
    open: int
    other: int


class StoryStatus(Document, frozen=True, kw_only=True, tag="status"):
    """How far each entity of the story is."""

    entities: tuple[Standing, ...]
    total: Standing
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


class RunLine(Part, frozen=True, kw_only=True):
    """One run of the history."""

    run_id: str
    phase: Phase
    mode: str
    scope: str
    model: str
    backend: str
    created_at: str
    age_s: float
    parent_run_id: str | None
    total: int
    completed: int
    failed: int
    reverted: int
    jobs: int
    live_jobs: int
    estimate_usd: float | None
    spent_usd: float
    unpriced: int


class DamagedRun(Part, frozen=True, kw_only=True):
    """A run that cannot be read, and why."""

    run_id: str
    error: str


class Runs(Document, frozen=True, kw_only=True, tag="runs"):
    """Every run of a project, oldest first."""

    runs: tuple[RunLine, ...]
    damaged: tuple[DamagedRun, ...]
    current: str | None


class RunsCost(Document, frozen=True, kw_only=True, tag="runs"):
    """What a project has cost by month."""

    months: dict[str, float]
    this_month: str
    budget_usd: float | None
    unpriced: int
    rehearsed: dict[str, float]
    unreadable: tuple[str, ...]
    left_usd: float | None


class Check(Part, frozen=True, kw_only=True):
    """One thing that doctor looked at."""

    name: str
    level: Level
    seen: str
    advice: str
    code: ExitCode


class Doctor(Document, frozen=True, kw_only=True, tag="doctor"):
    """What was looked at, in order."""

    checks: tuple[Check, ...]
