from __future__ import annotations

import pytest

from chargen_batch.core.adapters import request_line
from tests.samples import PLACE, PORTRAIT, task

URIS = {
    "a" * 64: "https://generativelanguage.googleapis.com/v1beta/files/a",
    "b" * 64: "https://generativelanguage.googleapis.com/v1beta/files/b",
}


def test_request_line_of_a_picture_is_this_json() -> None:
    asked = task(
        prompt='Ada "by" the séa\n',
        reference_images=(PORTRAIT, PLACE),
        safety={"B": "NONE", "A": "HIGH"},
        temperature=0.5,
    )
    expected = (
        '{"key":"character/ada/portrait@cfe6931ba9904d44","request":{"contents":[{"role":"user",'
        '"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"'
        ',"mimeType":"image/png"}},{"fileData":{"fileUri":'
        '"https://generativelanguage.googleapis.com/v1beta/files/b","mimeType":"image/jpeg"}},'
        '{"text":"Ada \\"by\\" the séa\\n"}]}],'
        '"safetySettings":[{"category":"A","threshold":"HIGH"},'
        '{"category":"B","threshold":"NONE"}],'
        '"generationConfig":{"responseModalities":["TEXT","IMAGE"],'
        '"imageConfig":{"aspectRatio":"3:4","imageSize":"1K"},"temperature":0.5}}}'
    )
    assert request_line(asked, URIS).decode() == expected


def test_request_line_without_extras_has_no_empty_fields() -> None:
    asked = task(prompt="Ada", image_size=None)
    assert request_line(asked, {}).decode() == (
        f'{{"key":"{asked.key}","request":{{"contents":[{{"role":"user","parts":[{{"text":"Ada"}}]'
        '}],"generationConfig":{"responseModalities":["TEXT","IMAGE"],'
        '"imageConfig":{"aspectRatio":"3:4"}}}}'
    )


def test_request_line_stays_one_line_whatever_the_prompt() -> None:
    assert b"\n" not in request_line(task(prompt="a\nb\u2028c\r\nd"), {})


def test_picture_that_was_not_uploaded_is_an_error() -> None:
    with pytest.raises(KeyError, match="a" * 64):
        request_line(task(reference_images=(PORTRAIT,)), {})
