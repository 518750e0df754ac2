"""What changed from one prompt to the next, in words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORD: Final = re.compile(r"\S+\s*")
GAP: Final = "[...]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: the same in both prompts, only in the ``old`` one or only in the ``new``."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """Say whether the words stand in both."""
        return self.old.split() == self.new.split()


def pieces(old: str, new: str) -> Iterator[Piece]:
    """Yield both prompts side by side; white space alone makes no difference."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = difflib.SequenceMatcher(None, _bare(before), _bare(after), autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        yield Piece("".join(before[start:end]), "".join(after[new_start:new_end]))


def word_diff(old: str, new: str, *, context: int | None = 5) -> str:
    """Return ``words before [-taken out-]{+put in+} words after``; empty where no word differs.

    Args:
        old: The prompt that the picture was drawn from.
        new: The prompt that it would be drawn from now.
        context: How many words to keep beside each change; ``None`` keeps all.

    """
    found = tuple(pieces(old, new))
    if all(piece.is_same for piece in found):
        return ""
    last = len(found) - 1
    told = (
        _shortened(piece.new, context, opens=at == 0, closes=at == last)
        if piece.is_same
        else _changed(piece)
        for at, piece in enumerate(found)
    )
    return "".join(told).strip()


def _bare(words: Sequence[str]) -> list[str]:
    return [word.rstrip() for word in words]


def _changed(piece: Piece) -> str:
    old, new = piece.old.rstrip(), piece.new.rstrip()
    tail = piece.new[len(new) :] or piece.old[len(old) :]
    return (f"[-{old}-]" if old else "") + (f"{{+{new}+}}" if new else "") + (tail or " ")


def _shortened(text: str, context: int | None, *, opens: bool, closes: bool) -> str:
    """Leave out what is far from a change; ``opens`` and ``closes`` have one on one side only."""
    words = _WORD.findall(text)
    before, after = (0 if opens else context or 0), (0 if closes else context or 0)
    if context is None or len(words) <= before + after + 1:
        return text
    head, tail = "".join(words[:before]), "".join(words[len(words) - after :])
    return f"{head.rstrip()} {GAP} {tail}" if head else f"{GAP} {tail}"
