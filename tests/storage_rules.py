"""What Cloud Storage does and gcp-storage-emulator does not, call by call."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.storage_backend import Reply

if TYPE_CHECKING:
    from tests.storage_backend import Backend, Call

_JSON: Final = {"Content-Type": "application/json; charset=UTF-8"}
_PERMISSIONS: Final = {
    "objects.insert": "storage.objects.create",
    "objects.insert.start": "storage.objects.create",
    "objects.get": "storage.objects.get",
    "objects.download": "storage.objects.get",
    "objects.list": "storage.objects.list",
    "objects.delete": "storage.objects.delete",
    "objects.patch": "storage.objects.update",
    "buckets.get": "storage.buckets.get",
}
_CHUNK = re.compile(r"bytes (?P<start>\d+)-(?P<end>\d+)/(?P<total>\d+|\*)")
_RANGE = re.compile(r"bytes=(?P<start>\d*)-(?P<end>\d*)")
_FIELDS = re.compile(r"(?:.+,)?items\((?P<names>[\w,]+)\)(?:,.+)?")
_UNMET = "At least one of the pre-conditions you specified did not hold."


@dataclass
class _Session:
    """A resumable upload: what it demands at its end, how far it is, and how it ended."""

    call: Call
    received: int = 0
    ended: Reply | None = None


class Rules:
    """The answers to calls, which come one at a time."""

    def __init__(self, backend: Backend, *, page_size: int) -> None:
        self.backend = backend
        self.denied: set[str] = set()
        self._page_size = page_size
        self._buckets: set[str] = set()
        self._sessions: dict[str, _Session] = {}

    def answer(self, call: Call) -> Reply:
        """Answer a call as the service does."""
        refused = self._denied(call) or self._missing(call)
        if refused is not None:
            return refused
        own = {
            "objects.insert.start": self._start,
            "objects.insert.chunk": self._chunk,
            "objects.download": self._download,
            "objects.list": self._list,
            "buckets.permissions": self._permissions,
        }
        return own.get(call.method, self._passed)(call)

    def _denied(self, call: Call) -> Reply | None:
        permission = _PERMISSIONS.get(call.method, "")
        if permission not in self.denied:
            return None
        return _error(403, "forbidden", f"The caller does not have {permission} access.")

    def _missing(self, call: Call) -> Reply | None:
        """Refuse what is not there, or not as the call demands."""
        if call.method == "buckets.delete":
            self._buckets.discard(call.bucket)
        if call.bucket and call.method != "objects.insert.chunk":
            if call.bucket not in self._buckets and not self.backend.has_bucket(call.bucket):
                return _error(404, "notFound", "The specified bucket does not exist.")
            self._buckets.add(call.bucket)
            if call.method.startswith("objects.") and call.name:
                return self._unmet(call)
        return None

    def _unmet(self, call: Call) -> Reply | None:
        found = self.backend.found(call.bucket, call.name)
        generation = "0" if found is None else str(found["generation"])
        inserted = call.method.startswith("objects.insert")
        asked = generation if inserted else call.query.get("generation", generation)
        if not inserted and (found is None or asked != generation):
            name = f"{call.bucket}/{call.name}"
            if "storage.objects.list" in self.denied:  # who may not list is not told what is not
                return _error(403, "forbidden", "Or it may not exist.")
            return _error(404, "notFound", f"No such object: {name}")
        if call.query.get("ifGenerationMatch", generation) != generation:
            return _error(412, "conditionNotMet", _UNMET)
        if call.query.get("ifGenerationNotMatch") == generation:
            return _error(412 if inserted else 304, "conditionNotMet", _UNMET)
        wanted = call.query.get("ifMetagenerationMatch")
        if wanted is not None and (found is None or str(found["metageneration"]) != wanted):
            return _error(412, "conditionNotMet", _UNMET)
        return None

    def _passed(self, call: Call) -> Reply:
        # The host is the proxy's, so that the URLs that are answered lead there.
        headers = {key: value for key, value in call.headers.items() if key != "content-length"}
        return self.backend.ask(call.verb, call.target, headers, call.body)

    def _start(self, call: Call) -> Reply:
        reply = self._passed(call)
        if reply.status == 200:
            upload_id = re.search(r"upload_id=([^&]+)", reply.headers["Location"])
            assert upload_id is not None
            self._sessions[upload_id[1]] = _Session(call)
        return reply

    def _chunk(self, call: Call) -> Reply:
        upload_id = re.search(r"upload_id=([^&]+)", call.target)
        session = self._sessions.get(upload_id[1]) if upload_id else None
        if session is None:
            return _error(404, "notFound", "No such upload.")
        call.name = session.call.name
        if session.ended is not None:
            return session.ended
        found = _CHUNK.fullmatch(call.headers.get("content-range", ""))
        if found is None and call.headers.get("content-range") != "bytes */0":
            return _incomplete(session.received)  # it was asked how far the upload is
        start = int(found["start"]) if found else 0
        known = session.received - start  # bytes that had come before come once more
        if known < 0:
            return _error(400, "invalid", f"The upload stands at {session.received}.")
        return self._take(session, call, found, known)

    def _take(
        self, session: _Session, call: Call, found: re.Match[str] | None, known: int
    ) -> Reply:
        size = session.received + len(call.body[known:])
        last = found is None or found["total"] == str(size)
        if last:
            unmet = self._unmet(session.call)
            if unmet is not None:
                return unmet
        elif known >= len(call.body):
            return _incomplete(session.received)
        headers = dict(call.headers)
        del headers["content-length"]
        if found is not None and size > 0:
            fresh = max(session.received, 0)
            headers["content-range"] = f"bytes {fresh}-{size - 1}/{found['total']}"
        reply = self.backend.ask("PUT", call.target, headers, call.body[known:])
        if not last:
            session.received = size
            return _incomplete(size) if reply.status == 308 else reply
        session.ended = self._checked(session, call, reply)
        return session.ended

    def _checked(self, session: _Session, call: Call, reply: Reply) -> Reply:
        declared = re.search(r"crc32c=([^,]+)", call.headers.get("x-goog-hash", ""))
        if reply.status == 200 and declared and reply.json()["crc32c"] != declared[1]:
            self.backend.delete(session.call.bucket, session.call.name)
            return _error(400, "invalid", f"Provided CRC32C {declared[1]} does not match.")
        return reply

    def _download(self, call: Call) -> Reply:
        known = self.backend.found(call.bucket, call.name)
        assert known is not None
        headers = {
            "Content-Type": known.get("contentType") or "application/octet-stream",
            "Accept-Ranges": "bytes",
            "ETag": str(known["etag"]),
            "X-Goog-Generation": str(known["generation"]),
            "X-Goog-Metageneration": str(known["metageneration"]),
            "X-Goog-Stored-Content-Length": str(known["size"]),
            "X-Goog-Hash": f"crc32c={known['crc32c']},md5={known['md5Hash']}",
        }
        wanted = _RANGE.fullmatch(call.headers.get("range", ""))
        if wanted is None:
            return Reply(200, headers, self.backend.read(call.bucket, call.name))
        size = int(known["size"])
        first, last = _ends(wanted, size)
        if first >= size or last < first:
            refused = _error(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
            refused.headers["Content-Range"] = f"bytes */{size}"
            return refused
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        part = self.backend.read(call.bucket, call.name, {"Range": f"bytes={first}-{last}"})
        return Reply(206, headers, part)

    def _list(self, call: Call) -> Reply:
        reply = self._passed(call)
        if reply.status != 200:
            return reply
        page = reply.json()
        after = base64.urlsafe_b64decode(call.query.get("pageToken", "")).decode()
        first, end = call.query.get("startOffset", ""), call.query.get("endOffset", "\U0010ffff")
        names = ((str(item["name"]), item) for item in page.get("items", []))
        items = sorted(
            ((name, item) for name, item in names if after < name and first <= name < end),
            key=lambda named: named[0].encode(),
        )
        size = min(int(call.query.get("maxResults", "1000")), self._page_size)
        body: dict[str, Any] = {"kind": "storage#objects"}
        if items:
            told = _FIELDS.fullmatch(call.query.get("fields", ""))
            body["items"] = [_chosen(item, told) for _, item in items[:size]]
        if page.get("prefixes"):
            body["prefixes"] = sorted(page["prefixes"])
        if len(items) > size:
            last = items[size - 1][0].encode()
            body["nextPageToken"] = base64.urlsafe_b64encode(last).decode()
        return Reply(200, _JSON, json.dumps(body).encode())

    def _permissions(self, call: Call) -> Reply:
        asked = re.findall(r"permissions=([\w.]+)", call.target)
        held = [permission for permission in asked if permission not in self.denied]
        body = {"kind": "storage#testIamPermissionsResponse", "permissions": held}
        return Reply(200, _JSON, json.dumps(body).encode())


def _ends(wanted: re.Match[str], size: int) -> tuple[int, int]:
    if wanted["start"]:
        return int(wanted["start"]), min(int(wanted["end"] or size - 1), size - 1)
    return max(0, size - int(wanted["end"] or 0)), size - 1  # so many of the last bytes


def _chosen(item: dict[str, Any], told: re.Match[str] | None) -> dict[str, Any]:
    """Give no more of an object than was asked for."""
    if told is None:
        return item
    return {name: item[name] for name in told["names"].split(",") if name in item}


def _incomplete(received: int) -> Reply:
    return Reply(308, {"Range": f"bytes=0-{received - 1}"} if received else {}, b"")


def _error(status: int, reason: str, message: str) -> Reply:
    detail = {"message": message, "domain": "global", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [detail]}}
    return Reply(status, dict(_JSON), b"" if status == 304 else json.dumps(body).encode())
