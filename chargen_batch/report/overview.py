"""What the head of a run's page says: the summary, its cost, its times, its dead letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.report.advice import Letters, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.model.report import BatchReport

# What a run does in each phase that it may be in for long.
_PHASES: Final[dict[str, str]] = {
    "planned": "waiting to be staged",
    "staging": "bringing references and requests to the service",
    "staged": "waiting to be submitted",
    "submitted": "waiting to be looked at",
    "running": "at work on the service",
    "downloading": "fetching the results",
    "applying": "writing pictures and entries",
}


@dataclass(frozen=True, slots=True)
class PhaseTime:
    """How long a run was in a phase, and what part of its whole time that is."""

    phase: str
    what: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Share:
    """How many tasks are in a state, and where their part of a bar of 100 begins and ends."""

    state: str
    word: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Overview:
    """A run's report with what only the page tells.

    ``warnings`` are of the run, not of single tasks; ``spent_usd`` is by what the service counted,
    ``unpriced`` tasks not included; ``pages`` says where a failed task is, if not on this page.
    """

    report: BatchReport
    warnings: tuple[str, ...] = ()
    spent_usd: float | None = None
    unpriced: int = 0
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_rehearsal(self) -> bool:
        """Say whether nothing of it was paid for."""
        return self.report.config.backend == "emulator"

    @property
    def verb(self) -> str:
        """Return what is done with its tasks."""
        return "analysed" if self.report.config.mode == "analyze" else "drawn"

    @property
    def letters(self) -> tuple[Letters, ...]:
        """Return its dead letters by reason."""
        return grouped(self.report.failures, self.report.run_id, self.pages)

    @property
    def times(self) -> tuple[PhaseTime, ...]:
        """Return how long it was in each phase that it has left."""
        phases = self.report.timing.phases
        whole = sum(phases.values()) or 1.0
        return tuple(
            PhaseTime(phase, _PHASES.get(phase, ""), seconds, round(seconds / whole, 4))
            for phase, seconds in phases.items()
        )

    @property
    def shares(self) -> tuple[Share, ...]:
        """Return how many tasks are in each state."""
        return tuple(self._shares())

    def _shares(self) -> Iterator[Share]:
        summary, start = self.report.summary, 0.0
        counts = (
            ("done", "done", summary.success),
            ("failed", "failed", summary.failed),
            ("open", "open", summary.open),
            ("reverted", "taken out again", summary.reverted),
        )
        for state, word, count in counts:
            width = round(100 * count / (summary.total or 1), 3)
            yield Share(state, word, count, round(start, 3), width)
            start += width
