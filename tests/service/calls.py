"""Every call of the service, for tables of what may happen to each."""

from __future__ import annotations

import io
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.service.api import BatchService, RemoteFile, RemoteJob

KEY = "AIzaSyTheKeyOfTheTests-0123456789abcdef"
BASE_URL = "https://service.test"
FILE = "files/abc123"
JOB = "batches/job123"
OUTPUT = "files/batch-job123"
MODEL = "gemini-3-pro-image"

KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


def google(code: int, status: str, message: str = "the words", *details: object) -> object:
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


def upload(service: BatchService, content: bytes = b"{}\n") -> RemoteFile:
    return service.upload(
        io.BytesIO(content), size=len(content), mime="application/jsonl", display_name="in.jsonl"
    )


def create(service: BatchService) -> RemoteJob:
    return service.create_job(model=MODEL, request_file=FILE, display_name="job-1")


def download(service: BatchService, offset: int = 0) -> tuple[int, int | None, bytes]:
    with service.download(OUTPUT, offset=offset) as opened:
        return opened.offset, opened.total, b"".join(opened.chunks)


CALLS: dict[str, Callable[[BatchService], object]] = {
    "upload": upload,
    "get_file": lambda service: service.get_file(FILE),
    "list_files": lambda service: list(service.list_files()),
    "delete_file": lambda service: service.delete_file(FILE),
    "create_job": create,
    "get_job": lambda service: service.get_job(JOB),
    "list_jobs": lambda service: list(service.list_jobs()),
    "cancel_job": lambda service: service.cancel_job(JOB),
    "delete_job": lambda service: service.delete_job(JOB),
    "download": download,
    "get_model": lambda service: service.get_model(MODEL),
}
ABOUT = {
    "upload": "in.jsonl",
    "get_file": FILE,
    "list_files": "files",
    "delete_file": FILE,
    "create_job": "job-1",
    "get_job": JOB,
    "list_jobs": "jobs",
    "cancel_job": JOB,
    "delete_job": JOB,
    "download": OUTPUT,
    "get_model": MODEL,
}


def all_told(error: BaseException) -> str:
    """Return all that an error, or a log of it with its causes, can show."""
    parts = [str(error), repr(error), *map(repr, vars(error).values())]
    return "\n".join([*parts, *traceback.format_exception(error)])
