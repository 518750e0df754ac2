"""How a job ends: its last state, and what becomes of its output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chargen_batch.emulator.records import DELETED, ENDED, SUCCEEDED, WITH_OUTPUT

PREFIX = "BATCH_STATE_"
_WORDS = (*sorted(state.removeprefix(PREFIX) for state in ENDED), DELETED)
_ENDING = re.compile(r"([A-Z_]+)(?: (with|without|with lost) output)?")


@dataclass(frozen=True, slots=True)
class Ending:
    """A state, and an output that is kept, lost (it is named, and 404), or not there at all."""

    state: str
    output: Literal["kept", "lost", "none"]


@lru_cache
def ending_of(text: str) -> Ending:
    """Read an ending: "FAILED", "CANCELLED with output", "SUCCEEDED with lost output", "DELETED".

    A state that the service does not have today is written in full, "BATCH_STATE_PAUSED": a job
    that has come to it stays there.

    Raises:
        ValueError: It is none.

    """
    found = _ENDING.fullmatch(text)
    if found is None or not (found[1] in _WORDS or found[1].startswith(PREFIX)):
        raise ValueError(
            f"no such ending: {text!r}; there are {', '.join(_WORDS)}, or {PREFIX}ANYTHING, each "
            "of them also 'with output', 'with lost output' or 'without output'"
        )
    bare = found[1] == DELETED or found[1].startswith(PREFIX)
    state = found[1] if bare else PREFIX + found[1]
    match found[2]:
        case "with":
            return Ending(state, "kept")
        case "with lost":
            return Ending(state, "lost")
        case "without":
            return Ending(state, "none")
        case _:
            return Ending(state, "kept" if state in WITH_OUTPUT else "none")


SUCCESS = Ending(SUCCEEDED, "kept")
