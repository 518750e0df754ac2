"""The emulated service's own access to Cloud Storage, over the JSON API of an emulator of that."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from chargen_batch.emulator.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "STORAGE_EMULATOR_HOST"
_TIMEOUT_S = 60.0
_URI = re.compile(r"gs://([^/]+)/(.*)")


class BucketError(Exception):
    """What the storage refused, with its status."""

    def __init__(self, status: int, uri: str) -> None:
        super().__init__(f"{status} for {uri}")
        self.status = status


class Buckets:
    """Objects by their gs:// URIs; each call is a connection of its own.

    Every method may raise BucketError, and RefusalError when there is no storage to be reached.
    """

    def __init__(self, host: str = "") -> None:
        self._host = host or os.environ.get(VARIABLE, "")

    def check(self, uri: str) -> None:
        """Ask for the bucket of a URI."""
        bucket, _ = parts_of(uri)
        self._ask("GET", f"/storage/v1/b/{quote(bucket)}", uri).close()

    def kind(self, uri: str) -> str:
        """Tell the MIME type of an object."""
        with self._ask("GET", _object(uri), uri) as answer:
            known: dict[str, Any] = json.load(answer)
        return str(known.get("contentType") or "application/octet-stream")

    def size(self, uri: str) -> int:
        """Tell how many bytes an object has."""
        with self._ask("GET", _object(uri), uri) as answer:
            return int(json.load(answer)["size"])

    def fetch(self, uri: str, into: IO[bytes]) -> None:
        """Write an object's bytes into a file."""
        with self._ask("GET", _object(uri) + "?alt=media", uri) as answer:
            shutil.copyfileobj(answer, into)

    def put(self, uri: str, content: IO[bytes]) -> None:
        """Make an object of a file's bytes."""
        bucket, name = parts_of(uri)
        query = urlencode({"uploadType": "media", "name": name})
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        target = f"/upload/storage/v1/b/{quote(bucket)}/o?{query}"
        self._ask("POST", target, uri, headers, content).close()

    def _ask(
        self,
        verb: str,
        target: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        content: IO[bytes] | None = None,
    ) -> http.client.HTTPResponse:
        if not self._host:
            raise RefusalError(
                400, f"The emulator has no Cloud Storage: start it with {VARIABLE} set."
            )
        split = urlsplit(self._host if "//" in self._host else f"//{self._host}")
        connection = http.client.HTTPConnection(split.netloc, timeout=_TIMEOUT_S)
        told = {**(headers or {}), "Connection": "close"}
        try:
            connection.request(verb, target, content, told)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise RefusalError(503, f"Cloud Storage cannot be reached: {error}") from error
        connection.close()  # the answer keeps the socket until it is read or closed
        if answer.status not in {http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT}:
            answer.close()
            raise BucketError(answer.status, uri)
        return answer


def parts_of(uri: str) -> tuple[str, str]:
    """Take a gs:// URI apart: bucket and object.

    Raises:
        RefusalError: It is none.

    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise RefusalError(400, f"Invalid Cloud Storage URI {uri!r}: write gs://bucket/object.")
    return found[1], found[2]


def _object(uri: str) -> str:
    bucket, name = parts_of(uri)
    return f"/storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}"
