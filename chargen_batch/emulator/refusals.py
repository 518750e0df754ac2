"""The service's refusals, in Google's words and shape."""

from __future__ import annotations

from typing import Any

STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RefusalError(Exception):
    """A request that the service answers with an error body."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUSES.get(code, "UNKNOWN")
        self.details = details or []
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Write the error as Google does."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def bad_request(message: str) -> RefusalError:
    """Refuse an argument."""
    return RefusalError(400, message)


def file_denied(file_id: str) -> RefusalError:
    """Refuse a file that is missing, expired, or another project's: the service does not tell."""
    return RefusalError(
        403,
        f"You do not have permission to access the File {file_id} or it may not exist.",
    )


def not_found(message: str = "Requested entity was not found.") -> RefusalError:
    """Refuse what is not there."""
    return RefusalError(404, message)


def own_trouble(error: Exception) -> RefusalError:
    """Refuse for a reason of this machine's, as no service would: asking again would not help."""
    return RefusalError(403, f"The emulator cannot use its own folder: {error}")


def no_key() -> RefusalError:
    """Refuse a request without an API key."""
    return RefusalError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def bad_key() -> RefusalError:
    """Refuse an API key that is none: 400 with a reason, not 401."""
    return RefusalError(
        400,
        "API key not valid. Please pass a valid API key.",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
        ],
    )


def quota(retry_delay_s: float | None) -> RefusalError:
    """Refuse for the quota, with RetryInfo where a delay is given."""
    details: list[dict[str, Any]] = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure"}]
    if retry_delay_s is not None:
        retry = {
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": f"{retry_delay_s:g}s",
        }
        details.insert(0, retry)
    return RefusalError(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        details=details,
    )


def exhausted(limit: str) -> RefusalError:
    """Refuse for a limit of the project, without a time at which to come again."""
    return RefusalError(429, f"You exceeded your current quota: {limit}.")
