"""Draw a whole story through Gemini's Batch API.

``__all__`` is what is stable, with what docs/python-api.md says of it; all else is private. A name
is imported when it is first asked for, so that ``import chargen_batch`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from chargen_batch.api.project import Plan, Project
    from chargen_batch.api.run import Run
    from chargen_batch.core.planning import Verdict
    from chargen_batch.errors import (
        BatchError,
        ConfigError,
        DocumentError,
        ExecutionError,
        ExitCode,
        LockedError,
        NetworkError,
        NotReadyError,
        PlanningError,
        Problem,
        ResultsError,
        ServiceError,
        StagingError,
        StateError,
        SystemRefusedError,
    )
    from chargen_batch.model.events import (
        Event,
        JobSeen,
        PhaseBegan,
        PhaseEnded,
        Progress,
        Waiting,
        Warned,
    )
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.plan import CostEstimate
    from chargen_batch.model.report import BatchReport
    from chargen_batch.model.settings import Settings
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.apply import ApplyReport
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.cleanup import CleanupReport
    from chargen_batch.phases.download import DownloadReport
    from chargen_batch.phases.plan import PlanReport
    from chargen_batch.phases.poll import PollReport
    from chargen_batch.phases.report import ReportReport
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.phases.retry import RetryReport
    from chargen_batch.phases.revert import RevertReport
    from chargen_batch.phases.stage import StageReport
    from chargen_batch.phases.status import StatusReport
    from chargen_batch.phases.submit import SubmitReport
    from chargen_batch.phases.validate import ValidateReport
else:
    # Not seen by type checkers: to them a name that is not there would be one of any type.
    def __getattr__(name: str) -> object:
        import importlib  # noqa: PLC0415 - not needed for the version

        for room, names in _ROOMS.items():
            if name in names:
                value = getattr(importlib.import_module(f"chargen_batch.{room}"), name)
                return globals().setdefault(name, value)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


_ROOMS = {
    "api.project": ("Plan", "Project"),
    "api.run": ("Run",),
    "core.planning": ("Verdict",),
    "errors": (
        *("BatchError", "ConfigError", "DocumentError", "ExecutionError", "ExitCode"),
        *("LockedError", "NetworkError", "NotReadyError", "PlanningError", "Problem"),
        *("ResultsError", "ServiceError", "StagingError", "StateError", "SystemRefusedError"),
    ),
    "model.events": (
        *("Event", "JobSeen", "PhaseBegan", "PhaseEnded", "Progress", "Waiting", "Warned"),
    ),
    "model.outcome": ("TaskResult",),
    "model.plan": ("CostEstimate",),
    "model.report": ("BatchReport",),
    "model.settings": ("Settings",),
    "model.task": ("BatchTask",),
    "phases.apply": ("ApplyReport",),
    "phases.cancel": ("CancelReport",),
    "phases.cleanup": ("CleanupReport",),
    "phases.download": ("DownloadReport",),
    "phases.plan": ("PlanReport",),
    "phases.poll": ("PollReport",),
    "phases.report": ("ReportReport",),
    "phases.resume": ("ResumeReport",),
    "phases.retry": ("RetryReport",),
    "phases.revert": ("RevertReport",),
    "phases.stage": ("StageReport",),
    "phases.status": ("StatusReport",),
    "phases.submit": ("SubmitReport",),
    "phases.validate": ("ValidateReport",),
}

__all__ = [
    "ApplyReport",
    "BatchError",
    "BatchReport",
    "BatchTask",
    "CancelReport",
    "CleanupReport",
    "ConfigError",
    "CostEstimate",
    "DocumentError",
    "DownloadReport",
    "Event",
    "ExecutionError",
    "ExitCode",
    "JobSeen",
    "LockedError",
    "NetworkError",
    "NotReadyError",
    "PhaseBegan",
    "PhaseEnded",
    "Plan",
    "PlanReport",
    "PlanningError",
    "PollReport",
    "Problem",
    "Progress",
    "Project",
    "ReportReport",
    "ResultsError",
    "ResumeReport",
    "RetryReport",
    "RevertReport",
    "Run",
    "ServiceError",
    "Settings",
    "StageReport",
    "StagingError",
    "StateError",
    "StatusReport",
    "SubmitReport",
    "SystemRefusedError",
    "TaskResult",
    "ValidateReport",
    "Verdict",
    "Waiting",
    "Warned",
    "__version__",
]
