"""What a picture must not show, put together from everywhere that says so."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import every, texts, unwrapped
from chargen_batch.story.prompt.light import palette

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.story.raw_target import RawTarget

INHERITED: Final = ("negative_prompt", "negative_prompts")
MUST_AVOID: Final = "must_avoid"
ZONE_AVOIDS: Final = "default_prompt_elements.must_avoid"

_ITEM: Final = re.compile(r"(?:[^,;()]|\([^()]*\)|[()])+")


def negatives(target: RawTarget, project: Sequence[str]) -> tuple[str, ...]:
    """Return what the picture must not show, each once, as it is first spelled.

    The target's own first, then what it inherits (the nearest first), its palette's ``avoid``,
    what it must avoid, and the ``project``'s list last.
    """
    found = [text for value in _values(target) for text in texts(value)]
    first_spelled: dict[str, str] = {}
    for text in (*found, *project):
        for folded, item in _items(text):
            first_spelled.setdefault(folded, item)
    return tuple(filter(None, first_spelled.values()))


@lru_cache(maxsize=1024)  # targets inherit most of what they must not show
def _items(text: str) -> tuple[tuple[str, str], ...]:
    """Return the items of a text, casefolded and as they are spelled."""
    items = (unwrapped(item).rstrip(".") for item in _ITEM.findall(text))
    return tuple((item.casefold(), item) for item in items)


def _values(target: RawTarget) -> Iterator[object]:
    for layer in target.layers:
        for name in INHERITED:
            yield from (found.value for found in every((layer,), name))
    colours = palette(target)
    if colours and isinstance(colours.value, dict):
        yield colours.value.get("avoid")
    yield from (found.value for found in every(target.own, MUST_AVOID))
    yield from (found.value for found in every(target.in_zone, ZONE_AVOIDS))
