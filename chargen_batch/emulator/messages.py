"""Google's request messages: proto3 JSON read by field, in either casing, and nothing unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chargen_batch.emulator.refusals import bad_request

Reader = Callable[[object, str], Any]

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


def camel(name: str) -> str:
    """Write a snake_case field name in camelCase."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def text(value: object, path: str) -> str:
    """Read a string."""
    if isinstance(value, str):
        return value
    raise _wrong(path, value)


def number(value: object, path: str) -> object:
    """Read a number; 64-bit ones may come as strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(path, value)
    try:
        float(value)
    except ValueError as error:
        raise _wrong(path, value) from error
    return value


def boolean(value: object, path: str) -> bool:
    """Read a boolean."""
    if isinstance(value, bool):
        return value
    raise _wrong(path, value)


def base64(value: object, path: str) -> str:
    """Read bytes: base64 of either alphabet, padded or not."""
    if isinstance(value, str) and _BASE64.fullmatch(value) and len(value.rstrip("=")) % 4 != 1:
        return value
    raise bad_request(
        f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed.",
    )


def anything(value: object, path: str) -> object:
    """Take any JSON: messages that nothing here depends on."""
    del path
    return value


def one_of(*names: str) -> Reader:
    """Read an enumeration."""

    def read(value: object, path: str) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise bad_request(f"Invalid value at '{path}' (TYPE_ENUM), \"{value}\"")

    return read


def many(reader: Reader) -> Reader:
    """Read a repeated field."""

    def read(value: object, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(path, value)
        return [reader(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return read


def message(**fields: Reader) -> Reader:
    """Read a message: its known fields in camelCase; null is absent."""

    def read(value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(path, value)
        found: dict[str, Any] = {}
        for given, item in value.items():
            name = camel(given)
            if name not in fields:
                raise _unknown(given, path)
            if name in found:
                raise bad_request(f"Field \"{name}\" is given twice at '{path}'.")
            if item is not None:
                found[name] = fields[name](item, f"{path}.{given}" if path else given)
        return found

    return read


def _unknown(name: str, path: str) -> Exception:
    where = f" at '{path}'" if path else ""
    return bad_request(
        f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.',
    )


def _wrong(path: str, value: object) -> Exception:
    return bad_request(f"Invalid value at '{path}': {str(value)[:80]!r}")


_BLOB = message(mimeType=text, data=base64, displayName=text)
_PART = message(
    text=text,
    inlineData=_BLOB,
    fileData=message(mimeType=text, fileUri=text, displayName=text),
    thought=boolean,
    thoughtSignature=base64,
    mediaResolution=message(level=text),
    functionCall=anything,
    functionResponse=anything,
    executableCode=anything,
    codeExecutionResult=anything,
    videoMetadata=anything,
    partMetadata=anything,
)
_CONTENT = message(role=one_of("user", "model"), parts=many(_PART))
_SAFETY = message(
    category=one_of(
        "HARM_CATEGORY_HARASSMENT",
        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT",
        "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
    threshold=one_of(
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
        "OFF",
        "BLOCK_NONE",
        "BLOCK_ONLY_HIGH",
        "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_LOW_AND_ABOVE",
    ),
)
_IMAGE = message(aspectRatio=text, imageSize=text)
_GENERATION = message(
    candidateCount=number,
    enableEnhancedCivicAnswers=boolean,
    frequencyPenalty=number,
    imageConfig=_IMAGE,
    logprobs=number,
    maxOutputTokens=number,
    mediaResolution=one_of(
        "MEDIA_RESOLUTION_UNSPECIFIED",
        "MEDIA_RESOLUTION_LOW",
        "MEDIA_RESOLUTION_MEDIUM",
        "MEDIA_RESOLUTION_HIGH",
    ),
    presencePenalty=number,
    responseFormat=message(image=_IMAGE, text=anything, audio=anything),
    responseJsonSchema=anything,
    responseLogprobs=boolean,
    responseMimeType=text,
    responseModalities=many(one_of("TEXT", "IMAGE", "AUDIO")),
    responseSchema=anything,
    seed=number,
    speechConfig=anything,
    stopSequences=many(text),
    temperature=number,
    thinkingConfig=message(
        includeThoughts=boolean,
        thinkingBudget=number,
        thinkingLevel=one_of(
            "MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"
        ),
    ),
    topK=number,
    topP=number,
)

read_request = message(
    model=text,
    contents=many(_CONTENT),
    systemInstruction=_CONTENT,
    safetySettings=many(_SAFETY),
    generationConfig=_GENERATION,
    cachedContent=text,
    serviceTier=text,
    tools=anything,
    toolConfig=anything,
)
read_batch = message(
    batch=message(
        name=text,
        model=text,
        displayName=text,
        inputConfig=message(fileName=text, requests=anything),
        priority=number,
        webhookConfig=anything,
    ),
)
read_file = message(
    file=message(name=text, displayName=text, mimeType=text, sizeBytes=number, source=text),
)
read_count = message(contents=many(_CONTENT), generateContentRequest=anything)
