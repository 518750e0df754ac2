"""What is accepted and refused in the rows of an input file."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chargen_batch.emulator.catalog import MODELS
from chargen_batch.emulator.messages import camel
from chargen_batch.emulator.records import File
from chargen_batch.emulator.refusals import RefusalError
from chargen_batch.emulator.rows import check_rows, parse_row
from tests.emulator.conversation import MODEL, jsonl, reference, request_of, row

FILES = {"portrait": File("portrait", "main", "", "image/png", 4, "", 0, 1)}


def check(request: object, model: str = MODEL) -> list[str]:
    return [key for key, _ in check_rows([jsonl(row("k", request))], MODELS[model], FILES)]


def refusal(request: object, model: str = MODEL) -> RefusalError:
    with pytest.raises(RefusalError) as caught:
        check(request, model)
    assert "line 1" in caught.value.message
    return caught.value


def generating(**generation: object) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": "a"}]}], "generationConfig": generation}


def saying(*parts: object) -> dict[str, Any]:
    return {"contents": [{"parts": list(parts)}]}


def picture(data: str, mime_type: str = "image/png") -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": data}}


def snake(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = {name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in value}
    return {names[name]: snake(item) for name, item in value.items()}


FULL = {
    **request_of("draw", reference("portrait"), picture("iVBORw==")),
    "systemInstruction": {"parts": [{"text": "be kind"}]},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
}
FULL["generationConfig"] |= {
    "temperature": 1.0,
    "seed": "7",
    "mediaResolution": "MEDIA_RESOLUTION_HIGH",
    "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
}


def test_camel_case_is_accepted_at_every_level() -> None:
    assert check(FULL) == ["k"]


def test_snake_case_is_accepted_at_every_level_and_means_the_same() -> None:
    written = snake(FULL)
    assert "generation_config" in written
    assert check(written) == ["k"]
    assert parse_row(jsonl(row("k", written))).request == FULL


@pytest.mark.parametrize(("name", "same"), [("file_uri", "fileUri"), ("fileUri", "fileUri")])
def test_field_names_are_camelised(name: str, same: str) -> None:
    assert camel(name) == same


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_both_base64_alphabets_are_accepted_padded_or_not(encode: Any) -> None:  # noqa: ANN401
    written = encode(b"\xff\xfe\xfb\xff").decode()
    assert check(saying({"text": "a"}, picture(written), picture(written.rstrip("=")))) == ["k"]


@pytest.mark.parametrize("data", ["****", "abcde", "a=b=", 7])
def test_bytes_that_are_no_base64_are_refused(data: Any) -> None:  # noqa: ANN401
    assert refusal(saying(picture(data))).code == 400


@pytest.mark.parametrize(
    "unknown",
    [
        {"thinking_config": {}},
        {"contents": [{"parts": [{"text": "a"}], "rule": "user"}]},
        {"contents": [{"parts": [{"txt": "a"}]}]},
        {"contents": [{"parts": [{"fileData": {"uri": "a"}}]}]},
        {"generationConfig": {"imageSize": "1K"}},
        {"generationConfig": {"imageConfig": {"ratio": "1:1"}}},
        {"generationConfig": {"thinkingConfig": {"level": "LOW"}}},
        {"safetySettings": [{"method": "x"}]},
    ],
)
def test_unknown_field_is_refused_at_every_level(unknown: dict[str, Any]) -> None:
    assert "Unknown name" in refusal({**request_of(), **unknown}).message


@pytest.mark.parametrize(
    "request_",
    [
        "text",
        {},
        {"contents": []},
        {"contents": {}},
        saying({}),
        saying({"thought": True}),
        saying({"text": 7}),
        saying({"text": "a", "thought": "yes"}),
        {"contents": [{"role": "system", "parts": [{"text": "a"}]}]},
        {**saying({"text": "a"}), "safetySettings": [{"category": "HARM_CATEGORY_MOOD"}]},
        generating(temperature="hot"),
        generating(temperature=True),
        generating(responseModalities=["SMELL"]),
        generating(responseModalities=["AUDIO"]),
    ],
)
def test_malformed_request_is_refused(request_: object) -> None:
    error = refusal(request_)
    assert (error.code, error.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("image", "model"),
    [
        ({"aspectRatio": "7:3"}, MODEL),
        ({"aspectRatio": "1:8"}, MODEL),  # only the models with 14 ratios
        ({"imageSize": "1k"}, MODEL),
        ({"imageSize": "512"}, MODEL),
        ({"imageSize": "512"}, "gemini-nano-banana-2.1"),
        ({"imageSize": "2K"}, "gemini-3.1-flash-lite-image"),
        ({"aspectRatio": "1:1"}, "gemini-3.5-flash"),
    ],
)
def test_picture_that_the_model_cannot_make_is_refused(image: dict[str, str], model: str) -> None:
    assert refusal(generating(imageConfig=image), model).code == 400


@pytest.mark.parametrize(
    "image",
    [
        {"aspectRatio": "21:9", "imageSize": "4K"},
        {"aspectRatio": "ASPECT_RATIO_TWO_BY_THREE", "imageSize": "IMAGE_SIZE_ONE_K"},
    ],
)
def test_response_format_is_accepted_for_image_config(image: dict[str, str]) -> None:
    assert check(generating(responseFormat={"image": image})) == ["k"]
    assert refusal(generating(responseFormat={"image": {"imageSize": "3K"}})).code == 400


def test_text_model_makes_no_picture() -> None:
    assert refusal(generating(responseModalities=["IMAGE"]), "gemini-3.5-flash").code == 400


@pytest.mark.parametrize("name", ["responseSchema", "responseJsonSchema"])
def test_structured_answer_is_accepted_by_text_models(name: str) -> None:
    asked = generating(responseMimeType="application/json", **{name: {"type": "object"}})
    assert check(asked, "gemini-3.5-flash") == ["k"]
    assert refusal(asked, "gemini-nano-banana-2.1").code == 400


@pytest.mark.parametrize(
    "generation",
    [
        {"responseMimeType": "application/xml"},
        {"responseSchema": {"type": "STRING"}},
        {"responseMimeType": "application/json", "responseSchema": {}, "responseJsonSchema": {}},
    ],
)
def test_structured_answer_asked_for_badly_is_refused(generation: dict[str, Any]) -> None:
    assert refusal(generating(**generation), "gemini-3.5-flash").code == 400


def test_reference_to_a_missing_file_is_denied() -> None:
    error = refusal(request_of("a", reference("nothere")))
    assert (error.code, error.status) == (403, "PERMISSION_DENIED")
    assert "access the File nothere" in error.message


@pytest.mark.parametrize("uri", ["files/portrait", "gs://b/x.png", "", "https://example.org/x"])
def test_uri_that_is_no_file_of_the_service_is_refused(uri: str) -> None:
    part = {"fileData": {"fileUri": uri, "mimeType": "image/png"}}
    assert refusal(saying(part)).code == 400


def test_reference_without_a_type_has_its_files() -> None:
    part = {"fileData": {"fileUri": reference("portrait")["fileData"]["fileUri"]}}
    assert check(saying(part)) == ["k"]


def test_picture_of_another_type_is_refused() -> None:
    assert refusal(saying(picture("aaaa", "image/gif"))).code == 400


def test_fourteen_references_are_the_most() -> None:
    assert check(request_of("a", *[reference("portrait")] * 14)) == ["k"]
    assert refusal(request_of("a", *[reference("portrait")] * 15)).code == 400


def test_null_is_absent() -> None:
    assert check({**request_of(), "safetySettings": None}) == ["k"]


def test_keys_are_not_compared() -> None:
    lines = jsonl(row("k"), row("k")).splitlines(keepends=True)
    assert [key for key, _ in check_rows(lines, MODELS[MODEL], {})] == ["k", "k"]


def test_blank_lines_are_no_rows_but_are_counted() -> None:
    lines = [b"\n", jsonl(row("a")), b"  \n", b"{}\n"]
    with pytest.raises(RefusalError, match="line 4"):
        list(check_rows(lines, MODELS[MODEL], {}))


@pytest.mark.parametrize(
    "line", [b'{"request":{}}', b'{"key":1,"request":{}}', b'{"key":"a"}', b"1"]
)
def test_line_that_is_no_row_is_refused(line: bytes) -> None:
    with pytest.raises(RefusalError):
        parse_row(line)


def test_fields_beside_key_and_request_are_kept_apart() -> None:
    line = json.dumps({**row("k"), "custom_id": "c"}).encode()
    assert parse_row(line).extras == {"custom_id": "c"}
