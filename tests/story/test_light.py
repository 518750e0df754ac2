"""Light and colours of a prompt: the target's, its zone's, or those of the place's anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.story.builder import LOCATION, only_target, read

if TYPE_CHECKING:
    from pathlib import Path

TIMES = "{day: Grey light, night: One lamp}"


@pytest.mark.parametrize(
    ("anchor", "fields", "said"),
    [
        (f"{{characteristic_light: {TIMES}}}", "time_of_day: Night", "Lighting: One lamp."),
        (f"{{characteristic_light: {TIMES}}}", "temporal_state: by day", "Lighting: Grey light."),
        (
            f"{{characteristic_light: {TIMES}}}",
            "prompt: q",
            "Lighting: day: Grey light; night: One lamp.",
        ),
        ("{characteristic_light: {normal: Dim, storm: Black}}", "prompt: q", "Lighting: Dim."),
        ("{characteristic_light: Dim}", "lighting: Bright", "Lighting: Bright."),
        ("{color_anchors: [rust, oak]}", "prompt: q", "Main colours: rust; oak."),
        ("{color_anchors: {base_tone: rust}}", "prompt: q", "Colours, base tone: rust."),
        ("{color_anchors: [rust]}", "palette: [oak]", "Main colours: oak."),
        ("{color_anchors: [rust]}", "palette: {dominant: oak}", "Main colours: oak."),
        ("[A wheel, Reeds.]", "lighting: Dim", "The place's look: A wheel; Reeds."),
        ("[A wheel]", "lighting: Dim\n  palette: [oak]", "Main colours: oak."),
        ("{color_anchors: {avoid: [neon]}}", "prompt: q", "Avoid: neon."),
        ("{color_anchors: {avoid: [neon]}}", "palette: {avoid: [pink]}", "Avoid: pink."),
    ],
)
def test_the_anchor_of_a_place_stands_in_where_a_target_has_no_light_or_colours(
    tmp_path: Path, anchor: str, fields: str, said: str
) -> None:
    text = f"location_visual_anchor: {anchor}\nzones:\n- slug: z\n  description: d\n  {fields}\n"
    prompt = only_target(read(tmp_path, {LOCATION: text})).prompt
    assert prompt.rpartition("\n\n")[2] == said


def test_an_anchor_says_where_it_stands(tmp_path: Path) -> None:
    text = f"""
        location_visual_anchor: {{characteristic_light: {TIMES}}}
        overview: {{description: d, time_of_day: night}}
        """
    light = only_target(read(tmp_path, {LOCATION: text})).sections[-1]
    assert light.path == ("location_visual_anchor", "characteristic_light", "night")


def test_light_weather_and_mood_of_an_overview_are_its_own_and_a_zones_its_images(
    tmp_path: Path,
) -> None:
    text = """
        overview: {prompt: p, lighting: Sun, weather: rain, mood: glad, season: spring}
        zones:
        - {slug: a, prompt: p}
        - {slug: b, lighting: Lamp, weather: dry, images: [{id: i, prompt: p, weather: fog}]}
        """
    _, zone, image = (target.prompt for target in read(tmp_path, {LOCATION: text}).targets)
    assert "p" in zone.split("\n\n")
    assert not any(word in zone for word in ("Sun", "rain", "glad", "spring"))
    assert image.endswith("p\n\nWeather: fog.\n\nLighting: Lamp.")
