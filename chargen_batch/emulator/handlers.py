"""What each method of the service does, from call to answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.answers import respond
from chargen_batch.emulator.calls import MOST_PER_PAGE, Answer, Call
from chargen_batch.emulator.catalog import MODELS, find_model
from chargen_batch.emulator.checks import check_request, uploaded
from chargen_batch.emulator.messages import read_batch, read_count, read_request
from chargen_batch.emulator.refusals import bad_request
from chargen_batch.emulator.rows import check_rows
from chargen_batch.emulator.tokens import count_tokens
from chargen_batch.emulator.wire import file_json, model_json, operation_json, page_json
from chargen_batch.emulator.world import OUTPUT_PREFIX

if TYPE_CHECKING:
    from chargen_batch.emulator.records import File

FILES_PER_PAGE = 10


def get_file(call: Call) -> Answer:
    """Tell of one file."""
    return Answer(file_json(call.world.shelf.get(call.project, call.names["id"])))


def list_files(call: Call) -> Answer:
    """List the uploaded files; the outputs of jobs are not among them."""
    files, token = call.world.shelf.page(call.project, *call.page(FILES_PER_PAGE))
    return Answer(page_json("files", [file_json(file) for file in files], token))


def delete_file(call: Call) -> Answer:
    """Remove a file."""
    call.world.shelf.delete(call.project, call.names["id"])
    return Answer()


def download(call: Call) -> Answer:
    """Give the output of a job; what was uploaded cannot be downloaded."""
    file_id = call.names["id"]
    if call.query.get("alt") != "media":
        raise bad_request("A download needs alt=media.")
    if not file_id.startswith(OUTPUT_PREFIX):
        call.world.shelf.get(call.project, file_id)
        raise bad_request("Only generated files can be downloaded.")
    return Answer(file=call.world.output(call.project, file_id))


def create_batch(call: Call) -> Answer:
    """Make a job of an input file whose every row is good."""
    model = find_model(call.names["model"], call.version, "batchGenerateContent")
    batch = read_batch(call.json(), "").get("batch", {})
    file = _input_file(call, batch.get("inputConfig", {}))
    with call.world.shelf.blob(file.id).open("rb") as lines:
        rows = list(check_rows(lines, model, call.world.shelf.live(call.project)))
    if not rows:
        raise bad_request("The input file has no requests.")
    name = batch.get("displayName", "")
    return Answer(operation_json(call.world.create_job(call.project, model.id, name, file, rows)))


def get_batch(call: Call) -> Answer:
    """Tell of one job, which goes on by it."""
    return Answer(operation_json(call.world.look_at_job(call.project, call.names["id"])))


def list_batches(call: Call) -> Answer:
    """List the jobs, which do not go on by it."""
    jobs, token = call.world.list_jobs(call.project, *call.page(MOST_PER_PAGE))
    return Answer(page_json("operations", [operation_json(job) for job in jobs], token))


def cancel_batch(call: Call) -> Answer:
    """Stop a job."""
    call.world.cancel_job(call.project, call.names["id"])
    return Answer()


def delete_batch(call: Call) -> Answer:
    """Forget a job and its output."""
    call.world.delete_job(call.project, call.names["id"])
    return Answer()


def get_model(call: Call) -> Answer:
    """Tell of one model."""
    return Answer(model_json(find_model(call.names["model"], call.version, "generateContent")))


def list_models(call: Call) -> Answer:
    """List the models, all on one page."""
    del call
    return Answer(page_json("models", [model_json(model) for model in MODELS.values()], ""))


def generate(call: Call) -> Answer:
    """Answer one request at once."""
    model = find_model(call.names["model"], call.version, "generateContent")
    request = read_request(call.json(), "")
    check_request(request, model, uploaded(call.world.shelf.live(call.project)))
    return Answer(respond(request, model))


def count(call: Call) -> Answer:
    """Count a prompt's tokens."""
    find_model(call.names["model"], call.version, "countTokens")
    asked = read_count(call.json(), "")
    inner = read_request(asked.get("generateContentRequest", {}), "generateContentRequest")
    tokens = count_tokens(asked.get("contents") or inner.get("contents", []))
    total = sum(item["tokenCount"] for item in tokens)
    return Answer({"totalTokens": total, "promptTokensDetails": tokens})


def _input_file(call: Call, config: dict[str, Any]) -> File:
    name = config.get("fileName", "")
    if "requests" in config:
        raise bad_request("This stand-in takes batches by file only, not inlined requests.")
    if not re.fullmatch(r"files/[^/]+", name):
        raise bad_request("* BatchGenerateContentRequest.batch.input_config.file_name is required")
    return call.world.shelf.get(call.project, name.removeprefix("files/"))
