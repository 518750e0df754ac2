"""What speaks to Cloud Storage, and to who gives tokens: with our certificates and our proxies."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import TransportError
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import HTTPAdapter

from chargen_batch.service.keys import is_loopback
from chargen_batch.service.refusals import SERVER_TROUBLE
from chargen_batch.service.wire import certificates

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from google.auth.credentials import Credentials
    from google.auth.transport import Response

EMULATOR_NAME: Final = "STORAGE_EMULATOR_HOST"
# Google's own switch: without it the library asks for the bucket behind our back, for its traces.
NO_BUCKET_CALLS: Final = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
# Of who gives tokens: come again later.
TROUBLE: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
CONNECTIONS: Final = 64  # kept open: those of all uploads or all ranges that are under way at once


def make_no_other_calls(environ: MutableMapping[str, str]) -> None:
    """Let Google's library make those calls that it is asked for, unless somebody set otherwise."""
    environ.setdefault(NO_BUCKET_CALLS, "true")


def rights(credentials: Credentials, environ: Mapping[str, str]) -> Credentials:
    """Return whose rights Cloud Storage is asked with: nobody's where an emulator stands for it."""
    return AnonymousCredentials() if environ.get(EMULATOR_NAME) else credentials


def open_session(
    credentials: Credentials, environ: Mapping[str, str], tokens: Request
) -> AuthorizedSession:
    """Open a session with somebody's rights, whose tokens are asked for so; nothing is sent yet.

    Proxies of the environment count, but never for an emulator on this machine.
    """
    session = AuthorizedSession(credentials, auth_request=tokens)
    _settle(session, environ)
    return session


def open_tokens(environ: Mapping[str, str]) -> Request:
    """Open what asks for access tokens; nothing is sent yet."""
    session = requests.Session()
    _settle(session, environ)
    return _Tokens(session)


def _settle(session: requests.Session, environ: Mapping[str, str]) -> None:
    session.mount("https://", _Certified(environ))
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    host = environ.get(EMULATOR_NAME, "")
    session.trust_env = not (host and is_loopback(host if "://" in host else f"http://{host}"))


class NoTokenError(TransportError):
    """What came instead of a token says nothing of the credentials."""


class _Tokens(Request):
    """Asks once, and takes no trouble on the way for a word about the credentials.

    Google's library would repeat some of it by itself, take a proxy's page with a 502 for their
    refusal, and stumble over one with a 200.
    """

    def __call__(
        self,
        url: str,
        method: str = "GET",
        *args: Any,  # noqa: ANN401 - the library's own
        **more: Any,  # noqa: ANN401 - the same
    ) -> Response:
        """Make one call."""
        answer: Response = super().__call__(url, method, *args, **more)  # type: ignore[no-untyped-call]
        if why := _trouble(answer, is_for_token=method == "POST"):
            raise NoTokenError(why)  # type: ignore[no-untyped-call]
        return answer


def _trouble(answer: Response, *, is_for_token: bool) -> str:
    if answer.status in TROUBLE or answer.status >= SERVER_TROUBLE:
        return f"{answer.status} was the answer"
    is_token = answer.status != HTTPStatus.OK or _is_object(answer.data)
    return "the answer was something else" if is_for_token and not is_token else ""


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False


class _Certified(HTTPAdapter):
    """Trusts whom the rest of the package trusts."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(pool_maxsize=CONNECTIONS)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002 - as the library calls it
        **options: Any,  # noqa: ANN401 - the pool's own options
    ) -> None:
        """Open the connections' pool."""
        super().init_poolmanager(
            connections, maxsize, block, ssl_context=certificates(self._environ), **options
        )

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - the same
        """Open the pool of connections through a proxy."""
        return super().proxy_manager_for(proxy, ssl_context=certificates(self._environ), **options)
