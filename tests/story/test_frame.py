from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.model.settings import ModelFacts, Settings
from chargen_batch.story.scan import scan
from tests.story.builder import CHAPTER, LOCATION, read, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("fields", "ratio", "size"),
    [
        ("mood: m", None, None),
        ("aspect_ratio: 16:9", "16:9", None),
        ("aspect_ratio: '32:18'", "16:9", None),
        ("size: 1792x768", "21:9", "1K"),
        ("size: 2048 X 2048", "1:1", "2K"),
        ("size: 4096x2304", "16:9", "4K"),
        ("size: large", None, None),
        ("size: 0x0", None, None),
        ("aspect_ratio: '3:4', size: 1024x1024", "3:4", "1K"),
        ("technical: {aspect_ratio: '9:16'}", "9:16", None),
    ],
)
def test_a_target_gets_the_nearest_shape_that_the_model_offers(
    tmp_path: Path, fields: str, ratio: str | None, size: str | None
) -> None:
    found = read(tmp_path, {CHAPTER: f"images: [{{id: a, prompt: p, {fields}}}]"})
    (target,) = found.targets
    assert (target.aspect_ratio, target.image_size) == (ratio, size)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("asked", "ratio", "warning"),
    [
        ("'2.39:1'", "21:9", "aspect_ratio 2.39:1 is not offered by the model; 21:9 is used"),
        ("wide", None, "aspect_ratio 'wide' is no ratio such as 16:9"),
        ("[16, 9]", None, "aspect_ratio 'that is no text' is no ratio such as 16:9"),
        ("'1:0'", None, "aspect_ratio '1:0' is no ratio such as 16:9"),
    ],
)
def test_a_ratio_that_the_model_does_not_offer_is_a_warning(
    tmp_path: Path, asked: str, ratio: str | None, warning: str
) -> None:
    found = read(tmp_path, {CHAPTER: f"images: [{{id: a, prompt: p, aspect_ratio: {asked}}}]"})
    assert found.targets[0].aspect_ratio == ratio
    assert found.warnings == (f"{CHAPTER}: a: {warning}",)


@pytest.mark.parametrize(
    ("image", "zone", "overview", "defaults", "expected"),
    [
        ("1:1", "2:3", "3:2", "3:4", "1:1"),
        ("", "2:3", "3:2", "3:4", "2:3"),
        ("", "", "3:2", "3:4", "3:2"),
        ("", "", "", "3:4", "3:4"),
        ("", "", "", "", None),
    ],
)
@pytest.mark.parametrize("place", ["generation_defaults", "metadata: {generation_defaults"])
def test_the_nearest_layer_that_says_a_ratio_decides(
    tmp_path: Path, image: str, zone: str, overview: str, defaults: str, expected: str, place: str
) -> None:
    def say(ratio: str) -> str:
        return f"aspect_ratio: {ratio}" if ratio else "quality: high"

    text = f"""
        {place}: {{{say(defaults)}}}{"}" * place.count("{")}
        overview: {{prompt: p, {say(overview)}}}
        zones: [{{slug: z, {say(zone)}, images: [{{id: i, prompt: p, {say(image)}}}]}}]
        """
    found = read(tmp_path, {LOCATION: text})
    assert found.targets[1].aspect_ratio == expected


def test_several_named_overviews_give_their_shape_to_no_zone(tmp_path: Path) -> None:
    named = "{day: {prompt: p, aspect_ratio: '1:1'}, night: {prompt: p, aspect_ratio: '4:3'}}"
    found = read(tmp_path, {LOCATION: f"overview: {named}\nzones: [{{slug: z, prompt: p}}]"})
    assert [one.aspect_ratio for one in found.targets] == ["1:1", "4:3", None]


def test_a_model_that_we_know_nothing_of_gets_the_ratio_as_written(tmp_path: Path) -> None:
    write(tmp_path, {CHAPTER: "images: [{id: a, prompt: p, aspect_ratio: '7:5', size: 7x5}]"})
    (target,) = scan(tmp_path, Settings(), facts=ModelFacts()).targets
    assert (target.aspect_ratio, target.image_size) == ("7:5", None)
