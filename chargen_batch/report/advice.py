"""Dead letters by reason, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Final

from chargen_batch.report.rows import anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chargen_batch.model.report import Failure

_RETRY: Final = "retry --run {run}"
_PLAN: Final = "plan"
_AGAIN: Final = "plan --retry-refused"
_ADOPT: Final = "adopt PICTURE TARGET"
# So many of one reason are named; the others are found by the filter.
_NAMED: Final = 100

# By code, the first that fits: what happened and what helps, and the command to type.
_ADVICE: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "BLOCKED_*",
        (
            "The service refused the prompt. Reword the target at its place in the story; a "
            "changed prompt is planned anew."
        ),
        _PLAN,
    ),
    (
        "NO_IMAGE_DATA",
        (
            "The model answered in words, or with nothing. Send it again; where that does not "
            "help, ask more plainly for something that can be seen."
        ),
        _RETRY,
    ),
    ("ROW_ERROR_*", "The service failed at this one request.", _RETRY),
    ("BAD_RESULT", "The picture that came is broken. Send it again.", _RETRY),
    (
        "BAD_ANALYSIS",
        "The answer is cut off, or not what was asked for; the message says where. Send it again.",
        _RETRY,
    ),
    ("MISSING_RESULT", "The job ended without a line for this task. Send it again.", _RETRY),
    ("JOB_REJECTED", "The service did not take the job: its words say why. Mend that.", _AGAIN),
    ("JOB_EXPIRED", "The job was not done within its time. Send it again.", _RETRY),
    ("JOB_CANCELLED", "The job was cancelled before this task was done.", _RETRY),
    ("JOB_FAILED", "The job failed as a whole: its words say why. Send it again.", _RETRY),
    ("JOB_GONE", "The service has lost the job, and it was given up. Send it again.", _RETRY),
    (
        "RESULTS_GONE",
        "The service has lost the results, and they were given up. Send it again.",
        _RETRY,
    ),
    (
        "REFERENCE_CHANGED",
        "A reference was painted over after the plan was made. Plan again, with what it is now.",
        _PLAN,
    ),
    (
        "TARGET_VANISHED",
        (
            "The target is not in the story any more. Its picture is in the run's orphans folder: "
            "give it to another target, or leave it there."
        ),
        _ADOPT,
    ),
    (
        "FILE_GIVEN_UP",
        (
            "The story's file stood in the way and was given up. Mend it; the picture is in the "
            "run's orphans folder and is entered from there."
        ),
        _ADOPT,
    ),
)
_REFUSED: Final = (
    "The model refused to answer: what it made would break the service's rules. Reword the target "
    "at its place in the story; a changed prompt is planned anew."
)
_NOT_ACCEPTED: Final = (
    "The service did not accept the request: its words say why. Mend the target, or the settings "
    "that they name."
)
_UNREAD: Final = (
    "There is no line for this task, and lines of the results could not be read: it may be among "
    "those. Look into the run's results file before it is paid for again."
)


@dataclass(frozen=True, slots=True)
class Named:
    """A dead letter on the page: its target, where its task is shown, and the service's words."""

    target: str
    link: str
    message: str


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters of one reason; ``named`` are the first of them."""

    code: str
    count: int
    advice: str
    command: str
    named: tuple[Named, ...]

    @property
    def unnamed(self) -> int:
        """Return how many are not named."""
        return self.count - len(self.named)


def grouped(
    failures: Iterable[Failure], run_id: str, pages: Mapping[str, str]
) -> tuple[Letters, ...]:
    """Return the dead letters by reason, the most frequent first.

    Args:
        failures: The tasks that failed.
        run_id: Their run.
        pages: By key, the page that a task is on, where it is not this one.

    """
    by_code: dict[str, list[Failure]] = {}
    for failure in failures:
        by_code.setdefault(failure.error.code, []).append(failure)
    groups = (_letters(code, found, run_id, pages) for code, found in by_code.items())
    return tuple(sorted(groups, key=lambda letters: (-letters.count, letters.code)))


def _letters(code: str, failures: list[Failure], run_id: str, pages: Mapping[str, str]) -> Letters:
    advice, command = what_to_do(code, retryable=any(each.error.retryable for each in failures))
    named = tuple(
        Named(
            target=each.key.rpartition("@")[0],
            link=f"{pages.get(each.key, '')}#{anchor(each.key)}",
            message=each.error.message,
        )
        for each in islice(failures, _NAMED)
    )
    typed = f"chargen-batch {command.format(run=run_id)}"
    return Letters(code, len(failures), advice, typed, named)


def what_to_do(code: str, *, retryable: bool) -> tuple[str, str]:
    """Return what happened with what helps, and the command to type."""
    for pattern, advice, command in _ADVICE:
        if fnmatchcase(code, pattern):
            if command == _RETRY and not retryable:
                return (_UNREAD if code == "MISSING_RESULT" else _NOT_ACCEPTED), _AGAIN
            return advice, command
    return ("Send it again.", _RETRY) if retryable else (_REFUSED, _PLAN)
