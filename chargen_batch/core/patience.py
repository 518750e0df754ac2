"""How long to sleep between two rounds of --wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

# From the interval that is configured up to this, while nothing changes (gemini.md §5, row 1).
LONGEST_S: Final = 300.0
# Below this only a person who types an interval may go.
SHORTEST_S: Final = 1.0
GROWTH: Final = 1.5
# Many who began at once are not to ask at once: a sleep is so much longer or shorter, at most.
JITTER: Final = 0.1


@dataclass(frozen=True, slots=True)
class Patience:
    """The interval to begin with, and the one that it has grown to.

    ``steady`` is one that was typed, and does not grow.
    """

    start_s: float
    now_s: float
    steady: bool = False

    @classmethod
    def of(cls, typed_s: float | None, configured_s: float) -> Patience:
        """Return the patience to begin with."""
        if typed_s is not None:
            return cls(typed_s, typed_s, steady=True)
        start_s = max(configured_s, SHORTEST_S)
        return cls(start_s, start_s)

    def after(self, *, changed: bool) -> Patience:
        """Return the patience after a round: back to the start where something moved."""
        if self.steady or changed:
            return replace(self, now_s=self.start_s)
        longest_s = max(self.start_s, LONGEST_S)
        return replace(self, now_s=min(self.now_s * GROWTH, longest_s))

    def sleep_s(self, *, chance: float, left_s: float | None) -> float:
        """Return how long to sleep; nothing where the time is over.

        Args:
            chance: A random number from 0 up to 1.
            left_s: The time until the timeout; the last sleep ends there. ``None``: there is none.

        """
        jittered_s = self.now_s * (1 + JITTER * (2 * chance - 1))
        return jittered_s if left_s is None else max(0.0, min(jittered_s, left_s))
