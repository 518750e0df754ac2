"""The table of a prompt's sections: which fields of a target they are made of, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from chargen_batch.story.fields import YamlPath

Priority = Literal[1, 2, 3, 4, 5]
Scope = Literal["own", "zone", "inherited", "moment", "about"]

CONSTRAINTS: Final = 1
SUBJECT: Final = 2
COMPOSITION: Final = 3
LIGHT: Final = 4
STYLE: Final = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a prompt. ``path`` is where it came from in the target's file, if from there.

    A ``kept`` section is never dropped or cut. ``label`` is what its text begins with, if anything.
    """

    priority: Priority
    name: str
    text: str
    path: YamlPath | None = None
    kept: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A section made of the first of ``fields`` that says something.

    ``label`` goes in front of the text. ``unless_author`` rows give way to an author's prompt.
    ``scope`` says where the fields may stand: in the target alone, in its zone too, in all that it
    inherits from (the nearest decides), in its moment, or in what is said of the whole entity.
    """

    priority: Priority
    name: str
    fields: tuple[str, ...]
    label: str = ""
    unless_author: bool = False
    scope: Scope = "own"


MUST_SHOW: Final = "Must show"
MOOD_FIELDS: Final = ("scene_mood", "mood")
AUTHOR_FIELDS: Final = ("prompt_used", "prompt", "prompt_template")
AUTHOR_PROMPT: Final = Row(SUBJECT, "author's prompt", AUTHOR_FIELDS)

ROWS: Final = (
    Row(CONSTRAINTS, "image type", ("image_type", "type"), "Kind of picture"),
    Row(CONSTRAINTS, "framing", ("framing",), "Framing"),
    Row(CONSTRAINTS, "required elements", ("required_elements",), MUST_SHOW),
    Row(CONSTRAINTS, "key elements", ("key_elements",), MUST_SHOW),
    Row(CONSTRAINTS, "key visual elements", ("key_visual_elements",), MUST_SHOW),
    Row(CONSTRAINTS, "must include", ("must_include",), MUST_SHOW),
    Row(
        CONSTRAINTS,
        "zone's elements",
        ("default_prompt_elements.must_include",),
        MUST_SHOW,
        scope="zone",
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
    Row(SUBJECT, "narrative beat", ("narrative_beat",), "Story moment", scope="moment"),
    Row(SUBJECT, "emotional beat", ("emotional_beat",), "Emotional beat", scope="moment"),
    Row(SUBJECT, "visual hook", ("visual_hook",), "Visual hook"),
    Row(COMPOSITION, "setting", ("setting",), "Setting"),
    Row(COMPOSITION, "composition notes", ("composition_notes",), "Composition"),
    Row(COMPOSITION, "composition", ("composition",), "Composition"),
    Row(COMPOSITION, "perspective", ("perspective_description",), "Perspective"),
    Row(COMPOSITION, "camera", ("camera",), "Camera"),
    Row(COMPOSITION, "time of day", ("time_of_day",), "Time of day", scope="zone"),
    Row(COMPOSITION, "weather", ("weather",), "Weather", scope="zone"),
    Row(COMPOSITION, "season", ("season",), "Season", scope="zone"),
    Row(
        LIGHT,
        "zone's atmosphere",
        ("default_prompt_elements.atmosphere",),
        "Atmosphere",
        scope="zone",
    ),
    Row(STYLE, "own style", ("style",), "Style", scope="inherited"),
    Row(STYLE, "mood", MOOD_FIELDS, "Mood", scope="zone"),
    Row(STYLE, "mood rationale", ("mood_rationale",)),
    Row(STYLE, "visual thesis", ("visual_thesis",), "Theme", scope="about"),
    Row(STYLE, "essence", ("one_line_essence",), "Essence", scope="about"),
    Row(STYLE, "narrative soul", ("narrative_soul",), "Spirit", scope="about"),
    Row(STYLE, "style notes", ("style_notes",), "Style notes"),
)

LIGHT_FIELDS: Final = ("lighting", "palette.dominant", "palette.accent")
# Fields that say how a picture is made and not what is in it: alone, they ask for no picture.
KIND_FIELDS: Final = ("image_type", "type", "framing", "style")
TEXT_FIELDS: Final = (
    *AUTHOR_FIELDS,
    *(
        name
        for row in ROWS
        for name in row.fields
        if row is not AUTHOR_PROMPT and row.scope != "about" and name not in KIND_FIELDS
    ),
    *LIGHT_FIELDS,
)
