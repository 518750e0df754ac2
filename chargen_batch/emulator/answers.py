"""The model's answers: for every row one result line, with a picture, JSON, text or a failure."""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from chargen_batch.emulator.catalog import MODELS, Model
from chargen_batch.emulator.checks import image_config, wants_json
from chargen_batch.emulator.oddities import odd, spelled
from chargen_batch.emulator.painter import paint
from chargen_batch.emulator.rows import Row, parse_row
from chargen_batch.emulator.schema import instance
from chargen_batch.emulator.tokens import count_tokens, tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.emulator.outcomes import Behaviour

INTERNAL = 13
ROW_ERRORS = {
    3: "Request contains an invalid argument.",
    4: "Deadline expired before operation could complete.",
    8: "Resource has been exhausted (e.g. check quota).",
    13: "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting",
    14: "The service is currently unavailable.",
}
REFUSED = (
    "Unable to show the generated image. The model could not generate the image based on the "
    "prompt provided. You will not be charged for this request. Try rephrasing the prompt."
)


def write_output(
    rows: IO[bytes],
    output: IO[bytes],
    model: str,
    behaviour: Behaviour,
    most: int | None = None,
) -> None:
    """Write a job's result lines, of the first `most` rows only, one row in memory at a time."""
    first = True
    for line in lines_of(rows, most, shuffle=behaviour.shuffle):
        row = parse_row(line)
        for result in result_lines(row, MODELS[model], behaviour):
            text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
            text = spelled(text, behaviour.outcome(row.key)[0])
            output.write((b"" if first else b"\n") + text.encode("utf-8", "surrogatepass"))
            first = False
    if not first and not behaviour.no_final_newline:
        output.write(b"\n")


def result_lines(row: Row, model: Model, behaviour: Behaviour) -> list[dict[str, Any]]:
    """Give the result lines of a row: one, unless it was told to be missing or doubled."""
    kind, argument = behaviour.outcome(row.key)
    if kind == "missing":
        return []
    name: dict[str, Any] = {} if kind == "keyless" else {"key": row.key}
    if kind == "row_error":
        return [{**name, "error": _row_error(argument)}]
    if kind == "status":
        return [{**name, "status": _row_error(argument) if argument else "Bad Request: {}"}]
    # The service echoes what stands beside key and request, but arrays come back empty.
    extras = {key: [] if isinstance(value, list) else value for key, value in row.extras.items()}
    line = {"response": respond(row.request, model, row.key, kind, argument), **extras, **name}
    if kind == "late":
        return [{**name, "error": _row_error("")}, line]
    return [line, line] if kind == "duplicate" else [odd(line, kind)]


def _row_error(argument: str) -> dict[str, Any]:
    """Give a row's error; its code is a number, or a word as some rows have it."""
    code = argument if argument.isalpha() or "_" in argument else int(argument or INTERNAL)
    message = ROW_ERRORS.get(code, "") if isinstance(code, int) else ""
    return {"code": code, "message": message or f"The request failed with code {code}."}


def respond(
    request: dict[str, Any], model: Model, key: str = "", kind: str = "success", argument: str = ""
) -> dict[str, Any]:
    """Answer one request as generateContent does; equal arguments give equal answers."""
    seed = _seed(request, model, key)
    if kind == "blocked":
        feedback = {"blockReason": argument or "PROHIBITED_CONTENT"}
        return _response({"promptFeedback": feedback}, request, model, seed)
    candidate: dict[str, Any]
    if kind == "safety":
        reason = argument or "IMAGE_SAFETY"
        candidate = {"content": {}, "finishReason": reason, "index": 0, "finishMessage": REFUSED}
        return _response({"candidates": [candidate]}, request, model, seed)
    picture = _draws(request, model) and kind != "text_only"
    parts = _picture_parts(request, key, seed) if picture else _text_parts(request, key, kind, seed)
    if kind == "signature":
        parts.append({"thoughtSignature": _signature(seed)})
    content = {"role": "model", "parts": parts}
    reason = (argument if kind == "truncated" else "") or "STOP"
    candidate = {"content": content, "finishReason": reason, "index": 0}
    spent = (
        {"modality": "IMAGE", "tokenCount": model.image_tokens[_size(request)]}
        if picture
        else {
            "modality": "TEXT",
            "tokenCount": sum(tokens_in(part.get("text", "")) for part in parts),
        }
    )
    return _response({"candidates": [candidate]}, request, model, seed, spent)


