"""What a phase is given of the world: the time and the service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen_batch.service.api import BatchService

Clock = Callable[[], datetime]
# Called when a phase first needs the service, and not before: a command whose work is done needs
# neither a key nor a network.
Connect = Callable[[], "BatchService"]


def iso(moment: datetime) -> str:
    """Return a moment as the documents have it: UTC, to the second, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """Return the moment that a document names."""
    return datetime.fromisoformat(text)
