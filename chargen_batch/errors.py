"""Every error we raise on purpose, and the exit codes they end a command with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Cause: TypeAlias = "BatchError | None"


class ExitCode(IntEnum):
    """What a command's exit code says (docs/exit-codes.md)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WRONG_PHASE = 3
    SOME_TASKS_FAILED = 4
    LOCKED = 5
    PROBLEMS = 6
    SERVICE = 7
    WOULD_PLAN = 10
    BUG = 70
    NOT_READY = 75
    INTERRUPTED = 130


# When several runs are acted on, the command ends with the worst code of theirs.
WORST_FIRST = (
    ExitCode.BUG,
    ExitCode.INTERRUPTED,
    ExitCode.SERVICE,
    ExitCode.FAILED,
    ExitCode.LOCKED,
    ExitCode.PROBLEMS,
    ExitCode.WRONG_PHASE,
    ExitCode.NOT_READY,
    ExitCode.SOME_TASKS_FAILED,
    ExitCode.DONE,
)


def worst(codes: Sequence[ExitCode]) -> ExitCode:
    """Return the worst of several runs' exit codes; done for none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.DONE)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a user's file: where it stands and what is wrong there.

    ``line`` and ``column`` count from 1; 0 where the place is the whole file. ``path`` is the place
    in its data (``zones[0].slug``), ``excerpt`` the line and a caret below it: empty without one.
    """

    file: str
    line: int
    column: int
    message: str
    path: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column: message  [path]``, as compilers print it."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f"  [{self.path}]" if self.path else "")


def dotted(path: Iterable[str | int]) -> str:
    """Return a path in a file's data as people write it: ``zones[0].images[2].slug``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


class BatchError(Exception):
    """What the command line reports as one line, with a hint and an exit code.

    Args:
        message: What happened, to which file, job or key.
        hint: What to type or do next; empty where there is nothing to say.
        cause: What led to it: where that is the service or the network, the exit code is theirs.

    """

    code = "BATCH_ERROR"
    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "", cause: Cause = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if isinstance(cause, ServiceError | NetworkError):
            self.exit_code = cause.exit_code


class PlanningError(BatchError):
    """The story's files have problems, each with its place."""

    code = "PLANNING_ERROR"
    exit_code = ExitCode.PROBLEMS

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ConfigError(BatchError):
    """chargen.yaml, a variable or an option asks for what cannot be."""

    code = "CONFIG_ERROR"
    exit_code = ExitCode.PROBLEMS

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class StagingError(BatchError):
    """A run could not be staged."""

    code = "STAGING_ERROR"

    def __init__(
        self, message: str, *, failed: Sequence[str] = (), hint: str = "", cause: Cause = None
    ) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.failed = tuple(failed)


class ExecutionError(BatchError):
    """A job could not be created or followed."""

    code = "EXECUTION_ERROR"

    def __init__(self, message: str, *, job: str = "", hint: str = "", cause: Cause = None) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.job = job


class ResultsError(BatchError):
    """Results could not be fetched, read or written back."""

    code = "RESULTS_ERROR"

    def __init__(
        self, message: str, *, keys: Sequence[str] = (), hint: str = "", cause: Cause = None
    ) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.keys = tuple(keys)


class StateError(BatchError):
    """The run is not in a phase for this command, or there is no such run."""

    code = "STATE_ERROR"
    exit_code = ExitCode.WRONG_PHASE


class DocumentError(BatchError):
    """A document of a run is damaged, or from a newer version."""

    code = "DOCUMENT_ERROR"


class LockedError(BatchError):
    """Another process holds the run or the story."""

    code = "LOCKED"
    exit_code = ExitCode.LOCKED


class NotReadyError(BatchError):
    """The service is still at work; the same command later goes on."""

    code = "NOT_READY"
    exit_code = ExitCode.NOT_READY


class UsageError(BatchError):
    """The command line is not one that the program understands."""

    code = "USAGE"
    exit_code = ExitCode.USAGE


class SystemRefusedError(BatchError):
    """The operating system refused: disk full, read-only, no permission, no such file."""

    code = "SYSTEM_ERROR"


def of_the_system(error: OSError) -> SystemRefusedError:
    """Return what the operating system refused as an error for people."""
    place = f"{error.filename}: " if error.filename else ""
    return SystemRefusedError(
        f"{place}{error.strerror or error}",
        hint="mend that and type the same command again; what was done is saved",
    )


class InterruptedByUserError(BatchError):
    """Ctrl-C: what was done is saved."""

    code = "INTERRUPTED"
    exit_code = ExitCode.INTERRUPTED


class ServiceError(BatchError):
    """The service answered, and refused.

    ``http_status`` is 200 where the answer was no HTTP error but says nothing (empty, not JSON, no
    name in it), and 0 where nothing was sent. ``status`` is Google's word for the error, or
    ``API_KEY_INVALID`` where the key was refused, which the service answers with a mere 400.
    ``google`` says that the answer carried Google's JSON error, so that it was the service that
    spoke and not something on the way.
    """

    code = "SERVICE_ERROR"
    exit_code = ExitCode.SERVICE

    def __init__(
        self,
        message: str,
        *,
        http_status: int = 0,
        status: str = "",
        google: bool = False,
        retry_after_s: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.http_status = http_status
        self.status = status
        self.google = google
        self.retry_after_s = retry_after_s


class NetworkError(BatchError):
    """The service was not reached, or its answer did not arrive."""

    code = "NETWORK_ERROR"
    exit_code = ExitCode.SERVICE
