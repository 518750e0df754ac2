"""What is told of a run wherever runs are told of: in detail, and in a line of the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from chargen_batch.config import model_facts
from chargen_batch.phases.effects import parse_iso
from chargen_batch.run import expenses

if TYPE_CHECKING:
    from datetime import datetime

    from chargen_batch.config import Project
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run is, and how far it has come.

    ``reverted`` tasks were taken out of the story again. ``estimate_usd`` and ``spent_usd`` are by
    batch, ``spent_usd`` of the ``unpriced`` tasks not known; a rehearsal's are what the real thing
    would cost.
    """

    run_id: str
    phase: Phase
    mode: str
    scope: str
    model: str
    backend: str
    created_at: str
    age_s: float
    parent_run_id: str | None
    total: int
    completed: int
    failed: int
    reverted: int
    estimate_usd: float | None
    spent_usd: float
    unpriced: int

    @classmethod
    def of(
        cls,
        run: RunDirectory,
        state: RunState,
        project: Project,
        *,
        now: datetime,
        **more: Any,  # noqa: ANN401 - what a kind of facts has beside these
    ) -> Self:
        """Read what is told of a run; its tasks are read only where some have ended, for prices.

        Raises:
            DocumentError: A document of the run is damaged.

        """
        spent = expenses.of_run(run, facts=lambda model: model_facts(project.settings, model))
        return cls(
            run_id=state.run_id,
            phase=state.phase,
            mode=state.config.mode,
            scope=state.config.scope,
            model=state.config.model,
            backend=state.config.backend,
            created_at=state.created_at,
            age_s=(now - parse_iso(state.created_at)).total_seconds(),
            parent_run_id=state.parent_run_id,
            total=state.total_tasks,
            completed=state.completed_tasks,
            failed=state.failed_tasks,
            reverted=state.reverted_tasks,
            estimate_usd=run.plan().cost.batch_usd,
            spent_usd=spent.usd,
            unpriced=spent.unpriced,
            **more,
        )

    @property
    def open(self) -> int:
        """Return how many tasks have not ended."""
        return self.total - self.completed - self.failed - self.reverted
