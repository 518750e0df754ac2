"""How far a story is, entity by entity: what it wants, what it has, what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core.states import EMULATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.target import Target, TargetState

APPROVED: Final = "approved"
_OPEN: Final[frozenset[TargetState]] = frozenset({"new", "rejected"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How many targets an entity wants, and in which states they are.

    ``open`` ones are drawn by the next plan, ``rejected`` ones among them; ``approved`` counts
    those of any state that have a picture which a person approved. What is none of these is
    ``other``: refused by the service, removed by a person, or renamed.
    """

    entity: str
    wanted: int = 0
    done: int = 0
    approved: int = 0
    rejected: int = 0
    changed: int = 0
    in_flight: int = 0
    open: int = 0

    @property
    def other(self) -> int:
        """Return how many are in none of the states that are counted."""
        return self.wanted - self.done - self.changed - self.in_flight - self.open


def standings(verdicts: Iterable[Verdict], *, rehearsal: bool) -> tuple[Standing, ...]:
    """Count by entity, in the order of the story.

    Args:
        verdicts: What is found of each target; one with several candidates counts once.
        rehearsal: Whether the emulator's pictures count; else all but these do.

    """
    entities: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        target = verdict.target
        name = f"{target.entity_type}/{target.entity_slug}"
        entities.setdefault(name, {}).setdefault(target.target_id, verdict)
    return tuple(
        _standing(name, tuple(found.values()), rehearsal=rehearsal)
        for name, found in entities.items()
    )


def total(found: Iterable[Standing]) -> Standing:
    """Add up."""
    each = tuple(found)
    names = [name for name in Standing.__slots__ if name != "entity"]
    return Standing("total", **{name: sum(getattr(one, name) for one in each) for name in names})


def _standing(name: str, verdicts: tuple[Verdict, ...], *, rehearsal: bool) -> Standing:
    states = Counter(verdict.state for verdict in verdicts)
    return Standing(
        entity=name,
        wanted=len(verdicts),
        done=states["done"],
        approved=sum(any(_approvals(verdict.target, rehearsal=rehearsal)) for verdict in verdicts),
        rejected=states["rejected"],
        changed=states["changed"],
        in_flight=states["in_flight"],
        open=sum(states[state] for state in _OPEN),
    )


def _approvals(target: Target, *, rehearsal: bool) -> Iterator[bool]:
    """Say of each entry that counts on this backend whether it is an approved picture."""
    for entry in target.entries:
        if (entry.provider == EMULATOR) == rehearsal:
            yield entry.is_live and entry.status == APPROVED
