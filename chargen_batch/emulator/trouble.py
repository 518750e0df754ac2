"""All that an emulator can be told to do otherwise than well, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.quota import Quotas

if TYPE_CHECKING:
    from chargen_batch.emulator.faults import Fault

LONGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Lists:
    """How the lists lag: a new job is missing in so many listings, and for so many seconds.

    A listing is one through all pages; `page_size` is the most items of a page, whatever is asked.
    """

    late_listings: int = 0
    late_s: float = 0.0
    page_size: int = LONGEST_PAGE

    def __post_init__(self) -> None:
        if self.page_size < 1:
            raise ValueError("page_size must be at least 1")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, and how long things take.

    `faults` are the queues that processes share, by method. `latency_s` maps a glob on methods to
    seconds, the first match counting. `gone` maps a glob on display names to how many of the files
    that are uploaded under such a name are gone as soon as they are there.
    """

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    latency_s: dict[str, float] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    behaviour: Behaviour = field(default_factory=Behaviour)
    gone: dict[str, int] = field(default_factory=dict)
    lists: Lists = field(default_factory=Lists)
    quotas: Quotas = field(default_factory=Quotas)

    def latency(self, method: str) -> float:
        """Give the seconds that every answer of a method takes."""
        matches = (s for glob, s in self.latency_s.items() if fnmatchcase(method, glob))
        return next(matches, 0.0)
