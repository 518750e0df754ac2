"""Which state a target is in, and why (docs/story-format.md, "New, changed, done")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core.differences import differences
from chargen_batch.core.task_key import keyed
from chargen_batch.model.history import name_of
from chargen_batch.model.target import DEAD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.core.differences import Difference
    from chargen_batch.model.history import History
    from chargen_batch.model.target import Entry, Target, TargetState
    from chargen_batch.model.task import BatchTask

EMULATOR = "emulator"


@dataclass(frozen=True, slots=True)
class Finding:
    """A target's state, its reason in words, and what differs where it changed.

    ``was`` is the entry that it is compared with.
    """

    state: TargetState
    reason: str
    differs: tuple[Difference, ...] = ()
    was: Entry | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one target: the task that would draw it, its entries, what runs say.

    ``entries`` and ``former`` are those that count on this backend: a rehearsal never passes for
    the real thing.
    """

    target: Target
    task: BatchTask
    history: History
    entries: tuple[Entry, ...]
    former: tuple[Entry, ...]

    @classmethod
    def of(cls, target: Target, task: BatchTask, history: History, *, rehearsal: bool) -> Facts:
        """Return the facts for a backend that is the emulator, ``rehearsal``, or is not."""

        def counting(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
            return tuple(entry for entry in entries if (entry.provider == EMULATOR) == rehearsal)

        return cls(target, task, history, counting(target.entries), counting(target.former))

    def has(self, entry: Entry) -> bool:
        """Say whether an entry's picture is what this task would draw, whatever its id."""
        return entry.is_live and with_variant(self.task, entry.variant).key_hash == entry.key_hash

    @property
    def next_variant(self) -> int:
        """Return one more than the highest variant that an entry or a run has for the target."""
        ran = self.history.highest.get(name_of(self.target), 0)
        return max(highest_variant(self.target.entries), ran) + 1

    @property
    def lost_variant(self) -> int | None:
        """Return the variant of the newest entry where only its file is gone: it is drawn anew."""
        highest = highest_variant(self.entries)
        return highest if highest and highest + 1 == self.next_variant else None


def find(facts: Facts) -> Finding:
    """Return the state of a target: the first rule that has something to say decides."""
    found = (rule(facts) for rule in _RULES)
    return next((each for each in found if each), Finding("new", "it has no picture"))


def _held(facts: Facts) -> Finding | None:
    holder = facts.history.in_flight.get(name_of(facts.target))
    return Finding("in_flight", f"run {holder} holds it") if holder else None


def _done(facts: Facts) -> Finding | None:
    own = next((entry for entry in facts.entries if facts.has(entry)), None)
    return Finding("done", "its picture is there", was=own) if own else None


def _changed(facts: Facts) -> Finding | None:
    live = [entry for entry in facts.entries if entry.is_live]
    if not live:
        return None
    newest = max(live, key=lambda entry: entry.variant)
    found = differences(facts.task, newest.drawn_from)
    words = " and ".join(told for _, told in found)
    reason = f"changed since: {words}" if words else "what it was drawn from is not recorded"
    return Finding("changed", reason, tuple(kind for kind, _ in found), newest)


def _removed(facts: Facts) -> Finding | None:
    drawn = facts.history.drawn.get(name_of(facts.target))
    if drawn is None or not drawn.is_there:
        return None
    if drawn.variant <= highest_variant(facts.target.entries):
        return None
    reason = f"run {drawn.run_id} drew it and its entry was taken out; delete the picture as well"
    return Finding("removed", f"{reason} to have it drawn again")


def _rejected(facts: Facts) -> Finding | None:
    if any(entry.status in DEAD_STATUSES for entry in facts.entries):
        return Finding("rejected", "its pictures were all rejected")
    return None


def _renamed(facts: Facts) -> Finding | None:
    old = next((entry for entry in facts.former if facts.has(entry)), None)
    if old is None or facts.entries:
        return None
    reason = f"it was called {old.target_id}, and its picture is there; give that entry its new id"
    return Finding("renamed", reason, was=old)


def _made_elsewhere(facts: Facts) -> Finding | None:
    if facts.entries or not facts.target.others:
        return None
    live = [picture for picture in facts.target.others if picture.is_live]
    if not live:
        return Finding("rejected", "the pictures that another tool made were all rejected")
    reason = f"another tool made {live[-1].path} ({live[-1].named_by} names it)"
    return Finding("changed", reason, ("tool",))


_RULES: Final = (_held, _done, _changed, _removed, _rejected, _renamed, _made_elsewhere)


def variant_of(facts: Facts, finding: Finding) -> int:
    """Return the variant to draw: the next one, or again the one whose file alone is gone."""
    lost = facts.lost_variant if finding.state == "new" else None
    return lost or facts.next_variant


def refused(task: BatchTask, history: History) -> Finding | None:
    """Say where this very task was refused for good."""
    refusal = history.refused.get(task.key)
    if refusal is None:
        return None
    return Finding("refused", f"this very request ended in {refusal.code} in run {refusal.run_id}")


def highest_variant(entries: Sequence[Entry]) -> int:
    """Return the highest variant of entries; 0 where there are none."""
    return max((entry.variant for entry in entries), default=0)


def with_variant(task: BatchTask, variant: int) -> BatchTask:
    """Return the task as its n-th variant, with that one's key."""
    if task.variant == variant and task.key:
        return task
    return keyed(msgspec.structs.replace(task, variant=variant))
