"""The documents of the commands that act on runs: a report, or an error, of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from chargen_batch.cli.documents.base import Document, ErrorPart, Part, error_part
from chargen_batch.cli.documents.reports import (
    ApplyReport,
    CancelReport,
    CleanupReport,
    DownloadReport,
    PhaseReport,
    PollReport,
    ReportReport,
    ResumeReport,
    RetryReport,
    RevertReport,
    StageReport,
    SubmitReport,
)
from chargen_batch.errors import BatchError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.acted import Acted


class OnDone(Part, frozen=True, kw_only=True):
    """What the command of ``poll --on-done`` ended with."""

    exit_code: int


R = TypeVar("R", bound=PhaseReport)


class RunEntry(Part, Generic[R], frozen=True, kw_only=True):
    """What became of one run: its report, or the error that ended it."""

    run_id: str
    exit_code: ExitCode
    on_done: OnDone | msgspec.UnsetType = msgspec.UNSET
    error: ErrorPart | msgspec.UnsetType = msgspec.UNSET
    report: R | msgspec.UnsetType = msgspec.UNSET


class RunsDocument(Document, Generic[R], frozen=True, kw_only=True):
    """What became of the runs that a command took; ``note`` says why where it took none."""

    note: str
    runs: tuple[RunEntry[R], ...]


class Stage(RunsDocument[StageReport], frozen=True, kw_only=True, tag="stage"):
    """stage."""


class Submit(RunsDocument[SubmitReport], frozen=True, kw_only=True, tag="submit"):
    """submit."""


class Poll(RunsDocument[PollReport], frozen=True, kw_only=True, tag="poll"):
    """poll."""


class Download(RunsDocument[DownloadReport], frozen=True, kw_only=True, tag="download"):
    """download."""


class Apply(RunsDocument[ApplyReport], frozen=True, kw_only=True, tag="apply"):
    """apply."""


class ReportOfRuns(RunsDocument[ReportReport], frozen=True, kw_only=True, tag="report"):
    """report."""


class Resume(RunsDocument[ResumeReport], frozen=True, kw_only=True, tag="resume"):
    """resume."""


class Retry(RunsDocument[RetryReport], frozen=True, kw_only=True, tag="retry"):
    """retry."""


class Revert(RunsDocument[RevertReport], frozen=True, kw_only=True, tag="revert"):
    """revert."""


class Cancel(RunsDocument[CancelReport], frozen=True, kw_only=True, tag="cancel"):
    """cancel."""


class Cleanup(RunsDocument[CleanupReport], frozen=True, kw_only=True, tag="cleanup"):
    """cleanup."""


DOCUMENTS: Final[tuple[type[Document], ...]] = (
    *(Stage, Submit, Poll, Download, Apply, ReportOfRuns),
    *(Resume, Retry, Revert, Cancel, Cleanup),
)


def runs_document(command: str, acted: Sequence[Acted], note: str, exit_code: ExitCode) -> Document:
    """Return what became of the runs that a command acted on."""
    kinds = {kind.__struct_config__.tag: kind for kind in DOCUMENTS}
    told: dict[str, Any] = {"command": command, "exitCode": exit_code, "note": note}
    told["runs"] = [entry(each) for each in acted]
    return msgspec.convert(told, kinds[command], from_attributes=True)


def entry(acted: Acted) -> dict[str, Any]:
    """Return what became of one run, as its document has it."""
    head: dict[str, Any] = {"runId": acted.run_id, "exitCode": acted.exit_code}
    if acted.on_done is not None:
        head["onDone"] = OnDone(exit_code=acted.on_done)
    if isinstance(acted.result, BatchError):
        return {**head, "error": error_part(acted.result)}
    return {**head, "report": acted.result}
