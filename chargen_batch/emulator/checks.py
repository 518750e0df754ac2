"""What the service refuses in a request that reads well: values, models and missing files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.catalog import MOST_REFERENCES, Model
from chargen_batch.emulator.refusals import bad_request, file_denied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chargen_batch.emulator.records import File

    Media = Callable[[str], str]

PICTURE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"},
)
ANSWER_TYPES = frozenset({"text/plain", "application/json", "text/x.enum"})
_FILE_URI = re.compile(
    r"https://generativelanguage\.googleapis\.com/v1(?:beta)?/files/([a-z0-9-]+)"
)
_KINDS = frozenset(
    {
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
    },
)
_WORDS = {
    "ONE": "1",
    "TWO": "2",
    "THREE": "3",
    "FOUR": "4",
    "FIVE": "5",
    "EIGHT": "8",
    "NINE": "9",
    "SIXTEEN": "16",
    "TWENTY_ONE": "21",
}


def check_request(request: dict[str, Any], model: Model, media: Media) -> None:
    """Refuse a generation request that the model would not take.

    `media` tells the MIME type of what a file's URI names, and refuses one that names nothing.
    """
    if not request.get("contents"):
        raise bad_request("* GenerateContentRequest.contents: contents is not specified")
    references = 0
    for part in _parts(request):
        if not _KINDS & part.keys():
            raise bad_request(
                "* GenerateContentRequest.contents: "
                "required oneof field 'data' must have one initialized field",
            )
        references += _check_media(part, model, media)
    if model.draws and references > MOST_REFERENCES:
        raise bad_request(f"Too many images: {references}, the limit is {MOST_REFERENCES}.")
    _check_generation(request.get("generationConfig", {}), model)


def uploaded(files: Mapping[str, File]) -> Media:
    """Look for media among the uploaded files."""

    def kind_of(uri: str) -> str:
        match = _FILE_URI.fullmatch(uri)
        if match is None:
            raise bad_request(f"Invalid or unsupported file uri: {uri}")
        if match[1] not in files:
            raise file_denied(match[1])
        return files[match[1]].mime_type

    return kind_of


def image_config(generation: dict[str, Any]) -> dict[str, str]:
    """Find the picture's settings under either name, as plain ratio and size."""
    drifted = generation.get("responseFormat", {}).get("image", {})
    image = {**drifted, **generation.get("imageConfig", {})}
    ratio, size = image.get("aspectRatio", ""), image.get("imageSize", "")
    plain = {"aspectRatio": _plain_ratio(ratio), "imageSize": _plain_size(size)}
    return {name: value for name, value in plain.items() if value}


def wants_json(request: dict[str, Any]) -> bool:
    """Say whether a request asks for a JSON answer."""
    kind = request.get("generationConfig", {}).get("responseMimeType")
    return bool(kind == "application/json")


def _parts(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for content in request["contents"]:
        yield from content.get("parts", [])
    yield from request.get("systemInstruction", {}).get("parts", [])


def _check_media(part: dict[str, Any], model: Model, media: Media) -> int:
    blob = part.get("inlineData") or part.get("fileData")
    if blob is None:
        return 0
    kind = blob.get("mimeType", "")
    if "fileData" in part:
        found = media(blob.get("fileUri", ""))
        kind = kind or found
    if model.draws and kind not in PICTURE_TYPES:
        raise bad_request(f"Unsupported MIME type: {kind}")
    return 1


def _check_generation(generation: dict[str, Any], model: Model) -> None:
    modalities = generation.get("responseModalities", [])
    if "AUDIO" in modalities or ("IMAGE" in modalities and not model.draws):
        raise bad_request(
            f"The requested combination of response modalities ({', '.join(modalities)}) is not "
            f"supported by the model. models/{model.id} accepts: "
            f"{'TEXT, IMAGE' if model.draws else 'TEXT'}.",
        )
    _check_image(generation, model)
    _check_answer(generation, model)


def _check_image(generation: dict[str, Any], model: Model) -> None:
    asked = image_config(generation)
    if not asked:
        return
    if not model.draws:
        raise bad_request(f"Image config is not supported by models/{model.id}.")
    if asked.get("aspectRatio", "1:1") not in model.ratios:
        raise _unsupported("aspect_ratio", asked["aspectRatio"], model.ratios)
    if asked.get("imageSize", "1K") not in model.image_tokens:
        raise _unsupported("image_size", asked["imageSize"], tuple(model.image_tokens))


def _unsupported(name: str, value: str, values: tuple[str, ...]) -> Exception:
    return bad_request(f"Invalid {name} '{value}', supported values: {', '.join(values)}")


def _check_answer(generation: dict[str, Any], model: Model) -> None:
    kind = generation.get("responseMimeType", "text/plain")
    if kind not in ANSWER_TYPES:
        raise bad_request(
            f"* GenerateContentRequest.generation_config.response_mime_type: {kind} is not an "
            f"allowed mimetype. Must be one of {sorted(ANSWER_TYPES)}",
        )
    schemas = generation.keys() & {"responseSchema", "responseJsonSchema"}
    if len(schemas) > 1:
        raise bad_request("response_schema and response_json_schema cannot both be set")
    if schemas and kind == "text/plain":
        raise bad_request("a response schema needs response_mime_type: application/json")
    if kind == "application/json" and not model.structured:
        raise bad_request(f"JSON mode is not enabled for models/{model.id}")


def _plain_ratio(value: str) -> str:
    if not value.startswith("ASPECT_RATIO_"):
        return value
    sides = value.removeprefix("ASPECT_RATIO_").split("_BY_")
    return ":".join(_WORDS.get(side, side) for side in sides)


def _plain_size(value: str) -> str:
    named = {"IMAGE_SIZE_FIVE_TWELVE": "512", "IMAGE_SIZE_512": "512"}
    for word, digit in _WORDS.items():
        named[f"IMAGE_SIZE_{word}_K"] = f"{digit}K"
    return named.get(value, value)
