"""The review's addresses: the way in, the page, its pictures, and the decisions."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chargen_batch.errors import BatchError, LockedError, of_the_system
from chargen_batch.model.review import LONGEST_NOTE, Decision
from chargen_batch.phases.deciding import ChangedMeanwhileError, EndedError
from chargen_batch.phases.review import UnknownPictureError
from chargen_batch.report.page import policy
from chargen_batch.review.guard import (
    COOKIE,
    TOKEN_HEADER,
    Guard,
    Keys,
    is_of_our_page,
    is_same,
    refused,
)
from chargen_batch.review.page import state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from chargen_batch.phases.review import Desk, Picture
    from chargen_batch.story.reviewing import Judged

Sent = TypeVar("Sent", bound=msgspec.Struct)

MOST_BYTES: Final = 262_144  # of what is sent to us: a note that is there, and a new one
BODY_S: Final = 4.0  # for it to come: less than what is left to a review that ends
_NUMBER: Final = re.compile(r"[0-9]{1,6}").fullmatch
_POLICY: Final = (
    "default-src 'none'; connect-src 'self'; style-src {style}; script-src {script}; "
    "base-uri 'none'; form-action 'none'"
)


class _Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the way in sends: the code of the link."""

    code: str


class _BadRequestError(Exception):
    """A request that is not as our page sends it: the HTTP status, and what is wrong."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.hint = status, error, hint


@dataclass(slots=True)
class Review:
    """One review: its pictures, its secrets, and what writes its page."""

    desk: Desk
    keys: Keys
    page: Callable[[Desk, str, int], bytes]
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def way_in(self, _request: Request) -> Response:
        """Show a page that knows nothing, and sends the code from behind the ``#``."""
        page = _way_in()
        style, script = _hashed(page, "style"), _hashed(page, "script")
        return HTMLResponse(page, headers=_policed(_POLICY.format(style=style, script=script)))

    async def opened(self, request: Request) -> Response:
        """Exchange a code for the cookie, and say where the page is."""
        said = await _body(request, _Opened)
        if not self.keys.opens(said.code):
            return refused(403, "this link is not good (any more)", "use the one in the terminal")
        where = f"/{self.keys.room}/"
        answer = JSONResponse({"at": where})
        answer.set_cookie(COOKIE, self.keys.cookie, path=where, httponly=True, samesite="strict")
        return answer

    async def shown(self, request: Request) -> Response:
        """Show the page, as the story's files are now."""
        self._check_cookie(request)
        asked = request.query_params.get("part", "")
        number = int(asked) if _NUMBER(asked) else 1
        page = await run_in_threadpool(self.page, self.desk, self.keys.token, number)
        return HTMLResponse(page, headers=_policed(policy(review=True)))

    async def picture(self, request: Request) -> Response:
        """Show one entry's picture."""
        self._check_cookie(request)
        return _shown(await run_in_threadpool(self.desk.picture, request.path_params["id"]))

    async def reference(self, request: Request) -> Response:
        """Show a picture that the model was shown."""
        self._check_cookie(request)
        asked = (request.path_params["id"], request.path_params["number"])
        return _shown(await run_in_threadpool(self.desk.reference, *asked))

    async def decided(self, request: Request) -> Response:
        """Write one decision into the story."""
        self._check_cookie(request)
        if not is_same(request.headers.get(TOKEN_HEADER, ""), self.keys.token):
            raise _BadRequestError(403, "this page is not of this review", "load the page again")
        decision = await _body(request, Decision)
        if len(decision.note or "") > LONGEST_NOTE:
            raise _BadRequestError(413, f"a note has at most {LONGEST_NOTE:,} characters")
        async with self._one_at_a_time:
            now = await run_in_threadpool(self.desk.decide, decision)
        return JSONResponse({"id": decision.id, **_told(now)})

    def _check_cookie(self, request: Request) -> None:
        if not is_same(request.path_params["room"], self.keys.room):
            raise _BadRequestError(404, "there is nothing here")
        is_ours = is_same(request.cookies.get(COOKIE, ""), self.keys.cookie)
        if not (is_ours and is_of_our_page(request.headers)):
            raise _BadRequestError(403, "this browser was not let in", "use the terminal's link")


def make_app(review: Review, port: int) -> ASGIApp:
    """Return the application that serves a review at a port of loopback."""
    app = Starlette(
        routes=[
            Route("/", review.way_in),
            Route("/favicon.ico", _no_picture),
            Route("/opened", review.opened, methods=["POST"]),
            Route("/{room}/", review.shown),
            Route("/{room}/pictures/{id}", review.picture),
            Route("/{room}/references/{id}/{number:int}", review.reference),
            Route("/{room}/decisions", review.decided, methods=["POST"]),
        ],
        exception_handlers={
            _BadRequestError: _bad,
            ClientDisconnect: _gone,
            ChangedMeanwhileError: _changed,
            BatchError: _failed,
            OSError: _failed,
        },
    )
    app.router.redirect_slashes = False
    return Guard(app, port)


async def _no_picture(_request: Request) -> Response:
    return Response(status_code=204)


async def _gone(_request: Request, _error: Exception) -> Response:
    return refused(400, "the rest of it did not come")


async def _bad(_request: Request, error: Exception) -> Response:
    assert isinstance(error, _BadRequestError)  # noqa: S101 - what it is called for
    return refused(error.status, error.error, error.hint)


async def _changed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ChangedMeanwhileError)  # noqa: S101 - the same
    return refused(409, error.message, error.hint, there=_told(error.there))


async def _failed(_request: Request, error: Exception) -> Response:
    told = of_the_system(error) if isinstance(error, OSError) else error
    assert isinstance(told, BatchError)  # noqa: S101 - the same
    return refused(_status(told), told.message, told.hint)


def _status(error: BatchError) -> int:
    if isinstance(error, UnknownPictureError):
        return 404
    if isinstance(error, EndedError):
        return 503
    return 409 if isinstance(error, LockedError) else 422


async def _body(request: Request, kind: type[Sent]) -> Sent:
    """Return what was sent: JSON of one shape, and little of it."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":
        raise _BadRequestError(415, "expected application/json")
    try:
        body = await asyncio.wait_for(_read(request), BODY_S)
        return msgspec.json.decode(body, type=kind)
    except TimeoutError as err:
        raise _BadRequestError(408, "the rest of it did not come") from err
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise _BadRequestError(400, f"this is not what is expected here: {err}") from err


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _BadRequestError(413, f"at most {MOST_BYTES:,} bytes are read")
    return bytes(body)


def _told(said: Judged) -> dict[str, str]:
    """Return what the page shows of an entry: its own word, the sign for it, and its note."""
    return {"status": said.status, "state": state_of(said), "note": said.note}


def _policed(policy: str) -> dict[str, str]:
    return {"content-security-policy": f"{policy}; frame-ancestors 'none'"}


def _shown(picture: Picture) -> Response:
    return Response(picture.content, media_type=picture.mime)


@cache
def _way_in() -> str:
    return resources.files("chargen_batch.review").joinpath("way_in.html").read_text("utf-8")


def _hashed(page: str, element: str) -> str:
    """Return the source of a policy that allows one element of a page of ours, as it stands."""
    text = page.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
