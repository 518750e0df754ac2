"""What the SDK sends for each call, against golden files taken from gemini.md §1."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google import genai
from google.genai import types

from tests.emulator.conversation import MODEL, jsonl, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chargen_batch.emulator.server import Emulator

GOLDEN = Path(__file__).parent / "golden"
CHUNK = 8 * 1024 * 1024
HEADERS = (
    "accept",
    "content-length",
    "content-type",
    "x-goog-api-key",
    "x-goog-api-client",
    "x-goog-upload-command",
    "x-goog-upload-file-name",
    "x-goog-upload-header-content-length",
    "x-goog-upload-header-content-type",
    "x-goog-upload-offset",
    "x-goog-upload-protocol",
    "x-server-timeout",
)
Sent = list[httpx.Request]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def sdk(emulator: Emulator, sent: Sent) -> Iterator[genai.Client]:
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [sent.append]}
    with httpx.Client(trust_env=False, event_hooks=hooks) as client:
        options = types.HttpOptions(
            base_url=emulator.base_url, api_version="v1beta", httpx_client=client, timeout=30_000
        )
        yield genai.Client(api_key="test", vertexai=False, http_options=options)


def normal(text: str) -> str:
    """Replace ids, ports and versions by their names."""
    text = re.sub(r"upload_id=[a-z0-9]+", "upload_id=UPLOAD", text)
    text = re.sub(r"batch-[a-z0-9]{36}", "batch-JOB", text)
    text = re.sub(r"batches/[a-z0-9]{36}", "batches/JOB", text)
    text = re.sub(r"files/[a-z0-9]{12}\b", "files/FILE", text)
    text = re.sub(r"pageToken=\w+", "pageToken=TOKEN", text)
    return re.sub(r"google-genai-sdk/\S+ gl-python/\S+", "google-genai-sdk/SDK gl-python/PY", text)


def written(request: httpx.Request) -> dict[str, Any]:
    content = request.content
    body: object = None
    if content:
        chunk = "upload_id" in request.url.query.decode()
        body = f"{len(content)} bytes" if chunk else json.loads(normal(content.decode()))
    return {
        "method": request.method,
        "path": normal(request.url.raw_path.decode()),
        "headers": {
            name: normal(request.headers[name]) for name in HEADERS if name in request.headers
        },
        "body": body,
    }


def same_as_golden(name: str, *requests: httpx.Request) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    assert [written(request) for request in requests] == expected


def upload(sdk: genai.Client, content: bytes) -> str:
    config = types.UploadFileConfig(mime_type="application/jsonl")
    return str(sdk.files.upload(file=io.BytesIO(content), config=config).name)


def create(sdk: genai.Client) -> str:
    config = types.CreateBatchJobConfig(display_name="job1")
    source = upload(sdk, jsonl(row()))
    return str(sdk.batches.create(model=MODEL, src=source, config=config).name)


def test_upload_of_a_path(sdk: genai.Client, sent: Sent, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"twelve bytes")
    config = types.UploadFileConfig(
        name="files/my-name", display_name="disp", mime_type="application/jsonl"
    )
    sdk.files.upload(file=path, config=config)
    same_as_golden("files_upload_path", *sent)


def test_upload_of_several_chunks(sdk: genai.Client, sent: Sent) -> None:
    upload(sdk, bytes(CHUNK + 10))
    same_as_golden("files_upload_chunks", *sent)


def test_upload_of_exactly_one_chunk(sdk: genai.Client, sent: Sent) -> None:
    upload(sdk, bytes(CHUNK))
    same_as_golden("files_upload_one_chunk", *sent)


def test_upload_of_nothing(sdk: genai.Client, sent: Sent) -> None:
    upload(sdk, b"")
    same_as_golden("files_upload_empty", *sent)


def test_file_is_got_listed_and_deleted(sdk: genai.Client, sent: Sent) -> None:
    name = upload(sdk, b"x")
    upload(sdk, b"y")
    sent.clear()
    sdk.files.get(name=name)
    list(sdk.files.list(config={"page_size": 1}))
    sdk.files.delete(name=name)
    same_as_golden("files_get_list_delete", *sent)


def test_job_is_created(sdk: genai.Client, sent: Sent) -> None:
    create(sdk)
    same_as_golden("batches_create", sent[-1])


def test_job_is_created_without_configuration(sdk: genai.Client, sent: Sent) -> None:
    sdk.batches.create(model=f"models/{MODEL}", src=upload(sdk, jsonl(row())))
    same_as_golden("batches_create_bare", sent[-1])


def test_job_is_got_listed_cancelled_and_deleted(sdk: genai.Client, sent: Sent) -> None:
    name = create(sdk)
    create(sdk)
    sent.clear()
    sdk.batches.get(name=name)
    list(sdk.batches.list(config={"page_size": 1}))
    sdk.batches.cancel(name=name)
    sdk.batches.delete(name=name)
    same_as_golden("batches_get_list_cancel_delete", *sent)


def test_output_is_downloaded(sdk: genai.Client, sent: Sent) -> None:
    name = create(sdk)
    sdk.batches.get(name=name)
    job = sdk.batches.get(name=name)
    assert job.dest is not None
    sdk.files.download(file=str(job.dest.file_name))
    same_as_golden("files_download", sent[-1])


def test_picture_is_asked_for_at_once(sdk: genai.Client, sent: Sent) -> None:
    image = types.Part.from_bytes(data=b"\xff\xfe\xfb\xff", mime_type="image/png")
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        system_instruction="s",
        safety_settings=[
            types.SafetySetting(
                category=types.HarmCategory.HARM_CATEGORY_HARASSMENT,
                threshold=types.HarmBlockThreshold.OFF,
            ),
        ],
        thinking_config=types.ThinkingConfig(include_thoughts=True),
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
    )
    text = types.Part.from_text(text="draw")
    sdk.models.generate_content(
        model=MODEL, contents=types.Content(role="user", parts=[text, image]), config=config
    )
    same_as_golden("models_generate_content", sent[-1])


def test_model_is_probed_and_tokens_are_counted(sdk: genai.Client, sent: Sent) -> None:
    sdk.models.get(model=MODEL)
    sdk.models.count_tokens(model=MODEL, contents="draw")
    same_as_golden("models_get_count_tokens", *sent)
