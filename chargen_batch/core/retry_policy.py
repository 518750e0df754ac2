"""Which errors are worth another try, and how long to wait before it (run.md, "Retrying calls")."""

from __future__ import annotations

from chargen_batch.errors import NetworkError, ServiceError

ATTEMPTS = 5
WAIT_INITIAL_S = 1.0
WAIT_MAX_S = 16.0
# A service that asks for longer has said no for now: the command ends, and is run again later.
LONGEST_WAIT_S = 120.0

TIMED_OUT = 408
TOO_MANY = 429
SERVER_TROUBLE = range(500, 600)


def is_retryable(error: BaseException) -> bool:
    """Say whether a call that may be repeated is worth repeating, by type and status code only."""
    if isinstance(error, ServiceError):
        return error.http_status in {TIMED_OUT, TOO_MANY} or error.http_status in SERVER_TROUBLE
    return isinstance(error, NetworkError)


def backoff(error: BaseException) -> bool | float:
    """Return whether to try again by the exponential plan, or after how many seconds instead.

    A wait that the service asks for counts, from a second up to ``LONGEST_WAIT_S``: below, the plan
    waits longer anyway; above, there is no further try.
    """
    if not is_retryable(error):
        return False
    wait_s = error.retry_after_s if isinstance(error, ServiceError) else None
    if wait_s is None or wait_s < WAIT_INITIAL_S:
        return True
    return wait_s if wait_s <= LONGEST_WAIT_S else False
