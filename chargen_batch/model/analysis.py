"""What an analysis answers: the types that our schemas are made from and answers are checked by.

A new field, bound or description is a new version: the version is part of the task key.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

APPEARANCE_ID: Final = "appearance"  # a picture's id has an extension, so it is never this
IMAGE_SCHEMA: Final = "image/1"
APPEARANCE_SCHEMA: Final = "appearance/1"

Said = Annotated[str, Meta(min_length=1, pattern=r"\S")]
Names = tuple[Said, ...]
ImageType = Literal[
    "action",
    "collaborative",
    "detail",
    "environment",
    "full-body",
    "mood",
    "object",
    "other",
    "portrait",
    "scene",
]


class Lighting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the light comes from and what it does."""

    primary_source: Annotated[Said, Meta(description="the main light, such as 'a low sun'")]
    quality: Annotated[Said, Meta(description="hard, soft, diffused, ...")]
    direction: Annotated[Said, Meta(description="where it falls from, seen from the viewer")]
    color_temperature: Annotated[Said, Meta(description="warm, cool, mixed, and of which hue")]
    shadow_depth: Annotated[Said, Meta(description="how deep the shadows are")]
    atmospheric: Annotated[str, Meta(description="haze, smoke, rain, dust; empty where none")]


class Palette(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The colours, in words."""

    dominant: Annotated[Names, Meta(min_length=1, description="2 to 5 colours, the largest first")]
    accent: Annotated[Names, Meta(description="0 to 3 colours that stand out")]


class CanonMatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the picture agrees with the story's own description: looked at first, judged last."""

    features_seen: Annotated[
        Names, Meta(description="features of the description that the picture shows")
    ]
    features_missing: Annotated[
        Names,
        Meta(
            description="features of the description that the picture contradicts, or that it "
            "ought to show and does not; what the framing hides is not missing"
        ),
    ]
    notes: Annotated[Said, Meta(description="1 or 2 sentences: what agrees and what does not")]
    matches_description: Annotated[
        bool, Meta(description="whether nothing in the picture contradicts the description")
    ]


class ImageAnalysis(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What can be seen in a picture of the story."""

    title: Annotated[Said, Meta(description="3 to 8 words")]
    description: Annotated[
        Said, Meta(description="2 to 4 sentences: who or what is seen, what happens, where")
    ]
    alt_text: Annotated[
        Said, Meta(description="1 sentence for people who cannot see the picture; no names")
    ]
    tags: Annotated[
        Names, Meta(min_length=1, description="4 to 10 tags, lower case, words joined by '-'")
    ]
    image_type: Annotated[ImageType, Meta(description="the kind of picture")]
    archetype: Annotated[
        Said, Meta(description="the role that the main figure or place plays, in 1 to 4 words")
    ]
    traits: Annotated[
        Names, Meta(description="2 to 6 traits of character that face, pose and things show")
    ]
    mood: Annotated[Said, Meta(description="1 to 4 words")]
    style: Annotated[Said, Meta(description="medium and manner of the picture")]
    lighting: Lighting
    palette: Palette
    composition: Annotated[
        Said, Meta(description="1 to 3 sentences: framing, viewpoint, where the eye is led")
    ]
    canon: CanonMatch


class AppearanceAnalysis(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a character looks."""

    appearance: Annotated[
        Said,
        Meta(
            description="one paragraph of 60 to 140 words: build, age, skin, face, hair, eyes, "
            "marks, clothes and things carried, so that the character can be drawn from it"
        ),
    ]


Analysis = ImageAnalysis | AppearanceAnalysis
# As an answer may be: what apply would enter is tried with them before anything is sent.
EXAMPLES: Final[dict[str, Analysis]] = {
    IMAGE_SCHEMA: ImageAnalysis(
        title="A lamp",
        description="A lamp on a stair.",
        alt_text="A lamp.",
        tags=("lamp",),
        image_type="object",
        archetype="light",
        traits=("steady", "warm"),
        mood="calm",
        style="oil",
        lighting=Lighting(
            primary_source="the lamp",
            quality="soft",
            direction="from above",
            color_temperature="warm",
            shadow_depth="deep",
            atmospheric="",
        ),
        palette=Palette(dominant=("umber",), accent=()),
        composition="In the middle.",
        canon=CanonMatch(
            features_seen=(), features_missing=(), notes="None.", matches_description=True
        ),
    ),
    APPEARANCE_SCHEMA: AppearanceAnalysis(appearance="Tall, in grey."),
}
SCHEMAS: Final[dict[str, type[Analysis]]] = {
    IMAGE_SCHEMA: ImageAnalysis,
    APPEARANCE_SCHEMA: AppearanceAnalysis,
}
