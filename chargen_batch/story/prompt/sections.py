"""The table of a prompt's sections: which fields of a target they are made of, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from chargen_batch.story.fields import YamlPath

Priority = Literal[1, 2, 3, 4, 5]

CONSTRAINTS: Final = 1
SUBJECT: Final = 2
COMPOSITION: Final = 3
LIGHT: Final = 4
STYLE: Final = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a prompt. ``path`` is where it came from in the target's file, if from there.

    A ``kept`` section is never dropped or cut.
    """

    priority: Priority
    name: str
    text: str
    path: YamlPath | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A section made of the first of ``fields`` that says something.

    ``label`` goes in front of the text. ``unless_author`` rows give way to an author's prompt.
    ``inherited`` ones may also come from what surrounds the target.
    """

    priority: Priority
    name: str
    fields: tuple[str, ...]
    label: str = ""
    unless_author: bool = False
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class AvoidRow:
    """A field that says what the picture must not show."""

    field: str
    inherited: bool = False


AUTHOR_FIELDS: Final = ("prompt_used", "prompt", "prompt_template")
AUTHOR_PROMPT: Final = Row(SUBJECT, "author's prompt", AUTHOR_FIELDS)

ROWS: Final = (
    Row(CONSTRAINTS, "image type", ("image_type", "type"), "Kind of picture"),
    Row(CONSTRAINTS, "framing", ("framing",), "Framing"),
    Row(CONSTRAINTS, "required elements", ("required_elements",), "Must show"),
    Row(CONSTRAINTS, "key elements", ("key_elements", "key_visual_elements"), "Must show"),
    Row(CONSTRAINTS, "must include", ("must_include",), "Must show"),
    Row(
        CONSTRAINTS,
        "zone's elements",
        ("default_prompt_elements.must_include",),
        "Must show",
        inherited=True,
    ),
    AUTHOR_PROMPT,
    Row(SUBJECT, "description", ("visual_description", "description"), unless_author=True),
    Row(SUBJECT, "scene", ("scene",), unless_author=True),
    Row(SUBJECT, "pose", ("pose",), "Pose", unless_author=True),
    Row(SUBJECT, "what happens", ("what_happens",), unless_author=True),
    Row(SUBJECT, "activity", ("activity", "activity_at_this_time"), "Activity", unless_author=True),
    Row(SUBJECT, "temporal state", ("temporal_state",), "State", unless_author=True),
    Row(
        SUBJECT,
        "narrative",
        ("narrative_context", "narrative_moment"),
        "Story moment",
        unless_author=True,
    ),
    Row(SUBJECT, "beat", ("narrative_beat", "emotional_beat"), "Emotional beat"),
    Row(SUBJECT, "visual hook", ("visual_hook",), "Visual hook"),
    Row(COMPOSITION, "setting", ("setting",), "Setting"),
    Row(COMPOSITION, "composition notes", ("composition_notes",), "Composition"),
    Row(COMPOSITION, "composition", ("composition",), "Composition"),
    Row(COMPOSITION, "perspective", ("perspective_description",), "Perspective"),
    Row(COMPOSITION, "camera", ("camera",), "Camera"),
    Row(COMPOSITION, "time of day", ("time_of_day",), "Time of day"),
    Row(COMPOSITION, "weather", ("weather",), "Weather"),
    Row(COMPOSITION, "season", ("season",), "Season"),
    Row(LIGHT, "lighting", ("lighting",), "Lighting"),
    Row(LIGHT, "palette", ("palette.dominant",), "Main colours"),
    Row(LIGHT, "palette accents", ("palette.accent",), "Accent colours"),
    Row(
        LIGHT,
        "zone's atmosphere",
        ("default_prompt_elements.atmosphere",),
        "Atmosphere",
        inherited=True,
    ),
    Row(STYLE, "mood", ("scene_mood", "mood"), "Mood"),
    Row(STYLE, "mood rationale", ("mood_rationale",)),
    Row(STYLE, "style notes", ("style_notes",), "Style notes"),
    Row(STYLE, "own style", ("style",), "Style", inherited=True),
)

# Fields that say how a picture is made and not what is in it: alone, they ask for no picture.
KIND_FIELDS: Final = ("image_type", "type", "framing", "style")
TEXT_FIELDS: Final = tuple(
    name
    for row in sorted(ROWS, key=lambda row: row is not AUTHOR_PROMPT)
    for name in row.fields
    if name not in KIND_FIELDS
)

# What the picture must not show, in order; only what is inherited comes from around the target too.
AVOID_ROWS: Final = (
    AvoidRow("negative_prompt", inherited=True),
    AvoidRow("negative_prompts", inherited=True),
    AvoidRow("palette.avoid"),
    AvoidRow("must_avoid"),
    AvoidRow("default_prompt_elements.must_avoid", inherited=True),
)
