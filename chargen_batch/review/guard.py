"""Who may ask the review anything: this machine's browser, on our own page, with our secrets.

A page of another site may send requests to loopback too, under a name of its own that leads there
(DNS rebinding): so every request's Host is looked at, and of a write its Origin as well.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "review"
TOKEN_HEADER: Final = "x-review-token"  # noqa: S105 - a header's name
_BYTES: Final = 32
_HTTP_PORT: Final = 80
_OWN_SITE: Final = frozenset({"same-origin", "none"})  # of Sec-Fetch-Site: our page, or a person

# A page's own policy is set by who answers with it; whatever else is answered may do nothing.
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def _random() -> str:
    return secrets.token_urlsafe(_BYTES)


@dataclass(frozen=True, slots=True)
class Keys:
    """One review's secrets: all are made anew for each, and end with it.

    ``link`` stands behind the ``#`` of the address that is printed: browsers send that part to
    nobody. It is exchanged for ``cookie``, which is good for what is shown, under the path ``room``
    alone, since browsers send a cookie to every port of a host. ``token`` stands in the page, and
    goes with each write. Codes in ``once`` do what ``link`` does, one time: an address that is
    handed to a browser can be read in the list of processes.
    """

    link: str = field(default_factory=_random)
    cookie: str = field(default_factory=_random)
    token: str = field(default_factory=_random)
    room: str = field(default_factory=_random)
    once: set[str] = field(default_factory=set)

    def code(self) -> str:
        """Return a code that opens the review one time."""
        code = _random()
        self.once.add(code)
        return code

    def opens(self, code: str) -> bool:
        """Say whether a code opens the review; one that is good for one time is used up by it."""
        used = next((each for each in self.once if is_same(code, each)), None)
        if used:
            self.once.discard(used)
        return is_same(code, self.link) or used is not None


def is_same(given: str, secret: str) -> bool:
    """Compare with a secret in a time that tells nothing of it."""
    return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets through what is asked of loopback by its own names, and marks every answer."""

    app: ASGIApp
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http":
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        fault = self._fault(scope)
        answer = refused(*fault) if fault else self.app
        await answer(scope, receive, marked)

    def _fault(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts():
            return 421, "this is asked under a name that is not ours"
        if scope["method"] in {"GET", "HEAD"}:
            return None
        if headers.getlist("origin") != [f"http://{hosts[0]}"]:
            return 403, "this is asked by a page that is not ours"
        return None if is_of_our_page(headers) else (403, "this is asked by another site")

    def _hosts(self) -> set[str]:
        names = ("127.0.0.1", "localhost")
        bare = names if self.port == _HTTP_PORT else ()
        return {*(f"{name}:{self.port}" for name in names), *bare}


def is_of_our_page(headers: Headers) -> bool:
    """Say whether a browser that tells who asks says that our page does, or the person."""
    return headers.get("sec-fetch-site", "none") in _OWN_SITE


def refused(status: int, error: str, hint: str = "", **more: object) -> JSONResponse:
    """Return the answer that says what is wrong."""
    return JSONResponse({"error": error, "hint": hint, **more}, status_code=status)
