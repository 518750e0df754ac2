"""Which of a story's targets a plan looks at, and how many of them it takes."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chargen_batch.model.history import name_of
from chargen_batch.model.plan import PlanSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.history import TargetName
    from chargen_batch.model.target import Target


@dataclass(frozen=True, slots=True)
class Filter:
    """Globs on a target's id and image type; ``None`` lets everything through."""

    target: str | None = None
    image_type: str | None = None

    def lets_through(self, target: Target) -> bool:
        """Say whether a plan looks at a target; upper case makes no difference in a type."""
        return (self.target is None or fnmatch.fnmatchcase(target.target_id, self.target)) and (
            self.image_type is None
            or fnmatch.fnmatchcase(target.image_type.casefold(), self.image_type.casefold())
        )


def limited(verdicts: Iterable[Verdict], most: int | None) -> Iterator[Verdict]:
    """Leave out what is planned beyond ``most`` tasks; it waits for another plan."""
    planned = 0
    for verdict in verdicts:
        planned += verdict.planned
        over = verdict.planned and most is not None and planned > most
        yield replace(verdict, planned=False) if over else verdict


@dataclass(slots=True)
class Tally:
    """Counts verdicts as they come: targets by kind and by state, and what is left out by state."""

    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    _last: TargetName | None = None

    def add(self, verdict: Verdict) -> None:
        """Count a verdict; a target's candidates come one after another, and it counts once."""
        if not verdict.planned:
            self.left_out[verdict.state] += 1
        name = name_of(verdict.target)
        if name != self._last:
            self._last = name
            self.kinds[verdict.target.entity_type] += 1
            self.states[verdict.state] += 1

    def summary(self) -> PlanSummary:
        """Return how many targets there are, by kind and by state."""
        return PlanSummary(by_entity_type=dict(self.kinds), by_state=dict(self.states))
