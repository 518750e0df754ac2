"""Google's SDK as a speaker: one call out through it, the raw answer back past it.

The only module that imports ``google.genai`` (half a second), and imported by the backends alone.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from google import genai
from google.genai import errors, types

from chargen_batch.service import operations
from chargen_batch.service.refusals import (
    STATUS_HINTS,
    VERTEX_HINTS,
    not_understood,
    refused,
    unreached,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from google.auth.credentials import Credentials

    from chargen_batch.service.api import ServiceAddress
    from chargen_batch.service.operations import Raw
    from chargen_batch.service.vertex_names import Place
    from chargen_batch.service.wire import WireClient

# The SDK's own default is v1, which no capture shows Files and Batch on (gemini.md §0.1).
API_VERSION = "v1beta"
VERTEX_API_VERSION = "v1beta1"


def gemini_sdk(address: ServiceAddress, http: WireClient, *, timeout_s: float) -> Sdk:
    """Return the SDK for the Developer API, whatever the environment would turn it to."""
    options = _options(address, http, API_VERSION, timeout_s)
    client = genai.Client(api_key=address.key, vertexai=False, http_options=options)
    return Sdk(client, address, http)


def vertex_sdk(
    address: ServiceAddress,
    http: WireClient,
    *,
    place: Place,
    credentials: Credentials,
    timeout_s: float,
) -> Sdk:
    """Return the SDK for Vertex AI."""
    client = genai.Client(
        vertexai=True,
        project=place.project,
        location=place.location,
        credentials=credentials,
        http_options=_options(address, http, VERTEX_API_VERSION, timeout_s),
    )
    return Sdk(client, address, http, hints=VERTEX_HINTS)


def _options(
    address: ServiceAddress, http: WireClient, version: str, timeout_s: float
) -> types.HttpOptions:
    # retry_options stay unset: with them the SDK repeats batches.create (gemini.md §6).
    return types.HttpOptions(
        api_version=version,
        base_url=f"{address.base_url}/",
        httpx_client=http,
        timeout=int(timeout_s * 1000),
    )


class Sdk:
    """A ``genai.Client`` on our HTTP client: answers are read raw, errors are translated."""

    def __init__(
        self,
        client: genai.Client,
        address: ServiceAddress,
        http: WireClient,
        *,
        hints: Mapping[int, str] = STATUS_HINTS,
    ) -> None:
        self.client = client
        self._http = http
        self._host = urlsplit(address.base_url).hostname or ""
        self._hints = hints

    def close(self) -> None:
        """Close the connections: an injected client stays open for the SDK."""
        self.client.close()
        self._http.close()

    def ask(
        self,
        call: str,
        send: Callable[[], object],
        *,
        may_be_empty: bool = False,
        hint: str = "",
    ) -> tuple[Raw, datetime | None]:
        """Let the SDK send one call; return the raw object that came back, and when it was sent.

        Args:
            call: What it is, for messages: ``the look at files/abc``.
            send: Makes the SDK send it, once; what the SDK returns is of no interest.
            may_be_empty: Whether an answer of no bytes is a good one.
            hint: What to do about a 404, where that is not the usual.

        Raises:
            ServiceError: It was refused, or a 200 does not say what it must.
            NetworkError: No answer arrived.

        """
        self._http.take_answer()
        with self._translated(call, hint):
            send()
        answer = self._http.take_answer()
        if answer is None:
            raise not_understood(call, "nothing")
        if may_be_empty and not answer.body.strip():
            return {}, answer.date
        try:
            raw = json.loads(answer.body)
        except ValueError as err:
            raise not_understood(call, "with something that is not JSON") from err
        if not isinstance(raw, dict):
            raise not_understood(call, "with something that is no object")
        return raw, answer.date

    @contextmanager
    def _translated(self, call: str, hint: str) -> Iterator[None]:
        try:
            yield
        except errors.APIError as err:
            if not isinstance(err.response, httpx.Response):
                raise not_understood(call, "with something that is no HTTP answer") from err
            raise refused(call, err.response, hint=hint, hints=self._hints) from err
        except httpx.HTTPError as err:
            raise unreached(call, err, self._host) from err
        except (httpx.InvalidURL, KeyError, ValueError) as err:
            # What the SDK raises on an upload whose answers lack the URL, or do not end it.
            raise not_understood(call, "with something that the SDK cannot go on from") from err

    def pages(
        self, call: str, send: Callable[[str | None], object]
    ) -> Iterator[tuple[Raw, datetime | None]]:
        """Go through a listing's pages; the SDK's pager would stop at a page with no items."""
        token: str | None = None
        seen: set[str] = set()
        while token is None or token:
            raw, told_at = self.ask(call, lambda: send(token))  # noqa: B023 - called at once
            yield raw, told_at
            token = operations.text(raw, "nextPageToken")
            if token in seen:
                raise not_understood(call, "with a page that it had given before")
            seen.add(token)


def objects(raw: Raw, name: str, call: str) -> Iterator[Raw]:
    """Go through a page's items: a listing with a hole in it would pass for a whole one."""
    for item in operations.items(raw, name):
        if not isinstance(item, dict):
            raise not_understood(call, "with an item that is no object")
        yield item
