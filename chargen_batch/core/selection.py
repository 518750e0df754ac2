"""Which of a story's targets a plan looks at, and how many of them it takes."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chargen_batch.model.history import name_of
from chargen_batch.model.plan import PlanSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chargen_batch.core.planning import Verdict
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


def limited(verdicts: Iterable[Verdict], most: int | None) -> tuple[Verdict, ...]:
    """Leave out what is planned beyond ``most`` tasks; it waits for another plan."""
    kept, planned = [], 0
    for verdict in verdicts:
        planned += verdict.planned
        over = verdict.planned and most is not None and planned > most
        kept.append(replace(verdict, planned=False) if over else verdict)
    return tuple(kept)


def summary(verdicts: Sequence[Verdict]) -> PlanSummary:
    """Count targets by kind and by state; one with several candidates counts once."""
    first = {name_of(verdict.target): verdict for verdict in reversed(verdicts)}.values()
    kinds = Counter[str](verdict.target.entity_type for verdict in reversed(first))
    states = Counter[str](verdict.state for verdict in reversed(first))
    return PlanSummary(by_entity_type=dict(kinds), by_state=dict(states))
