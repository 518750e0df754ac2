"""From sections to the text that is sent: the references' preamble, the parts, what to avoid."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chargen_batch.story.prompt.compile import BUDGET
from chargen_batch.story.prompt.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.story.prompt.context import Shown
    from chargen_batch.story.prompt.sections import Section

_BETWEEN: Final = "\n\n"
_SENTENCE_END: Final = re.compile(r"[.!?\u2026][\"'\u201d\u2019\u00bb)\]]*(?=\s|$)")
_SHOWS: Final = {
    "portrait": "is the portrait of",
    "location": "shows the place",
    "zone": "shows the place",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, what of its sections was ``left`` out, and whether it is over its budget.

    It is where what must be kept is longer than that. ``fitting`` are the sections in the text.
    """

    text: str
    over_budget: bool
    fitting: tuple[Section, ...] = ()
    left: tuple[Section, ...] = ()


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
    fitting, left = trimmed(sections, budget - around)
    parts = [head, *(section.text for section in fitting), tail]
    text = unicodedata.normalize("NFC", _BETWEEN.join(part for part in parts if part))
    return Rendered(text, len(text) > budget, fitting, left)


def trimmed(
    sections: Sequence[Section], room: int
) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Return the sections that fit into ``room`` characters, and what does not.

    The last one that fits is cut where it must be; its rest does not fit.
    """
    room -= sum(_cost(section) for section in sections if section.kept) - len(_BETWEEN)
    fitting, left, is_full = [], [], False
    for section in sections:
        if section.kept:
            fitting.append(section)
            continue
        cut = len(section.text)
        if is_full or _cost(section) > room:
            cut = 0 if is_full else _cut(section.text, room - len(_BETWEEN))
            left.append(replace(section, text=section.text[cut:].lstrip()))
            is_full = True
        if cut:
            is_whole = cut == len(section.text)
            fitting.append(section if is_whole else replace(section, text=section.text[:cut]))
        room -= _cost(section)
    return tuple(fitting), tuple(left)


def _cost(section: Section) -> int:
    return len(section.text) + len(_BETWEEN)


def _cut(text: str, room: int) -> int:
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= room]
    return ends[-1] if ends else 0


def preamble(shown: Sequence[Shown]) -> str:
    """Say what each reference picture is, and what follows it."""
    if not shown:
        return ""
    what = [
        f"image {number} {_SHOWS[one.image.role]} {one.name}" for number, one in enumerate(shown, 1)
    ]
    follow = "Identity follows the reference images; setting and action follow the text."
    return f"Reference images: {sentence('; '.join(what))} {follow}"


def avoid(negatives: Sequence[str]) -> str:
    """Say what the picture must not show."""
    return sentence(f"Avoid: {', '.join(negatives)}") if negatives else ""
