"""What the emulator's tests say to it: rows, uploads and jobs, by raw HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

URI = "https://generativelanguage.googleapis.com/v1beta/files/"
MODEL = "gemini-3-pro-image"
RESUMABLE = {"X-Goog-Upload-Protocol": "resumable"}


def request_of(prompt: str = "a teal sea", *parts: dict[str, Any], **image: str) -> dict[str, Any]:
    """Make a generation request."""
    asked = image or {"aspectRatio": "3:4", "imageSize": "1K"}
    return {
        "contents": [{"role": "user", "parts": [{"text": prompt}, *parts]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": asked},
    }


def reference(file_id: str) -> dict[str, Any]:
    """Make a part that refers to a file."""
    return {"fileData": {"fileUri": URI + file_id, "mimeType": "image/png"}}


def row(key: str = "characters/mara/portrait@1", request: object = None) -> dict[str, Any]:
    """Make a row."""
    return {"key": key, "request": request_of() if request is None else request}


def jsonl(*rows: dict[str, Any]) -> bytes:
    """Write rows as lines."""
    return b"".join(json.dumps(item).encode() + b"\n" for item in rows)


def begin(
    http: httpx.Client, size: int | None, mime_type: str = "application/jsonl", **file: str
) -> httpx.Response:
    """Start an upload."""
    headers = {**RESUMABLE, "X-Goog-Upload-Command": "start"}
    if size is not None:
        headers["X-Goog-Upload-Header-Content-Length"] = str(size)
    body = {"file": {"mime_type": mime_type, **file}}
    return http.post("/upload/v1beta/files", headers=headers, json=body)


def send(
    http: httpx.Client, url: str, content: bytes, offset: int = 0, command: str = "upload, finalize"
) -> httpx.Response:
    """Send a chunk to an upload URL."""
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
    return http.post(url, headers=headers, content=content)


def upload(http: httpx.Client, content: bytes, mime_type: str = "application/jsonl") -> str:
    """Upload a file and give its id."""
    url = begin(http, len(content), mime_type).headers["x-goog-upload-url"]
    return str(send(http, url, content).json()["file"]["name"].removeprefix("files/"))


def create(http: httpx.Client, file_id: str, model: str = MODEL, name: str = "j") -> httpx.Response:
    """Ask for a job."""
    batch = {"inputConfig": {"fileName": f"files/{file_id}"}, "displayName": name}
    return http.post(f"/v1beta/models/{model}:batchGenerateContent", json={"batch": batch})


def job(http: httpx.Client, *rows: dict[str, Any], model: str = MODEL, name: str = "j") -> str:
    """Make a job of rows and give its path."""
    answer = create(http, upload(http, jsonl(*(rows or (row(),)))), model, name)
    return f"/v1beta/{answer.json()['name']}"


def ended(http: httpx.Client, path: str) -> dict[str, Any]:
    """Look at a job until it has ended."""
    operation: dict[str, Any] = {}
    for _ in range(5):
        operation = http.get(path).json()
        if operation.get("done"):
            return operation
    raise AssertionError(operation)


def results(http: httpx.Client, *rows: dict[str, Any], model: str = MODEL) -> list[dict[str, Any]]:
    """Run a job to its end and read its result lines."""
    path = output_path(ended(http, job(http, *rows, model=model)))
    return [json.loads(line) for line in http.get(path).content.split(b"\n") if line]


def output_path(operation: dict[str, Any]) -> str:
    """Name the path at which a job's output is downloaded."""
    return f"/v1beta/{operation['response']['responsesFile']}:download?alt=media"


def error(answer: httpx.Response) -> tuple[int, str]:
    """Give the code and status of a refusal, which the body must repeat."""
    found = answer.json()["error"]
    assert found["code"] == answer.status_code
    return found["code"], found["status"]


DENIED = (403, "PERMISSION_DENIED")
INVALID = (400, "INVALID_ARGUMENT")
MISSING = (404, "NOT_FOUND")
