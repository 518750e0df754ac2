"""The words that ask for an analysis: the same story always gives the same text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.model.task import EntityType

LOOKS_LIMIT: Final = 12_000
PROFILE_LIMIT: Final = 24_000

_SENTENCE_END: Final = re.compile(r"[.!?\u3002\uff01\uff1f][\"'\u201d\u2019)]*(?=\s)|\n")
_SEEN: Final = """\
Describe only what can be seen. Where something is too small, hidden or unclear, leave it out \
rather than guess. Do not take words of the description for what the picture shows."""
_CANON: Final = """\
Then compare the picture with the description, feature by feature: in `canon.featuresSeen` name \
those that the picture shows, in `canon.featuresMissing` those that it contradicts, or that it \
ought to show and does not. A feature is what can be seen: neither character nor history. What the \
framing hides, or a pose or the light makes unclear, is not missing. `canon.matchesDescription` is \
false only where something is contradicted."""
_NO_CANON: Final = """\
The story has no description to compare with: leave `canon.featuresSeen` and \
`canon.featuresMissing` empty, set `canon.matchesDescription` to true, and say so in \
`canon.notes`."""
_LANGUAGE: Final = """\
Write in the language of the description, plainly, in the present tense. Answer with one JSON \
object by the response schema, and with nothing else."""
_IN_PROFILE_LANGUAGE: Final = """\
Write in the language of the profile, in the present tense, and begin with the character's name. \
Answer with one JSON object by the response schema, and with nothing else."""
_APPEARANCE: Final = """\
Write one paragraph that says how the character looks, so that an illustrator who knows nothing \
else can draw the same person again and again: build and height, age, skin, face, hair, eyes, \
marks and scars, usual clothes, what is always carried. Only what can be seen: no history, no \
deeds, no thoughts; of character only what face and bearing show. Invent nothing: what {sources} \
does not give stays unsaid."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture belongs to: its kind and name, and what the story says of its looks."""

    entity_type: EntityType
    name: str
    looks: tuple[str, ...] = ()


def image_prompt(subject: Subject) -> str:
    """Return what is asked about a picture of a character, a location or a chapter."""
    looks = cut("\n".join(subject.looks), LOOKS_LIMIT)
    paragraphs = (
        "The attached picture is one of an illustrated story. Describe it for the story's archive.",
        f"It belongs to {_whose(subject)}.",
        f"{_LOOKS_TITLES[subject.entity_type]}\n<description>\n{looks}\n</description>"
        if looks
        else "",
        _SEEN,
        _CANON if looks else _NO_CANON,
        _NAMES[subject.entity_type].format(name=subject.name),
        _LANGUAGE,
    )
    return "\n\n".join(filter(None, paragraphs))


_LOOKS_TITLES: Final[dict[EntityType, str]] = {
    "character": "How the character looks, by the story's own description:",
    "location": "How the place looks, by the story's own description:",
    "chapter": "The chapter and who may be seen in it, by the story's own description:",
}
_NAMES: Final[dict[EntityType, str]] = {
    "character": "Call a figure {name} only where it can be the one described; where nobody in the "
    "picture can be, say what is seen and let `canon` say why.",
    "location": "Call the place {name} where it can be the one described.",
    "chapter": "Give figures the names above where their looks leave no doubt, else say what they "
    "look like. Compare only those who are in the picture.",
}


def _whose(subject: Subject) -> str:
    return f"the {subject.entity_type} \u201c{subject.name}\u201d"


def appearance_prompt(name: str, profile: str, *, has_portrait: bool) -> str:
    """Return what is asked about a character's looks, from its profile and its portrait."""
    paragraphs = (
        f"Below is the profile of \u201c{name}\u201d, a character of an illustrated story.",
        "The attached picture is the character's reference portrait: where profile and portrait "
        "differ in what can be seen, the portrait is right."
        if has_portrait
        else "",
        _APPEARANCE.format(
            sources="the profile or the portrait" if has_portrait else "the profile"
        ),
        _IN_PROFILE_LANGUAGE,
        f"<profile>\n{cut(profile, PROFILE_LIMIT)}\n</profile>",
    )
    return "\n\n".join(filter(None, paragraphs))


def cut(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters that ends with a sentence, else with a word."""
    if len(text) <= most:
        return text
    head = text[: most + 1]
    ends: Sequence[int] = [found.end() for found in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] > most // 2:
        return head[: ends[-1]].rstrip()
    return head[:most].rsplit(maxsplit=1)[0].rstrip()
