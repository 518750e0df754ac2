from __future__ import annotations

import pytest

from chargen_batch.core.retry_policy import backoff, is_retryable
from chargen_batch.errors import ConfigError, NetworkError, ServiceError


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_trouble_that_passes_is_retryable(status: int) -> None:
    assert is_retryable(ServiceError("later", http_status=status))


@pytest.mark.parametrize("status", [0, 200, 400, 401, 403, 404, 409, 413, 499, 600])
def test_refusal_is_not_retryable(status: int) -> None:
    assert not is_retryable(ServiceError("try again, 503", http_status=status))


@pytest.mark.parametrize(
    ("error", "retryable"),
    [(NetworkError("dropped"), True), (ConfigError("no"), False), (ValueError("503"), False)],
)
def test_errors_type_decides(error: Exception, *, retryable: bool) -> None:
    assert is_retryable(error) == retryable
    assert backoff(error) == retryable


@pytest.mark.parametrize(
    ("asked_s", "wait"), [(None, True), (0.5, True), (1.0, 1.0), (37.0, 37.0), (121.0, False)]
)
def test_wait_that_the_service_asks_for_counts(asked_s: float | None, wait: float) -> None:
    error = ServiceError("busy", http_status=429, retry_after_s=asked_s)
    assert backoff(error) is wait if isinstance(wait, bool) else backoff(error) == wait
