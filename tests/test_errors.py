from __future__ import annotations

import pytest

from chargen_batch import errors
from chargen_batch.errors import (
    BatchError,
    ExecutionError,
    ExitCode,
    Problem,
    ResultsError,
    StagingError,
    worst,
)

CODES: dict[type[BatchError], tuple[str, int]] = {
    errors.BatchError: ("BATCH_ERROR", 1),
    errors.PlanningError: ("PLANNING_ERROR", 6),
    errors.ConfigError: ("CONFIG_ERROR", 6),
    errors.StagingError: ("STAGING_ERROR", 1),
    errors.ExecutionError: ("EXECUTION_ERROR", 1),
    errors.ResultsError: ("RESULTS_ERROR", 1),
    errors.StateError: ("STATE_ERROR", 3),
    errors.DocumentError: ("DOCUMENT_ERROR", 1),
    errors.LockedError: ("LOCKED", 5),
    errors.NotReadyError: ("NOT_READY", 75),
    errors.UsageError: ("USAGE", 2),
    errors.SystemRefusedError: ("SYSTEM_ERROR", 1),
    errors.InterruptedByUserError: ("INTERRUPTED", 130),
    errors.ServiceError: ("SERVICE_ERROR", 7),
    errors.NetworkError: ("NETWORK_ERROR", 7),
}


@pytest.mark.parametrize("kind", CODES)
def test_each_error_has_its_code_and_exit_code(kind: type[BatchError]) -> None:
    error = kind("what happened", hint="what to type")
    assert (error.code, error.exit_code) == CODES[kind]
    assert (str(error), error.message, error.hint) == ("what happened",) * 2 + ("what to type",)


def test_every_error_is_in_the_table() -> None:
    assert set(BatchError.__subclasses__()) | {BatchError} == set(CODES)


@pytest.mark.parametrize("cause", [errors.ServiceError("no"), errors.NetworkError("dropped")])
@pytest.mark.parametrize("kind", [StagingError, ExecutionError, ResultsError])
def test_a_phase_that_failed_for_the_service_ends_with_its_code(
    kind: type[StagingError | ExecutionError | ResultsError], cause: BatchError
) -> None:
    assert kind("3 files failed", cause=cause).exit_code == ExitCode.SERVICE
    assert kind("why", cause=errors.StateError("early")).exit_code == ExitCode.FAILED
    assert kind("later").exit_code == ExitCode.FAILED


def test_errors_keep_what_they_are_about() -> None:
    problem = Problem("a.yaml", 1, 2, "broken")
    assert errors.PlanningError("1 problem", problems=[problem]).problems == (problem,)
    assert StagingError("x", failed=["a.png"]).failed == ("a.png",)
    assert errors.ExecutionError("x", job="batches/1").job == "batches/1"
    assert errors.ResultsError("x", keys=["k"]).keys == ("k",)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 4], 4),
        ([75, 4], 75),
        ([75, 3], 3),
        ([3, 6], 6),
        ([6, 5], 5),
        ([5, 1], 1),
        ([1, 7], 7),
        ([7, 130], 130),
        ([130, 70], 70),
        ([0, 1, 75, 7, 4], 7),
    ],
)
def test_worst_of_several_codes_is_by_the_designs_order(codes: list[int], expected: int) -> None:
    assert worst([ExitCode(code) for code in codes]) == expected


@pytest.mark.parametrize(("line", "printed"), [(3, "a.yaml:3:7: broken"), (0, "a.yaml: broken")])
def test_problem_is_printed_as_compilers_do(line: int, printed: str) -> None:
    assert str(Problem("a.yaml", line, 7, "broken")) == printed


def test_problems_sort_by_their_place() -> None:
    places = [("b", 1, 1), ("a", 10, 1), ("a", 2, 5), ("a", 2, 1)]
    ordered = sorted(Problem(file, line, column, "x") for file, line, column in places)
    assert [(p.file, p.line, p.column) for p in ordered] == sorted(places)
