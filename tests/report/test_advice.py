from __future__ import annotations

import pytest

from chargen_batch.model.outcome import TaskError
from chargen_batch.model.report import Failure
from chargen_batch.report.advice import grouped, what_to_do
from tests import samples


def _failure(code: str, target: str = "t", *, retryable: bool = False) -> Failure:
    error = TaskError(code=code, message=f"why {target}", retryable=retryable)
    return Failure(key=f"character/ada/{target}@0123456789abcdef", error=error)


@pytest.mark.parametrize(
    ("code", "retryable", "command"),
    [
        ("BLOCKED_SAFETY", False, "plan"),
        ("IMAGE_SAFETY", False, "plan"),
        ("SPII", False, "plan"),
        ("NO_IMAGE_DATA", True, "retry --run {run}"),
        ("ROW_ERROR_13", True, "retry --run {run}"),
        ("ROW_ERROR_3", False, "plan --retry-refused"),
        ("BAD_RESULT", True, "retry --run {run}"),
        ("BAD_ANALYSIS", True, "retry --run {run}"),
        ("MISSING_RESULT", True, "retry --run {run}"),
        ("MISSING_RESULT", False, "plan --retry-refused"),
        ("JOB_EXPIRED", True, "retry --run {run}"),
        ("JOB_REJECTED", False, "plan --retry-refused"),
        ("REFERENCE_CHANGED", True, "plan"),
        ("TARGET_VANISHED", False, "adopt PICTURE TARGET"),
        ("FILE_GIVEN_UP", False, "adopt PICTURE TARGET"),
        ("SOMETHING_NEW", True, "retry --run {run}"),
    ],
)
def test_every_reason_has_a_command(code: str, retryable: bool, command: str) -> None:  # noqa: FBT001 - a table's column
    advice, typed = what_to_do(code, retryable=retryable)
    assert typed == command
    assert advice.endswith((".", "there.", "on."))


def test_letters_are_grouped_by_reason_the_most_frequent_first() -> None:
    failures = [_failure("B"), _failure("A", "a1"), _failure("A", "a2"), _failure("C")]
    groups = grouped(failures, samples.RUN_ID, {})
    assert [(each.code, each.count) for each in groups] == [("A", 2), ("B", 1), ("C", 1)]
    assert [named.target for named in groups[0].named] == ["character/ada/a1", "character/ada/a2"]
    assert [named.message for named in groups[0].named] == ["why a1", "why a2"]


def test_command_names_the_run() -> None:
    (letters,) = grouped([_failure("BAD_RESULT", retryable=True)], samples.RUN_ID, {})
    assert letters.command == f"chargen-batch retry --run {samples.RUN_ID}"


def test_of_very_many_letters_the_first_are_named_and_all_are_counted() -> None:
    (letters,) = grouped((_failure("A", f"t{n}") for n in range(2500)), samples.RUN_ID, {})
    assert (letters.count, len(letters.named), letters.unnamed) == (2500, 100, 2400)


def test_letter_leads_to_the_page_that_its_task_is_on() -> None:
    failure = _failure("A")
    (here,) = grouped([failure], samples.RUN_ID, {})
    (there,) = grouped([failure], samples.RUN_ID, {failure.key: "report-0002.html"})
    assert here.named[0].link.startswith("#t-")
    assert there.named[0].link == f"report-0002.html{here.named[0].link}"
