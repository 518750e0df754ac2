"""From sections to the text that is sent: the references' preamble, the parts, what to avoid."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chargen_batch.story.prompt.compile import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.story.prompt.context import Shown
    from chargen_batch.story.prompt.sections import Section

BUDGET: Final = 4_000

_BETWEEN: Final = "\n\n"
_SENTENCE_END: Final = re.compile(r"[.!?\u2026][\"'\u201d\u2019\u00bb)\]]*(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, and whether what must be kept made it longer than its budget."""

    text: str
    over_budget: bool


def render(
    sections: Sequence[Section],
    *,
    shown: Sequence[Shown] = (),
    negatives: Sequence[str] = (),
    budget: int = BUDGET,
) -> Rendered:
    """Render sections, in the order given, into one prompt of at most ``budget`` characters.

    Over it, sections are dropped from the last up, and the last one kept is cut at the end of a
    sentence; what is ``kept``, the preamble and the list of what to avoid stay whole.
    """
    head, tail = preamble(shown), avoid(negatives)
    around = sum(len(part) + len(_BETWEEN) for part in (head, tail) if part)
    fitting = trimmed(sections, budget - around)
    parts = [head, *(section.text for section in fitting), tail]
    text = unicodedata.normalize("NFC", _BETWEEN.join(part for part in parts if part))
    return Rendered(text, over_budget=len(text) > budget)


def trimmed(sections: Sequence[Section], room: int) -> tuple[Section, ...]:
    """Return the sections that fit into ``room`` characters, the last one cut where it must be."""
    room -= sum(_cost(section) for section in sections if section.kept) - len(_BETWEEN)
    fitting, is_full = [], False
    for section in sections:
        if section.kept:
            fitting.append(section)
        elif not is_full:
            is_full = _cost(section) > room
            text = _cut(section.text, room - len(_BETWEEN)) if is_full else section.text
            if text:
                fitting.append(replace(section, text=text))
            room -= _cost(section)
    return tuple(fitting)


def _cost(section: Section) -> int:
    return len(section.text) + len(_BETWEEN)


def _cut(text: str, room: int) -> str:
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= room]
    return text[: ends[-1]] if ends else ""


def preamble(shown: Sequence[Shown]) -> str:
    """Say what each reference picture is, and what follows it."""
    if not shown:
        return ""
    what = [
        f"image {number} is the {one.image.role} of {one.name}"
        for number, one in enumerate(shown, 1)
    ]
    follow = "Identity follows the reference images; setting and action follow the text."
    return f"Reference images: {sentence('; '.join(what))} {follow}"


def avoid(negatives: Sequence[str]) -> str:
    """Say what the picture must not show."""
    return sentence(f"Avoid: {', '.join(negatives)}") if negatives else ""
