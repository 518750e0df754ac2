"""Reference portraits that a character lacks: a target made of its looks, not of a scene."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Layer, unwrapped
from chargen_batch.story.raw_target import RawTarget

if TYPE_CHECKING:
    from collections.abc import Container

    from chargen_batch.model.task import BatchTask, PathStep

PROFILE_NAME: Final = "profile.md"
PORTRAIT_IDS: Final = ("portrait", "reference-portrait")  # a scene may have taken the first
PORTRAIT_PATH: Final[tuple[PathStep, ...]] = ("appearance",)  # where no scene stands
PROFILE_BUDGET: Final = 1_500

_HEADING: Final = re.compile(r"^#{1,6}[ \t]+(.*)$", re.MULTILINE)
_LOOKS: Final = re.compile(r"appearance|physical|looks?\b|visual", re.IGNORECASE)
_MARKUP: Final = re.compile(r"^[ \t]*(?:[-*+>]|\d+\.)[ \t]+|[*_`]{1,3}", re.MULTILINE)
_SENTENCE_END: Final = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*(?=\s|$)")


def asked_portrait(
    name: str, appearance: str, profile: str, taken: Container[str]
) -> RawTarget | None:
    """Return the target of a character's reference portrait; ``None`` where nothing tells of it.

    Args:
        name: How the character is called.
        appearance: What its imagery.yaml says of its looks; the prompt has it as its identity.
        profile: Its profile.md.
        taken: The ids of its scenes.

    """
    target_id = next((each for each in PORTRAIT_IDS if each not in taken), None)
    looks = looks_in(profile)
    if target_id is None or not (appearance or looks):
        return None
    fields = {
        "title": f"Reference portrait of {name}",
        "image_type": "reference portrait for character consistency",
        "framing": "head and shoulders, facing the viewer, the whole head in the frame",
        "required_elements": ["one person alone", "the face clearly visible", "hair and clothing"],
        "visual_description": f"A reference portrait of {name}. {looks}".strip(),
        "composition_notes": "plain neutral background, even light, a calm expression",
        "tags": ["portrait", "reference"],
    }
    return RawTarget(target_id, "character", PORTRAIT_PATH, (), (Layer(PORTRAIT_PATH, fields),))


def asks_for_portrait(task: BatchTask) -> bool:
    """Say whether a task draws a reference portrait, whatever its id."""
    return task.entity_type == "character" and task.source.yaml_path == PORTRAIT_PATH


def looks_in(profile: str) -> str:
    """Return what a profile says of a character's looks, as plain text cut at a sentence's end.

    That is what stands under the first heading that speaks of looks, else its first words.
    """
    headings = list(_HEADING.finditer(profile))
    told = next((at for at, each in enumerate(headings) if _LOOKS.search(each[1])), None)
    if told is None:
        text = _HEADING.sub("", profile)
    else:
        end = headings[told + 1].start() if told + 1 < len(headings) else len(profile)
        text = profile[headings[told].end() : end]
    return _shortened(unwrapped(_MARKUP.sub("", text)))


def _shortened(text: str) -> str:
    if len(text) <= PROFILE_BUDGET:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text) if found.end() <= PROFILE_BUDGET]
    return text[: ends[-1]] if ends else text[:PROFILE_BUDGET].rpartition(" ")[0]