def prompt_of(request: dict[str, Any]) -> str:
    """Join the texts that the user wrote."""
    texts = (
        part["text"]
        for content in request["contents"]
        for part in content.get("parts", [])
        if "text" in part and content.get("role", "user") == "user"
    )
    return "\n".join(texts)


def lines_of(rows: IO[bytes], most: int | None, *, shuffle: bool) -> Iterator[bytes]:
    """Give the first `most` rows that are not blank, as they come or in no order."""
    if not shuffle:
        yield from islice((line for line in rows if line.strip()), most)
        return
    places = []
    place = 0
    for line in rows:
        if line.strip():
            places.append((hashlib.sha256(line).digest(), place))
        place += len(line)
    for _, place in sorted(places[:most]):
        rows.seek(place)
        yield rows.readline()


def _draws(request: dict[str, Any], model: Model) -> bool:
    asked = request.get("generationConfig", {}).get("responseModalities", ["IMAGE"])
    return model.draws and "IMAGE" in asked and not wants_json(request)


def _size(request: dict[str, Any]) -> str:
    return image_config(request.get("generationConfig", {})).get("imageSize", "1K")


def _picture_parts(request: dict[str, Any], key: str, seed: bytes) -> list[dict[str, Any]]:
    ratio = image_config(request.get("generationConfig", {})).get("aspectRatio", "1:1")
    picture = paint(key, prompt_of(request), ratio, _size(request))
    data = base64.b64encode(picture).decode()
    parts: list[dict[str, Any]] = [
        {"text": "**Composing the picture**\n\nI settle light and colour first.", "thought": True},
        {
            "inlineData": {"mimeType": "image/png", "data": data},
            "thoughtSignature": _signature(seed),
        },
    ]
    if "TEXT" in request.get("generationConfig", {}).get("responseModalities", ["TEXT"]):
        parts.insert(1, {"text": "Here is your picture.", "thoughtSignature": _signature(seed)})
    return parts


def _text_parts(request: dict[str, Any], key: str, kind: str, seed: bytes) -> list[dict[str, Any]]:
    if kind == "text_only":
        return [{"text": "I cannot draw this, but I can describe it."}]
    if not wants_json(request):
        return [{"text": f"A placeholder answer about {key or 'your prompt'}."}]
    generation = request["generationConfig"]
    schema = generation.get("responseJsonSchema", generation.get("responseSchema", {}))
    answer = json.dumps(instance(schema, seed), ensure_ascii=False, indent=2)
    if kind == "wrong_json":
        answer = '{"other": true}'
    elif kind == "truncated":
        answer = answer[: len(answer) // 2]
    elif kind == "split":
        third = len(answer) // 3
        return [{"text": answer[:third]}, {"text": answer[third:-third]}, {"text": answer[-third:]}]
    return [{"text": answer, "thoughtSignature": _signature(seed)}]


def _response(
    body: dict[str, Any],
    request: dict[str, Any],
    model: Model,
    seed: bytes,
    spent: dict[str, Any] | None = None,
) -> dict[str, Any]:
    prompt = count_tokens([*request["contents"], request.get("systemInstruction", {})])
    counts = {"promptTokenCount": sum(count["tokenCount"] for count in prompt)}
    if spent is not None:
        counts["candidatesTokenCount"] = spent["tokenCount"]
        counts["thoughtsTokenCount"] = 120 + seed[0]
    usage: dict[str, Any] = {**counts, "totalTokenCount": sum(counts.values())}
    usage["promptTokensDetails"] = prompt
    if spent is not None:
        usage["candidatesTokensDetails"] = [spent]
    identity = {"modelVersion": model.id, "responseId": _url_safe(seed[:17])}
    return {**body, "usageMetadata": usage, **identity}


def _seed(request: dict[str, Any], model: Model, key: str) -> bytes:
    text = json.dumps([model.id, key, request], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _signature(seed: bytes) -> str:
    return base64.b64encode(b"\x0a\x24" + seed + b"emul").decode()


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
