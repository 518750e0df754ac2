"""Takes out of a spliced file what was put in, by its looks alone: what is left is what was there.

Nothing here knows how a place is found. All that the tests enter carries a mark, in its keys.
"""

from __future__ import annotations

import re
from typing import Final

MARK: Final = "zzq"
KEY: Final = "zzq_inventory"
SMALL: Final[dict[str, object]] = {"zzq_id": 1}
ENTRY: Final[dict[str, object]] = {
    "zzq_id": "workshop-1a2b3c4d",
    "zzq_content": {"zzq_title": 'It\'s "x"', "zzq_tags": ["a", "generated"], "zzq_none": None},
    "zzq_generation": {"zzq_constraints": {"zzq_ratio": "3:4"}, "zzq_list": [{"zzq_a": 1}]},
    "zzq_text": "lines\nand \u2028 more: # {x}",
}

_ENTERED_LINE: Final = r"""[ \t]*(?:-[ \t]+)?["']?zzq[^\r\n]*"""
_BEHIND: Final = re.compile(rf"(?:\r\n|\n|\r){_ENTERED_LINE}")
_AHEAD: Final = re.compile(rf"\A(\ufeff?)(?:{_ENTERED_LINE}(?:\r\n|\n|\r|\Z))+")
_ENTRY_BEGINS: Final = re.compile(r"""[ ,]*[\[{ ]*["']?zzq""")
_NOTHING: Final = re.compile(r"[ \t]*(?:\[[ \t]*\]|\{[ \t]*\}|\bnull\b|~)")
_TOKENS: Final = re.compile(rf"({_NOTHING.pattern}|[\[\]{{}},:?])")


def restored(old: bytes, new: bytes) -> bytes:
    """Return a spliced text without the entries, what stood for nothing put back.

    Only lines that were entered are taken out, each whole; a line of the old text that has more
    now, or something for nothing, is put back if that is all that was done to it.
    """
    text = _BEHIND.sub("", _AHEAD.sub(r"\1", new.decode()))
    before, after = (re.split(r"(\r\n|\n|\r)", each) for each in (old.decode(), text))
    assert len(before) == len(after)
    pairs = zip(before, after, strict=True)
    return "".join(was if _is_more_of(was, now) else now for was, now in pairs).encode()


def _is_more_of(was: str, now: str) -> bool:
    """Tell whether a line is another one with entries, or with nothing where nothing stood."""
    if was == now:
        return True
    reached = {0}
    for token in _TOKENS.split(was):
        body = token.rstrip(" ")
        whole = _behind(_entered(_behind(reached, body, now), now), token[len(body) :], now)
        if _NOTHING.fullmatch(token):
            inside = _entered(_behind(reached, body[:-1], now), now)
            whole |= _behind(inside, body[-1], now) | _entered(reached, now)
        reached = whole
    return len(now) in reached


def _behind(reached: set[int], text: str, now: str) -> set[int]:
    return {at + len(text) for at in reached if now.startswith(text, at)}


def _entered(reached: set[int], now: str) -> set[int]:
    """Return where an entry may end that begins at one of these places, and the places."""
    begin = min((at for at in reached if _ENTRY_BEGINS.match(now, at)), default=len(now))
    return reached | set(range(begin, len(now))) | ({len(now)} if begin < len(now) else set())
