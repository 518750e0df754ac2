"""What went wrong with a call, as our errors: refused, not reached, or not understood.

A message names the call, and never holds a key, a URL or the HTML of something on the way.
"""

from __future__ import annotations

import json
import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service.operations import items, part, text
from chargen_batch.service.wire import OK, service_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from chargen_batch.service.operations import Raw

_NAME = re.compile(r"(?:files|batches)/[A-Za-z0-9_-]+")

KEY_REFUSED = "API_KEY_INVALID"
KEY_REASONS = frozenset({KEY_REFUSED, "API_KEY_EXPIRED", "API_KEY_NOT_FOUND"})
KEY_HINT = "check GEMINI_API_KEY (or GOOGLE_API_KEY): the service does not accept this key"
FORBIDDEN_HINT = (
    "it is gone (uploads live for 48 hours), or the API key belongs to another project than it"
)
STATUS_HINTS = {
    401: KEY_HINT,
    403: FORBIDDEN_HINT,
    404: "it was deleted, or the API key belongs to another project than it",
    408: "run the same command again",
    413: "send less at once: lower batch.max_job_bytes",
    429: "the quota is used up for now: run the same command again later",
}
LOGIN_HINT = (
    "log in: gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to the "
    "key file of a service account"
)
VERTEX_HINTS = {
    **STATUS_HINTS,
    401: LOGIN_HINT,
    403: "the account that you are logged in with needs the roles Vertex AI User "
    "(roles/aiplatform.user) on the project and Storage Object User on the bucket",
    404: "it was deleted, or vertex: in chargen.yaml names another project, location or bucket",
}
TROUBLE_HINT = "the service is in trouble: run the same command again later"
STRANGER_HINT = (
    "this was not the service but something on the way: a proxy, a gateway, a login page"
)
MODEL_HINT = "choose a model that this service has and can run in batches: models: in chargen.yaml"
SERVER_TROUBLE = 500
KEY_IS_WRONG = 401
NOT_FOUND = 404


def refused(
    call: str,
    response: httpx.Response,
    *,
    hint: str = "",
    hints: Mapping[int, str] = STATUS_HINTS,
) -> ServiceError:
    """Return the error for an answer that is none of the good ones; its body has been read.

    Args:
        call: What was asked for, for the message.
        response: The answer.
        hint: What to do about a 404, where that is not the usual.
        hints: What to do by status code, on this service.

    """
    error = google_error(response)
    status = _status(error)
    reason = text(error, "message").strip() or response.reason_phrase
    said = f"{response.status_code} {status or response.reason_phrase}".strip()
    return ServiceError(
        f"{call} was refused: {said}: {short(reason)}" if error else f"{call} failed: {said}",
        http_status=response.status_code,
        status=status,
        google=bool(error),
        retry_after_s=retry_after_s(response, error),
        hint=_hint(
            response.status_code, status, error, {**hints, NOT_FOUND: hint or hints[NOT_FOUND]}
        ),
    )


def google_error(response: httpx.Response) -> Raw:
    """Return the ``error`` of Google's JSON (also in a list of one), empty where it is not that."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    error = part(body, "error") if isinstance(body, dict) else {}
    return error if isinstance(error.get("code"), int) or text(error, "status") else {}


def _status(error: Raw) -> str:
    """Return the error's status, or the reason where the key is refused: that is a mere 400."""
    reasons = {text(detail, "reason") for detail in _details(error)}
    if reasons & KEY_REASONS:
        return KEY_REFUSED
    return text(error, "status")


def _details(error: Raw) -> list[Raw]:
    return [detail for detail in items(error, "details") if isinstance(detail, dict)]


def _hint(code: int, status: str, error: Raw, hints: Mapping[int, str]) -> str:
    if not error:
        return TROUBLE_HINT if code >= SERVER_TROUBLE else STRANGER_HINT
    if status == KEY_REFUSED or "unregistered callers" in text(error, "message"):
        return hints[KEY_IS_WRONG]
    return hints.get(code, TROUBLE_HINT if code >= SERVER_TROUBLE else "")


def short(words: str) -> str:
    """Return a service's own words in one line, cut where they are too long to be read."""
    line = " ".join(words.split())
    return line if len(line) <= 500 else f"{line[:500]}…"  # noqa: PLR2004 - a message is for reading


def retry_after_s(response: httpx.Response, error: Raw) -> float | None:
    """Return how long the service asks us to wait: by ``Retry-After``, else by RetryInfo."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    if told:
        return _seconds_until(told, service_time(response) or datetime.now(UTC))
    delays = [text(detail, "retryDelay") for detail in _details(error)]
    found = [re.fullmatch(r"(\d+(?:\.\d+)?)s", delay) for delay in delays]
    return next((float(match[1]) for match in found if match), None)


def _seconds_until(told: str, now: datetime) -> float | None:
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (until - now).total_seconds()) if until.tzinfo else None


def unreached(call: str, err: Exception, host: str) -> NetworkError:
    """Return the error for a call whose answer did not arrive."""
    return NetworkError(
        f"{call}: no whole answer from {host} ({type(err).__name__})",
        hint=_certificate_hint(err) or "check the network and HTTPS_PROXY, then run it again",
    )


def _certificate_hint(err: BaseException | None) -> str:
    while err is not None:
        if isinstance(err, ssl.SSLCertVerificationError):
            return "its certificate is not trusted here: set SSL_CERT_FILE to your network's own"
        err = err.__cause__ or err.__context__
    return ""


def not_understood(call: str, what: str) -> ServiceError:
    """Return the error for a 200 that does not say what it must: who spoke cannot be known."""
    return ServiceError(f"{call}: the service answered {what}", http_status=OK, hint=STRANGER_HINT)


def check_name(name: str, call: str) -> None:
    """Let only names go into a URL: they come from files that anyone may have edited.

    Raises:
        ServiceError: It is no name of a file or job; nothing was sent.

    """
    if not _NAME.fullmatch(name):
        raise ServiceError(f"{call}: that is no name of a file or job", http_status=400)
