"""What went wrong with a call to Cloud Storage, as our errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
import urllib3
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from chargen_batch.errors import NetworkError, ServiceError
from chargen_batch.service import vertex_account
from chargen_batch.service.refusals import (
    NOT_FOUND,
    SERVER_TROUBLE,
    STRANGER_HINT,
    TROUBLE_HINT,
    VERTEX_HINTS,
    not_understood,
    short,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Cloud Storage says no word of its own for what its status codes mean.
WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
FORBIDDEN = 403
# What an answer of Cloud Storage itself has, also where its words are no JSON.
SIGN = "X-GUploader-UploadID"


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Raise what Google's library raises as our errors: ``call`` is what it was about."""
    try:
        yield
    except GoogleAPICallError as err:
        raise _refused(call, err, err.response) from err
    except InvalidResponse as err:
        raise _refused(call, err, err.response) from err
    except DataCorruption as err:
        raise NetworkError(f"{call}: it arrived damaged (other CRC32C)") from err
    except GoogleAuthError:
        with vertex_account.translated(call):
            raise
    except (RetryError, urllib3.exceptions.HTTPError, OSError) as err:  # requests' are OSErrors
        raise _unreached(call, err) from err
    except (KeyError, ValueError) as err:
        raise not_understood(call, "with something that cannot be gone on from") from err


def _unreached(call: str, err: Exception) -> NetworkError:
    return NetworkError(
        f"{call}: no whole answer from Cloud Storage ({type(err).__name__})",
        hint="check the network and HTTPS_PROXY, then run it again",
    )


def _refused(call: str, err: Exception, response: object) -> ServiceError:
    if not isinstance(response, requests.Response):
        return ServiceError(f"{call} failed ({type(err).__name__})", hint=TROUBLE_HINT)
    code = response.status_code
    reason = _message(response)
    is_google = reason is not None or SIGN in response.headers
    word = WORDS.get(code, "")
    said = f"{code} {word or response.reason or ''}".strip()
    words = f": {short(reason)}" if reason else ""
    told = response.headers.get("Retry-After", "")
    return ServiceError(
        f"{call} was refused: {said}{words}" if is_google else f"{call} failed: {said}",
        http_status=code,
        status=word if is_google else "",
        google=is_google,
        retry_after_s=float(told) if told.isascii() and told.isdigit() else None,
        hint=_hint(code, is_google=is_google),
    )


def _hint(code: int, *, is_google: bool) -> str:
    if code >= SERVER_TROUBLE:
        return TROUBLE_HINT
    return VERTEX_HINTS.get(code, "") if is_google else STRANGER_HINT


def _message(response: requests.Response) -> str | None:
    """Return the message of Google's JSON error, None where the answer is none."""
    try:
        body = response.json()
    except ValueError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else None


def is_gone(error: ServiceError) -> bool:
    """Say whether an object was not there."""
    return error.http_status == NOT_FOUND
