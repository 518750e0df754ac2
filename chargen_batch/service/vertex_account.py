"""Whose rights count on Google Cloud: Application Default Credentials, and their access tokens."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import google.auth
import requests
from google.auth import exceptions

from chargen_batch.errors import ConfigError, NetworkError, ServiceError
from chargen_batch.service.refusals import LOGIN_HINT
from chargen_batch.service.vertex_session import NoTokenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.auth.credentials import Credentials
    from google.auth.transport.requests import Request

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def find_credentials() -> Credentials:
    """Return the credentials that Google's libraries find on this machine.

    Raises:
        ConfigError: There are none, or their file is no such file.

    """
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except exceptions.DefaultCredentialsError as err:
        raise ConfigError(
            "there are no Google Cloud credentials, or they cannot be read", hint=LOGIN_HINT
        ) from err
    return credentials


class Account:
    """Credentials that are renewed in one place; may be used from several threads at once."""

    def __init__(self, credentials: Credentials, tokens: Request) -> None:
        self.credentials = credentials
        self._request = tokens
        self._lock = threading.Lock()

    def renew(self) -> None:
        """Get a new access token where there is none, or the last one is about to end.

        Raises:
            ServiceError: The credentials are refused.
            NetworkError: Who gives the tokens was not reached.

        """
        with self._lock, translated("the login to Google Cloud"):
            if not self.credentials.valid:
                self.credentials.refresh(self._request)


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Say what went wrong with a login in our words, which hold none of its answer."""
    try:
        yield
    except (exceptions.TransportError, exceptions.TimeoutError, requests.RequestException) as err:
        why = err if isinstance(err, NoTokenError) else type(err).__name__
        raise NetworkError(
            f"{call}: no access token came ({why})",
            hint="check the network and HTTPS_PROXY, then run it again",
        ) from err
    except exceptions.GoogleAuthError as err:
        if err.retryable:
            raise NetworkError(f"{call}: no access token came", hint="run it again later") from err
        raise ServiceError(
            f"{call} was refused: the credentials are not accepted ({type(err).__name__})",
            http_status=401,
            status="UNAUTHENTICATED",
            google=True,
            hint=LOGIN_HINT,
        ) from err
