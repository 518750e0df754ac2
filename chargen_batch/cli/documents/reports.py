"""What the phases tell of one run, in the documents of the commands that act on runs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from chargen_batch.cli.documents.base import Part
from chargen_batch.core.retrying import Left
from chargen_batch.errors import ExitCode, Problem
from chargen_batch.model.report import BatchReport
from chargen_batch.model.state import Job, Phase


class PhaseReport(Part, frozen=True, kw_only=True):
    """What a phase tells of one run."""

    run_id: str
    exit_code: ExitCode


class StageReport(PhaseReport, frozen=True, kw_only=True):
    """What was brought to the service."""

    phase: Phase
    uploaded: int
    uploaded_bytes: int
    job_count: int
    changed: tuple[str, ...]
    warnings: tuple[str, ...]


class SubmitReport(PhaseReport, frozen=True, kw_only=True):
    """Which jobs were created, found to exist, refused, or have to wait."""

    phase: Phase
    created: tuple[str, ...]
    adopted: tuple[str, ...]
    rejected: tuple[int, ...]
    open_jobs: int
    warnings: tuple[str, ...]
    is_cancelling: bool


class JobAge(Part, frozen=True, kw_only=True):
    """How long ago a live job was created, and when the service ends it."""

    index: int
    batch_job_name: str
    age_s: int
    deadline: str


class PollReport(PhaseReport, frozen=True, kw_only=True):
    """What the jobs of a run are now."""

    phase: Phase
    jobs: tuple[Job, ...]
    warnings: tuple[str, ...]
    asked: int
    ages: tuple[JobAge, ...]
    was_over: bool
    is_cancelling: bool


class DownloadReport(PhaseReport, frozen=True, kw_only=True):
    """Which result files came."""

    phase: Phase
    files: tuple[str, ...]
    size: int
    given_up: tuple[int, ...]
    warnings: tuple[str, ...]


class ApplyReport(PhaseReport, frozen=True, kw_only=True):
    """How a run's tasks ended, and what in the story's files stood in the way."""

    phase: Phase
    completed: int
    failed: int
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    restored: tuple[str, ...]
    reverted: int


class ReportReport(PhaseReport, frozen=True, kw_only=True):
    """The report of a run, and where it was written."""

    report: BatchReport
    json_file: Path
    page_file: Path
    removed: int
    warnings: tuple[str, ...]


class CancelReport(PhaseReport, frozen=True, kw_only=True):
    """What became of a run's jobs."""

    phase: Phase
    stopped: int
    ended: int
    stopping: int
    unknown: int
    asked: tuple[str, ...]
    was_over: bool
    warnings: tuple[str, ...]


class RetryReport(PhaseReport, frozen=True, kw_only=True):
    """The run that was made of another's dead letters."""

    child: str | None
    retried: int
    left: dict[Left, int]
    refused: dict[str, int]
    cost_usd: float | None
    warnings: tuple[str, ...]


class LeftInStory(Part, frozen=True, kw_only=True):
    """What stays in the story, and why."""

    key: str
    why: str


class RevertReport(PhaseReport, frozen=True, kw_only=True):
    """Whose results are out of the story, and what was left in it."""

    phase: Phase
    reverted: tuple[str, ...]
    left: tuple[LeftInStory, ...]
    kept: tuple[str, ...]
    problems: tuple[Problem, ...]
    dry_run: bool


class CleanupReport(PhaseReport, frozen=True, kw_only=True):
    """What was removed from the service; with --local, whether the run's folder was."""

    phase: Phase | msgspec.UnsetType = msgspec.UNSET
    files: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    jobs: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    kept: tuple[str, ...] | str | None
    dry_run: bool


class StageStep(Part, frozen=True, kw_only=True, tag_field="command", tag="stage"):
    """A stage that resume went through."""

    report: StageReport


class SubmitStep(Part, frozen=True, kw_only=True, tag_field="command", tag="submit"):
    """A submit that resume went through."""

    report: SubmitReport


class PollStep(Part, frozen=True, kw_only=True, tag_field="command", tag="poll"):
    """A poll that resume went through."""

    report: PollReport


class DownloadStep(Part, frozen=True, kw_only=True, tag_field="command", tag="download"):
    """A download that resume went through."""

    report: DownloadReport


class ApplyStep(Part, frozen=True, kw_only=True, tag_field="command", tag="apply"):
    """An apply that resume went through."""

    report: ApplyReport


class ReportStep(Part, frozen=True, kw_only=True, tag_field="command", tag="report"):
    """A report that resume went through."""

    report: ReportReport


class CancelStep(Part, frozen=True, kw_only=True, tag_field="command", tag="cancel"):
    """A cancel that resume went through."""

    report: CancelReport


Step = StageStep | SubmitStep | PollStep | DownloadStep | ApplyStep | ReportStep | CancelStep


class ResumeReport(PhaseReport, frozen=True, kw_only=True):
    """How far a run has come, by which steps."""

    phase: Phase
    steps: tuple[Step, ...]
    completed: int
    failed: int
    open: int
    jobs: tuple[Job, ...]
    is_awaited: bool
