"""What is asked of gcp-storage-emulator, over HTTP, and the names of the calls."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

_PATH = re.compile(
    r"(?P<kind>/upload|/download|/resumable/upload)?(?:/storage/v1)?/b"
    r"(?:/(?P<bucket>[^/]+)(?:/(?P<what>o|iam/testPermissions)(?:/(?P<name>.+))?)?)?"
)
_OF_OBJECTS = {"GET": "objects.get", "DELETE": "objects.delete", "PATCH": "objects.patch"}
_OF_BUCKETS = {"GET": "buckets.get", "DELETE": "buckets.delete", "PATCH": "buckets.patch"}
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})


@dataclass
class Call:
    """One call: what is done to what, and how it was asked for; status 0 is no answer."""

    verb: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)
    method: str
    bucket: str
    name: str
    status: int = 0

    @classmethod
    def of(cls, request: Request, body: bytes) -> Call:
        """Read a request."""
        raw = request.scope["raw_path"].decode()
        found = _PATH.fullmatch(raw)
        parts = found.groupdict(default="") if found else dict.fromkeys(("bucket", "name"), "")
        query = dict(request.query_params)
        name = unquote(parts["name"])
        method = _method(request.method, parts, query) if found else "other"
        if method.startswith("objects.insert"):
            name = query.get("name") or _named(body)
        target = f"{raw}?{request.url.query}" if request.url.query else raw
        headers = {key.lower(): value for key, value in request.headers.items()}
        return cls(request.method, target, query, headers, body, method, parts["bucket"], name)


@dataclass
class Reply:
    """What is answered."""

    status: int
    headers: dict[str, str]
    content: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Read a JSON body."""
        found = json.loads(self.content)
        assert isinstance(found, dict)
        return found


def _method(verb: str, parts: dict[str, str], query: dict[str, str]) -> str:
    match parts["what"]:
        case "iam/testPermissions":
            return "buckets.permissions"
        case "o":
            return _of_objects(verb, parts, query)
        case _ if parts["bucket"]:
            return _OF_BUCKETS.get(verb, "other")
        case _:
            return "buckets.list" if verb == "GET" else "buckets.insert"


def _of_objects(verb: str, parts: dict[str, str], query: dict[str, str]) -> str:
    if "upload_id" in query:
        return "objects.insert.chunk"
    if verb == "POST" and "uploadType" in query:
        return "objects.insert.start" if query["uploadType"] == "resumable" else "objects.insert"
    if not parts["name"]:
        return "objects.list"
    if verb == "GET" and (parts["kind"] == "/download" or query.get("alt") == "media"):
        return "objects.download"
    return _OF_OBJECTS.get(verb, "other")


def _named(body: bytes) -> str:
    # The metadata of a multipart upload is its first part, and of a resumable one its whole body.
    found = re.search(rb'"name"\s*:\s*("(?:[^"\\]|\\.)*")', body)
    return str(json.loads(found[1])) if found else ""


class Backend:
    """The emulator's own server; each call is a connection, for it keeps none."""

    def __init__(self, base_url: str) -> None:
        self._address = urlsplit(base_url).netloc

    def ask(
        self, verb: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Ask it something."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request(verb, target, body or None, headers or {})
            answer = connection.getresponse()
            kept = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in _HOP_BY_HOP
            }
            return Reply(answer.status, kept, answer.read())
        finally:
            connection.close()

    def found(self, bucket: str, name: str) -> dict[str, Any] | None:
        """Give what is known of an object, or None."""
        reply = self.ask("GET", self._target(bucket, name))
        return reply.json() if reply.status == 200 else None

    def has_bucket(self, bucket: str) -> bool:
        """Say whether there is a bucket."""
        return self.ask("GET", f"/storage/v1/b/{bucket}").status == 200

    def make_bucket(self, bucket: str) -> None:
        """Make a bucket, in which deleted objects are gone."""
        if not self.has_bucket(bucket):
            body = {"name": bucket, "softDeletePolicy": {"retentionDurationSeconds": "0"}}
            headers = {"Content-Type": "application/json"}
            reply = self.ask("POST", "/storage/v1/b?project=p", headers, json.dumps(body).encode())
            assert reply.status == 200, reply

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Write an object."""
        query = urlencode({"uploadType": "media", "name": name})
        target = f"/upload/storage/v1/b/{bucket}/o?{query}"
        headers = {"Content-Type": "application/octet-stream"}
        if content:
            reply = self.ask("POST", target, headers, content)
        else:  # it takes no empty body for an object
            start = self.ask("POST", target.replace("=media", "=resumable"), headers)
            at = urlsplit(start.headers["Location"])
            reply = self.ask("PUT", f"{at.path}?{at.query}", {"Content-Range": "bytes */0"})
        assert reply.status == 200, reply

    def read(self, bucket: str, name: str, headers: dict[str, str] | None = None) -> bytes:
        """Read an object, or the range that headers name."""
        reply = self.ask("GET", self._target(bucket, name) + "?alt=media", headers)
        assert reply.status in {200, 206}, (bucket, name, reply.status)
        return reply.content

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object."""
        self.ask("DELETE", self._target(bucket, name))

    def items(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """List all objects of a prefix, by name."""
        query = urlencode({"prefix": prefix})
        reply = self.ask("GET", f"/storage/v1/b/{bucket}/o?{query}")
        listed: list[dict[str, Any]] = reply.json()["items"]
        return sorted(listed, key=_name_of)

    @staticmethod
    def _target(bucket: str, name: str) -> str:
        return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def _name_of(item: dict[str, Any]) -> bytes:
    return str(item["name"]).encode()
