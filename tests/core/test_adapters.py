from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.core.adapters import adapter_for, request_line
from chargen_batch.core.analysis import JSON, schema_text
from chargen_batch.core.results import parse_line
from chargen_batch.errors import DocumentError
from chargen_batch.model.analysis import APPEARANCE_SCHEMA, IMAGE_SCHEMA
from tests.analyses import APPEARANCE, IMAGE
from tests.core.painted import answer, image_part
from tests.samples import PORTRAIT, task

if TYPE_CHECKING:
    from chargen_batch.model.task import BatchTask

URIS = {"a" * 64: "https://generativelanguage.googleapis.com/v1beta/files/a"}


def analysis(version: str = APPEARANCE_SCHEMA, prompt: str = "How does Ada look?") -> BatchTask:
    return task(
        kind="analyze",
        target_id="appearance",
        prompt=prompt,
        input_images=(PORTRAIT,),
        model="gemini-3.5-flash",
        aspect_ratio=None,
        image_size=None,
        response_mime_type=JSON,
        response_schema_version=version,
    )


def test_request_line_of_an_analysis_is_this_json() -> None:
    expected = (
        '{"key":"character/ada/appearance@90dd40bb2389f3fb","request":{"contents":[{"role":"user",'
        '"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"'
        ',"mimeType":"image/png"}},{"text":"How does Ada look?"}]}],'
        '"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":'
        '{"type":"object","properties":{"appearance":{"type":"string","description":'
        '"one paragraph of 60 to 140 words: build, age, skin, face, hair, eyes, marks, clothes '
        'and things carried, so that the character can be drawn from it"}},'
        '"required":["appearance"]}}}}'
    )
    assert request_line(analysis(), URIS).decode() == expected


def test_request_for_an_image_carries_its_whole_schema() -> None:
    sent = json.loads(request_line(analysis(IMAGE_SCHEMA), URIS))["request"]["generationConfig"]
    assert sent.keys() == {"responseMimeType", "responseJsonSchema"}
    assert sent["responseJsonSchema"] == json.loads(schema_text(IMAGE_SCHEMA))


def test_adapter_is_chosen_by_the_kind_of_task() -> None:
    line = parse_line(answer({"text": json.dumps(APPEARANCE)}, image_part()))
    drawn, analysed = adapter_for(task()).outcome(line), adapter_for(analysis()).outcome(line)
    assert (len(drawn.pictures), drawn.analysis_json) == (1, None)
    assert (len(analysed.pictures), analysed.analysis_json is None) == (0, False)


def test_answer_is_checked_by_the_schema_that_its_task_was_planned_with() -> None:
    line = parse_line(answer({"text": json.dumps(IMAGE)}))
    assert adapter_for(analysis(IMAGE_SCHEMA)).outcome(line).error is None
    assert adapter_for(analysis(APPEARANCE_SCHEMA)).outcome(line).error is not None


def test_task_of_a_schema_that_is_gone_is_an_error() -> None:
    with pytest.raises(DocumentError, match="image/0"):
        request_line(analysis("image/0"), URIS)


def test_another_version_of_the_schema_is_another_key() -> None:
    assert analysis("image/1").key != analysis("image/2").key


def test_what_an_analysis_is_called_and_where_it_goes_is_not_in_its_key() -> None:
    plain = analysis()
    moved = {"title": "Other", "output_dir": "elsewhere", "output_file_name_hint": "x"}
    assert task(**{**_fields(plain), **moved}).key == plain.key


def _fields(one: BatchTask) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
