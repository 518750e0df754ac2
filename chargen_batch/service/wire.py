"""The one HTTP client of the package: its certificates, its proxies, and what it heard.

The SDK drops half of an operation (``error``, ``batchStats``), warns about states that it does not
know, and fails with a bare JSONDecodeError on an answer that is no JSON (gemini.md §0.4, §1.5,
§1.8). So the SDK speaks, and this client listens: it keeps the body of each good answer for the
thread that asked, and hands the SDK an empty one instead.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import truststore

from chargen_batch.errors import ConfigError
from chargen_batch.service.keys import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

OK = 200
# Empty for every call of the SDK; ``file`` is what its upload asks for.
EMPTY = b'{"file": {}}'
UPLOAD_STATUS = "X-Goog-Upload-Status"
UPLOAD_OFFSET = "X-Goog-Upload-Offset"
KEY_PART = 8
UPLOAD_URL_ID = re.compile(rb"upload_id=[^&\s\"'<>\\]+")
# Said of the body as it came, and not true of what it is replaced by.
BODY_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# httpx logs every URL at INFO (an upload URL is a secret); the SDK warns when both keys are set.
LOUD_LOGGERS = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "google_genai": logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200, and the service's own clock when it sent it."""

    body: bytes
    date: datetime | None


class WireClient(httpx.Client):
    """An ``httpx.Client`` that keeps good bodies from the SDK, and the key from bad ones.

    What a request was authorized with is a secret as well.
    """

    def __init__(self, *, secret: str = "", **options: Any) -> None:  # noqa: ANN401 - httpx's own options
        super().__init__(**options)
        self._secret = secret.encode()
        self._heard = threading.local()

    def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        **options: Any,  # noqa: ANN401 - httpx's own options
    ) -> httpx.Response:
        """Send one request; a stream is handed on unread."""
        response = super().send(request, stream=stream, **options)
        if stream:
            return response
        if response.status_code != OK:
            return self.without_secrets(response)
        self._heard.answer = Answer(response.content, service_time(response))
        return rebuilt(response, EMPTY)

    def without_secrets(self, response: httpx.Response) -> httpx.Response:
        """Return the answer with key and upload URLs struck out of its body."""
        body = response.read()
        token = response.request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        for secret in filter(None, (self._secret, token)):
            body = without_key(body, secret)
        return rebuilt(response, UPLOAD_URL_ID.sub(b"upload_id=***", body))

    def take_answer(self) -> Answer | None:
        """Return this thread's last good answer, once."""
        answer: Answer | None = getattr(self._heard, "answer", None)
        self._heard.answer = None
        return answer


def without_key(body: bytes, key: bytes) -> bytes:
    """Return a text with the key struck out, and parts of it: where a body was cut, or quotes some.

    Parts of fewer than ``KEY_PART`` characters are left: they may well be words.
    """
    body = body.replace(key, b"***")
    starts = range(len(key) - KEY_PART + 1)
    if not any(key[start : start + KEY_PART] in body for start in starts):
        return body
    for size in range(len(key) - 1, KEY_PART - 1, -1):
        for start in range(len(key) - size + 1):
            body = body.replace(key[start : start + size], b"***")
    return body


def rebuilt(response: httpx.Response, body: bytes) -> httpx.Response:
    """Return a copy of an answer with another body, and the usual words for its status code.

    The sender's own words are left out: they could quote anything.
    """
    headers = httpx.Headers(
        [item for item in response.headers.multi_items() if item[0] not in BODY_HEADERS]
    )
    is_chunk = UPLOAD_OFFSET in response.request.headers
    if is_chunk and (response.status_code != OK or UPLOAD_STATUS not in headers):
        # Without this header the SDK sends the chunk three times more, blindly (gemini.md §1.1);
        # where it says "active", the SDK looks at no status code and goes on with the next chunk.
        headers[UPLOAD_STATUS] = "unknown"
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=body,
        request=response.request,
    )


def service_time(response: httpx.Response) -> datetime | None:
    """Return the time in an answer's ``Date`` header, None where there is none that can be read."""
    try:
        moment = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else None


def open_client(
    *,
    base_url: str,
    timeout_s: float,
    trust_env: bool,
    environ: Mapping[str, str],
    secret: str = "",
) -> WireClient:
    """Open the client for a service.

    Proxies of the environment count (``trust_env``), but never for plain http, which is loopback:
    the key would reach the proxy in the open.
    """
    for name, level in LOUD_LOGGERS.items():
        logging.getLogger(name).setLevel(level)
    is_plain = base_url.startswith("http:")
    return WireClient(
        secret=secret,
        timeout=timeout_s,
        verify=bare_context() if is_plain else certificates(environ),
        trust_env=trust_env and not (is_plain and is_loopback(base_url)),
        follow_redirects=False,
    )


def bare_context() -> ssl.SSLContext:
    """Return a context that trusts nobody: for plain http, where loading certificates is waste."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def certificates(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return whom to trust: SSL_CERT_FILE or SSL_CERT_DIR where set, else the system's store."""
    file, folder = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if not file and not folder:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except OSError as err:
        raise ConfigError(
            f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {file or folder}",
            hint="unset it to use the system's certificates",
        ) from err
