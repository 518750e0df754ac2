"""What download makes of refused files: which are gone, and one error for all that did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.core import backends, giving_up
from chargen_batch.core.retry_policy import is_retryable
from chargen_batch.errors import WORST_FIRST, ResultsError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import EndedJob, RunState

_GONE: Final = frozenset({403, 404, 410})
_NO_KEY: Final = 401
_MESSAGES: Final = 3


def may_be_given_up(error: BatchError) -> bool:
    """Say whether the service itself refused a file for good."""
    if not isinstance(error, ServiceError) or not error.google:
        return False
    return not is_of_the_key(error) and not is_retryable(error)


def is_of_the_key(error: BatchError) -> bool:
    """Say whether the service refused the key, and not the file."""
    if not isinstance(error, ServiceError):
        return False
    return error.http_status == _NO_KEY or error.status == "API_KEY_INVALID"


def together(state: RunState, failures: Sequence[tuple[EndedJob, BatchError]]) -> BatchError:
    """Return one error for what could not be fetched: the only one, or one with the worst's end."""
    gone = [job for job, error in failures if _is_gone(error)]
    errors = [error for _, error in failures if not _is_gone(error)]
    if gone:
        errors.append(_gone(state, gone))
    if len(errors) == 1:
        return errors[0]
    worst = min(errors, key=lambda error: WORST_FIRST.index(error.exit_code))
    words = list(dict.fromkeys(error.message for error in errors))
    more = f"; and {len(words) - _MESSAGES} more" if len(words) > _MESSAGES else ""
    return ResultsError(
        f"{len(failures)} result file(s) of run {state.run_id} did not come: "
        f"{'; '.join(words[:_MESSAGES])}{more}",
        hint=worst.hint,
        cause=worst,
    )


def _is_gone(error: BatchError) -> bool:
    is_refused = isinstance(error, ServiceError) and error.http_status in _GONE
    return is_refused and not is_of_the_key(error)


def _gone(state: RunState, gone: Sequence[EndedJob]) -> ResultsError:
    names = ", ".join(map(_named, gone))
    words = backends.words(state.config.backend)
    return ResultsError(
        f"the service no longer has the results of {names} of run {state.run_id}",
        hint=f"{words.are_they_there} the other results were fetched; to go on without, "
        f"type: {giving_up.command('download', state.run_id, gone)}",
    )


def _named(job: EndedJob) -> str:
    """Return a job's name, with why it has no results where the service said so."""
    return f"{job.batch_job_name} ({job.state}: {job.error})" if job.error else job.batch_job_name
