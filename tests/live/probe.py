"""Looks at the service beside the commands: raw answers, so that the facts are the wire's own."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from chargen_batch.service.keys import is_loopback
from chargen_batch.service.wire import bare_context, certificates

if TYPE_CHECKING:
    from collections.abc import Mapping

OK: Final = 200
_NO_GOOD: Final = 300
_TIMEOUT_S: Final = 60.0
_WORDS: Final = 120  # of an error's message


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer; status 0 is none."""

    status: int
    headers: Mapping[str, str]
    body: Any = None

    @property
    def said(self) -> str:
        """Return the status, with the service's words where it refuses."""
        if OK <= self.status < _NO_GOOD:
            return str(self.status)
        error = self.body.get("error") if isinstance(self.body, dict) else self.body
        words = error.get("message", "") if isinstance(error, dict) else error
        return f"{self.status or 'no answer'} ({str(words).strip()[:_WORDS]})"


class Probe:
    """Asks the service, with the key in a header and nowhere else."""

    def __init__(self, base_url: str, key: str) -> None:
        plain = base_url.startswith("http:")
        self._key = key
        self._http = httpx.Client(
            base_url=base_url,
            headers={"x-goog-api-key": key, "Accept-Encoding": "identity"},
            timeout=_TIMEOUT_S,
            verify=bare_context() if plain else certificates(os.environ),
            trust_env=not is_loopback(base_url),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Seen:
        """Ask for a JSON answer."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Seen:
        """Send something; nothing of it is repeated."""
        return self._ask("POST", path, body=body)

    def delete(self, path: str) -> Seen:
        """Delete something."""
        return self._ask("DELETE", path)

    def head_of(self, path: str, first: int, last: int) -> Seen:
        """Ask for some bytes of a file, and read no more than the headers of the answer."""
        headers = {"Range": f"bytes={first}-{last}"}
        try:
            with self._http.stream("GET", path, params={"alt": "media"}, headers=headers) as answer:
                return Seen(answer.status_code, answer.headers)
        except httpx.HTTPError as err:
            return Seen(0, {}, type(err).__name__)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Seen:
        try:
            answer = self._http.request(method, path, params=query, json=body)
        except httpx.HTTPError as err:
            return Seen(0, {}, type(err).__name__)
        text = answer.text.replace(self._key, "***")
        try:
            return Seen(answer.status_code, answer.headers, json.loads(text or "{}"))
        except ValueError:
            return Seen(answer.status_code, answer.headers, text)

    def skew_s(self) -> float | None:
        """Return by how much the service's clock is ahead of ours, to the second."""
        before = time.time()
        told = self.get("/v1beta/models", pageSize=1).headers.get("Date")
        middle = (before + time.time()) / 2
        return parsedate_to_datetime(told).timestamp() - middle if told else None


def moment(text: str) -> datetime:
    """Read one of the service's times; nine digits of a second are more than Python takes."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
