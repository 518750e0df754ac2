"""The HTTP routes of both services, and what every request goes through."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route

from chargen_batch.emulator import handlers, responses, uploads, vertex_handlers
from chargen_batch.emulator.accounts import check_bearer, give_token
from chargen_batch.emulator.calls import Answer, Call, project_of
from chargen_batch.emulator.faults import LISTS
from chargen_batch.emulator.refusals import RefusalError, not_found, own_trouble
from chargen_batch.emulator.spoilt_pages import spoilt_page

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chargen_batch.emulator.faults import Faults
    from chargen_batch.emulator.world import World

Handler = Callable[[Call], Answer]
Caller = Callable[[Request], str]

VERSIONS = ("v1", "v1beta")
VERTEX_VERSIONS = ("v1", "v1beta1")
CHUNK = "files.upload.chunk"
_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", "/upload{v}/files", "files.upload.start", uploads.start),
    ("GET", "{v}/files/{id}:download", "files.download", handlers.download),
    ("GET", "/download{v}/files/{id}:download", "files.download", handlers.download),
    ("GET", "{v}/files/{id}", "files.get", handlers.get_file),
    ("DELETE", "{v}/files/{id}", "files.delete", handlers.delete_file),
    ("GET", "{v}/files", "files.list", handlers.list_files),
    ("POST", "{v}/models/{model}:batchGenerateContent", "batches.create", handlers.create_batch),
    ("POST", "{v}/models/{model}:generateContent", "models.generateContent", handlers.generate),
    ("POST", "{v}/models/{model}:countTokens", "models.countTokens", handlers.count),
    ("GET", "{v}/models/{model}", "models.get", handlers.get_model),
    ("GET", "{v}/models", "models.list", handlers.list_models),
    ("POST", "{v}/batches/{id}:cancel", "batches.cancel", handlers.cancel_batch),
    ("GET", "{v}/batches/{id}", "batches.get", handlers.get_batch),
    ("DELETE", "{v}/batches/{id}", "batches.delete", handlers.delete_batch),
    ("GET", "{v}/batches", "batches.list", handlers.list_batches),
)
_HERE = "{v}/projects/{project}/locations/{location}"
_JOBS = f"{_HERE}/batchPredictionJobs"
_VERTEX_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", _JOBS, "batches.create", vertex_handlers.create_job),
    ("GET", _JOBS, "batches.list", vertex_handlers.list_jobs),
    ("POST", f"{_JOBS}/{{id}}:cancel", "batches.cancel", vertex_handlers.cancel_job),
    ("GET", f"{_JOBS}/{{id}}", "batches.get", vertex_handlers.get_job),
    ("DELETE", f"{_JOBS}/{{id}}", "batches.delete", vertex_handlers.delete_job),
    ("GET", "{v}/publishers/google/models/{model}", "models.get", vertex_handlers.get_model),
    ("GET", f"{_HERE}/publishers/google/models/{{model}}", "models.get", vertex_handlers.get_model),
)


class Service:
    """The application: Starlette's routes, given the connection so that faults can cut it."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._routes = Starlette(routes=list(self._made_routes()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, by ASGI."""
        cycle = getattr(send, "__self__", None)
        scope[responses.TRANSPORT] = getattr(cycle, "transport", None)
        # Only the server's end cancels a request, which is no error to be logged.
        with suppress(asyncio.CancelledError):
            await self._routes(scope, receive, send)

    def _made_routes(self) -> list[Route]:
        made = []
        services = (VERSIONS, _ROUTES, _project), (VERTEX_VERSIONS, _VERTEX_ROUTES, _account)
        for versions, routes, caller in services:
            for version, (verb, template, method, handler) in product(versions, routes):
                path = template.replace("{v}", f"/{version}")
                endpoint = _Endpoint(self._world, self._faults, version, method, handler, caller)
                made.append(Route(path, endpoint, methods=[verb]))
        token = _Endpoint(self._world, self._faults, "", "token", give_token, _anybody)
        nowhere = _Endpoint(self._world, self._faults, "", "unknown", _nowhere, _project)
        return [
            *made,
            Route("/token", token, methods=["POST"]),
            Route("/{path:path}", nowhere, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ]


class _Endpoint:
    """One method at one path: faults, key, body, handler, ledger, in this order."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        version: str,
        method: str,
        handler: Handler,
        caller: Caller,
    ) -> None:
        self._world = world
        self._faults = faults
        self._version = version
        self._method = method
        self._handler = handler
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        method = self._method
        if method == "files.upload.start" and "upload_id" in request.query_params:
            method = CHUNK
        await asyncio.sleep(self._world.trouble.latency(method))
        try:
            response = await self._respond(request, method)
        except ClientDisconnect:
            response = responses.Cut()
        cut = isinstance(response, responses.Cut)
        status = responses.NO_ANSWER if cut else response.status_code
        path = request.url.path
        with suppress(OSError):  # what was done is done, also where its line finds no room
            await run_in_threadpool(self._world.record, method, path, status)
            response.headers["Date"] = responses.date(self._world.clock())
        await response(scope, receive, send)

    async def _respond(self, request: Request, method: str) -> Response:
        try:
            fault = await run_in_threadpool(self._faults.take, method)
        except (OSError, sqlite3.Error) as error:
            return await _refused(request, own_trouble(error))
        if fault is None:
            return await self._done(request, method)
        replaced = responses.instead(fault)
        if replaced is not None:
            if not isinstance(replaced, responses.Cut):
                await _drain(request)
            return replaced
        response = await self._done(request, method)
        if fault.kind == "slow":
            await asyncio.sleep(fault.slow_s)
        if method in LISTS:
            return spoilt_page(fault, request.query_params, response)
        return responses.spoilt(fault, response, request.headers.get("range", ""))

    async def _done(self, request: Request, method: str) -> Response:
        try:
            if method == CHUNK:
                return responses.answered(await self._chunk(request))
            call = self._call(request, self._caller(request), await request.body())
            return responses.answered(await run_in_threadpool(self._handler, call))
        except RefusalError as error:
            return await _refused(request, error)
        except (OSError, sqlite3.Error) as error:
            return await _refused(request, own_trouble(error))

    async def _chunk(self, request: Request) -> Answer:
        # The upload URL is the capability: chunks come without a key.
        call = self._call(request, "", b"")
        chunk = await run_in_threadpool(uploads.command, call)
        if isinstance(chunk, Answer):
            return chunk
        part = await run_in_threadpool(chunk.open)
        try:
            async for piece in request.stream():
                await run_in_threadpool(part.write, piece)
        finally:
            await run_in_threadpool(part.close)
        return await run_in_threadpool(uploads.took, self._world, chunk)

    def _call(self, request: Request, project: str, body: bytes) -> Call:
        return Call(
            world=self._world,
            project=project,
            version=self._version,
            base_url=f"http://{request.headers.get('host', '')}",
            names=request.path_params,
            query=request.query_params,
            headers=request.headers,
            body=body,
        )


def _project(request: Request) -> str:
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
    return project_of(key)


def _account(request: Request) -> str:
    check_bearer(request.headers)
    return ""


def _anybody(request: Request) -> str:
    del request
    return ""


async def _refused(request: Request, error: RefusalError) -> Response:
    # A client that is still sending when it is refused would not read why.
    await _drain(request)
    return responses.refused(error)


async def _drain(request: Request) -> None:
    with suppress(RuntimeError):  # it has been read to its end
        async for _ in request.stream():
            pass


def _nowhere(call: Call) -> Answer:
    raise not_found(f"The requested URL was not found on this server: {call.names['path']}")


def make_app(world: World, faults: Faults) -> ASGIApp:
    """Make the application that serves a world."""
    return Service(world, faults)
