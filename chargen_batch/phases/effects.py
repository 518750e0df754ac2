"""What a phase is given of the world: the time, the service, and whom to tell how far it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen_batch.model.events import Event
    from chargen_batch.service.api import BatchService

Clock = Callable[[], datetime]
# Called when a phase first needs the service, and not before: a command whose work is done needs
# neither a key nor a network.
Connect = Callable[[], "BatchService"]
# Called with each event, also by the threads of a phase: see ``telling.one_at_a_time``.
Tell = Callable[["Event"], None]


def silent(_event: Event) -> None:
    """Tell nobody."""


def iso(moment: datetime) -> str:
    """Return a moment as the documents have it: UTC, to the second, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """Return the moment that a document names."""
    return datetime.fromisoformat(text)
