"""Google's own SDK against the emulator."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from google.genai import errors, types
from PIL import Image

from tests.emulator.conversation import MODEL, jsonl, reference, request_of, row

if TYPE_CHECKING:
    from pathlib import Path

    from google import genai

    from chargen_batch.emulator.server import Emulator

JSONL = types.UploadFileConfig(mime_type="application/jsonl")
CHUNK = 8 * 1024 * 1024


def upload(sdk: genai.Client, content: bytes) -> str:
    return str(sdk.files.upload(file=io.BytesIO(content), config=JSONL).name)


def create(sdk: genai.Client, *rows: dict[str, Any], name: str = "job") -> str:
    source = upload(sdk, jsonl(*(rows or (row(),))))
    config = types.CreateBatchJobConfig(display_name=name)
    return str(sdk.batches.create(model=MODEL, src=source, config=config).name)


def finish(sdk: genai.Client, name: str) -> types.BatchJob:
    sdk.batches.get(name=name)
    return sdk.batches.get(name=name)


def output(job: types.BatchJob) -> str:
    assert job.dest is not None
    return str(job.dest.file_name)


@pytest.mark.parametrize("size", [0, 4, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_upload_of_any_size_arrives(sdk: genai.Client, emulator: Emulator, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    name = upload(sdk, content)
    assert emulator.world.shelf.blob(name.removeprefix("files/")).read_bytes() == content
    assert sdk.files.get(name=name).size_bytes == size


def test_upload_of_a_path_keeps_what_was_configured(sdk: genai.Client, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"{}\n")
    config = types.UploadFileConfig(
        name="files/my-name", display_name="disp", mime_type="application/jsonl"
    )
    file = sdk.files.upload(file=path, config=config)
    assert (file.name, file.display_name) == ("files/my-name", "disp")
    assert file.state == types.FileState.ACTIVE
    assert file.expiration_time is not None
    assert file.create_time is not None
    assert (file.expiration_time - file.create_time).total_seconds() == 48 * 3600


def test_files_are_listed_over_pages_and_deleted(sdk: genai.Client) -> None:
    names = [upload(sdk, b"x") for _ in range(3)]
    listed = [file.name for file in sdk.files.list(config={"page_size": 2})]
    assert listed == names[::-1]
    sdk.files.delete(name=names[0])
    with pytest.raises(errors.ClientError, match="PERMISSION_DENIED"):
        sdk.files.get(name=names[0])


def test_job_runs_from_pending_to_succeeded(sdk: genai.Client) -> None:
    name = create(sdk)
    states = [sdk.batches.get(name=name).state for _ in range(2)]
    assert states == [types.JobState.JOB_STATE_RUNNING, types.JobState.JOB_STATE_SUCCEEDED]


def test_jobs_are_listed_over_pages(sdk: genai.Client) -> None:
    names = [create(sdk, name=f"job {number}") for number in range(3)]
    listed = list(sdk.batches.list(config={"page_size": 2}))
    assert [job.name for job in listed] == names[::-1]
    assert listed[0].display_name == "job 2"
    assert listed[0].model == f"models/{MODEL}"


def test_job_is_cancelled_and_deleted(sdk: genai.Client) -> None:
    name = create(sdk)
    sdk.batches.cancel(name=name)
    assert sdk.batches.get(name=name).state == types.JobState.JOB_STATE_CANCELLED
    sdk.batches.delete(name=name)
    with pytest.raises(errors.ClientError, match="NOT_FOUND"):
        sdk.batches.get(name=name)


def test_bad_row_is_refused_at_create(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError, match="line 1") as caught:
        create(sdk, row("a", {"contents": []}))
    assert caught.value.code == 400
    assert list(sdk.batches.list(config={"page_size": 9})) == []


@pytest.mark.parametrize("ratio", ["1:1", "3:4", "4:3", "16:9", "21:9"])
def test_whole_job_gives_a_picture_in_the_ratio_asked_for(sdk: genai.Client, ratio: str) -> None:
    portrait = upload(sdk, b"not looked at").removeprefix("files/")
    asked = request_of("a teal sea", reference(portrait), aspectRatio=ratio, imageSize="1K")
    job = finish(sdk, create(sdk, row("k", asked)))
    line = json.loads(sdk.files.download(file=output(job)))
    data = line["response"]["candidates"][0]["content"]["parts"][-1]["inlineData"]["data"]
    width, height = Image.open(io.BytesIO(base64.b64decode(data))).size
    across, down = map(int, ratio.split(":"))
    assert line["key"] == "k"
    assert width / height == pytest.approx(across / down, rel=0.02)


def test_download_to_a_path_is_the_same(sdk: genai.Client, tmp_path: Path) -> None:
    job = finish(sdk, create(sdk, row("a"), row("b")))
    sdk.files.download(file=output(job), destination=tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == sdk.files.download(file=output(job))


def test_output_cannot_be_got_or_deleted_as_a_file(sdk: genai.Client) -> None:
    name = output(finish(sdk, create(sdk)))
    with pytest.raises(errors.ClientError, match="cannot be more than 40 characters"):
        sdk.files.get(name=name)
    with pytest.raises(errors.ClientError, match="cannot be more than 40 characters"):
        sdk.files.delete(name=name)


def test_model_tells_the_sdk_that_it_can_be_batched(sdk: genai.Client) -> None:
    assert "batchGenerateContent" in (sdk.models.get(model=MODEL).supported_actions or [])


def test_interactive_picture_is_read_by_the_sdk(sdk: genai.Client) -> None:
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = sdk.models.generate_content(model=MODEL, contents="draw", config=config)
    assert answer.parts is not None
    assert [part.inline_data is not None for part in answer.parts] == [False, True]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.candidates_token_count == 1120


def test_tokens_are_counted_for_the_sdk(sdk: genai.Client) -> None:
    assert sdk.models.count_tokens(model=MODEL, contents="eight ch").total_tokens == 2
