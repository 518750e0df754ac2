"""How far a story is, entity by entity: what it wants, what it has, what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.core.states import EMULATOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.target import Target, TargetState

APPROVED: Final = "approved"
DRAFT: Final = "draft"
_OPEN: Final[frozenset[TargetState]] = frozenset({"new", "rejected"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How many targets an entity wants, and in which states they are.

    ``open`` ones are drawn by the next plan, ``rejected`` ones among them; ``approved`` counts
    those of any state that have a picture which a person approved, ``undecided`` those that have
    none, and one that is a draft. What is in none of the states is ``other``: refused by the
    service, removed by a person, or renamed.
    """

    entity: str
    wanted: int = 0
    done: int = 0
    undecided: int = 0
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
    said = Counter(_is_approved(verdict.target, rehearsal=rehearsal) for verdict in verdicts)
    return Standing(
        entity=name,
        wanted=len(verdicts),
        done=states["done"],
        undecided=said[False],
        approved=said[True],
        rejected=states["rejected"],
        changed=states["changed"],
        in_flight=states["in_flight"],
        open=sum(states[state] for state in _OPEN),
    )


def _is_approved(target: Target, *, rehearsal: bool) -> bool | None:
    """Say whether a person approved a picture that counts on this backend; ``None`` without one.

    A draft that nobody has decided on is one that nobody approved.
    """
    said = [
        entry.status
        for entry in target.entries
        if (entry.provider == EMULATOR) == rehearsal and entry.is_live
    ]
    if APPROVED in said:
        return True
    return False if DRAFT in said else None
