"""What cleanup --local decides: whether a finished run may be removed from this machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen_batch.model.state import RunState


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides whether a run may go, beside its state.

    ``retryable`` counts its dead letters that no later run holds; ``holds_for`` is an older run of
    which it holds some: without this one, these would seem to be nobody's. ``wanted_by`` is an
    unfinished run that was planned before it had drawn what that one wants too.
    """

    is_current: bool
    retryable: int
    has_orphans: bool
    holds_for: str | None
    wanted_by: str | None = None


def is_old(state: RunState, *, now: datetime, days: float) -> bool:
    """Say whether a run ended more than so many days ago."""
    ended = datetime.fromisoformat(state.completed_at or state.updated_at)
    return now - ended >= timedelta(days=days)


def reason(state: RunState, facts: Facts, *, now: datetime, days: float, sure: bool) -> str | None:
    """Say why a run is kept, ``None`` where it may go.

    Args:
        state: The state of a run that is finished.
        facts: What else is known of it.
        now: The time.
        days: How long ago it must have ended.
        sure: Whether it may go with things of it still on the service.

    """
    reasons = (
        (not is_old(state, now=now, days=days), f"it ended less than {days:g} day(s) ago"),
        (facts.is_current, "it is the run that was planned last"),
        (
            state.cleaned_at is None and not sure,
            "it may have things on the service (type: chargen-batch cleanup, or give --yes)",
        ),
        (
            facts.retryable > 0,
            f"{facts.retryable} dead letter(s) could be sent again (type: chargen-batch retry)",
        ),
        (facts.has_orphans, "there are pictures in its orphans/"),
        (
            facts.holds_for is not None,
            f"it says what became of dead letters of run {facts.holds_for}, which is kept",
        ),
        (
            facts.wanted_by is not None,
            f"the older run {facts.wanted_by} would pay for pictures of it again (cancel that one)",
        ),
    )
    return next((why for holds, why in reasons if holds), None)
