"""What the tests of the Vertex AI emulator say to it: rows in a bucket, and jobs, by raw HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulator.conversation import MODEL, jsonl, request_of
from tests.storage import BUCKET

if TYPE_CHECKING:
    import httpx

    from tests.storage import Storage

JOBS = "/v1beta1/projects/a-project/locations/us-central1/batchPredictionJobs"
INPUT = f"gs://{BUCKET}/in/rows.jsonl"
OUTPUT = f"gs://{BUCKET}/out"


@dataclass(frozen=True)
class Vertex:
    """Both emulators, and a client that is logged in."""

    http: httpx.Client
    storage: Storage

    def write(self, *rows: dict[str, Any]) -> None:
        """Write the rows of the next jobs."""
        self.storage.put("in/rows.jsonl", jsonl(*rows))

    def post(self, **changes: object) -> httpx.Response:
        """Ask for a job."""
        return self.http.post(JOBS, json=job_of() | changes)

    def create(self, *rows: dict[str, Any], name: str = "job") -> str:
        """Make a job of rows; give its path."""
        self.write(*rows)
        answer = self.post(displayName=name)
        assert answer.status_code == 200, answer.text
        return f"/v1beta1/{answer.json()['name']}"

    def get(self, path: str) -> dict[str, Any]:
        """Look at a job."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def finished(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Make a job of rows and look at it until it is over."""
        path = self.create(*rows)
        self.get(path)
        return self.get(path)

    def shards(self, job: dict[str, Any]) -> list[bytes]:
        """Read the objects of a job's output, by name."""
        folder = job["outputInfo"]["gcsOutputDirectory"].removeprefix(f"gs://{BUCKET}/")
        return [self.storage.read(name) for name in self.storage.names(f"{folder}/")]

    def lines(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """Read a job's result lines, in their order."""
        whole = b"".join(shard.rstrip(b"\n") + b"\n" for shard in self.shards(job))
        return [json.loads(line) for line in whole.splitlines()]

    def output(self, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        """Give what becomes of rows."""
        return self.lines(self.finished(*rows))

    def failure(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Give the error of a job that fails."""
        job = self.finished(*rows)
        assert job["state"] == "JOB_STATE_FAILED"
        error: dict[str, Any] = job["error"]
        return error


def job_of() -> dict[str, Any]:
    """Make the body that asks for a job."""
    return {
        "displayName": "job",
        "model": f"publishers/google/models/{MODEL}",
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [INPUT]}},
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": OUTPUT},
        },
    }


def media(uri: str) -> dict[str, Any]:
    """Make a part that refers to an object."""
    return {"fileData": {"fileUri": uri, "mimeType": "image/png"}}


def rows_of(*keys: str) -> list[dict[str, Any]]:
    """Make rows with keys."""
    return [{"key": key, "request": request_of(f"draw {key}")} for key in keys]
