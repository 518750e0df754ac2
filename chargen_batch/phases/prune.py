"""cleanup --local: remove the folders of old finished runs from this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import disk
from chargen_batch.core import keeping, state_machine
from chargen_batch.errors import ExitCode
from chargen_batch.phases.effects import silent
from chargen_batch.phases.telling import on_run
from chargen_batch.run import leftovers, lineage, runs, spending
from chargen_batch.run.ledgers import Ledgers

if TYPE_CHECKING:
    from collections.abc import Container

    from chargen_batch.config import Project
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class PruneReport:
    """Whether a run's folder was removed, or would be; ``kept`` says why it was not."""

    run_id: str
    kept: str | None
    dry_run: bool = False
    exit_code: ExitCode = ExitCode.DONE

    @property
    def is_removed(self) -> bool:
        """Say whether the folder is gone."""
        return self.kept is None and not self.dry_run


@dataclass(frozen=True, slots=True)
class PruneChoices:
    """How long ago a run must have ended, and what may go without asking.

    ``sure`` lets a run go that may still have things on the service.
    """

    older_than_days: float = 30.0
    sure: bool = False
    dry_run: bool = False


def candidates(project: Project, choices: PruneChoices, *, clock: Clock) -> list[RunDirectory]:
    """Return the finished runs that ended long enough ago, oldest first.

    What an earlier command left half removed is removed first. A run that cannot be read is kept.
    """
    if project.runs_dir.is_dir() and not choices.dry_run:
        leftovers.sweep(project.runs_dir, now=clock())
    return [
        run
        for run in runs.all_runs(project.runs_dir)
        if _is_old(runs.readable(run), choices, clock)
    ]


def _is_old(state: RunState | None, choices: PruneChoices, clock: Clock) -> bool:
    if state is None or not state.is_finished:
        return False
    return keeping.is_old(state, now=clock(), days=choices.older_than_days)


@on_run("cleanup", is_kept=False)
def run(
    run: RunDirectory,
    project: Project,
    choices: PruneChoices,
    *,
    clock: Clock,
    gone: Container[str] = (),
    ledgers: Ledgers | None = None,
    tell: Tell = silent,  # noqa: ARG001 - on_run tells for it
) -> PruneReport:
    """Remove the folder of a finished run that is old, and that nothing needs any more.

    Its ledger goes with it: what it says of refused and of removed pictures is then not known.

    Args:
        run: The run's directory, under its lock.
        project: The project.
        choices: What may go.
        clock: The time.
        gone: The runs that a dry run would have removed before this one.
        ledgers: What was read of the runs for those before this one.
        tell: Who is told that it begins and ends.

    Raises:
        StateError: The run is not finished.

    """
    state = run.state()
    state_machine.require(state, "cleanup")
    if ledgers is None:
        ledgers = Ledgers(project.runs_dir)
    else:
        ledgers.look()  # others may have come or changed since
    facts = _facts(run, project, gone, ledgers)
    days, sure = choices.older_than_days, choices.sure
    kept = keeping.reason(state, facts, now=clock(), days=days, sure=sure)
    if run.path.is_symlink():
        kept = "its folder is a link"
    if kept is None and not choices.dry_run:
        disk.remove_folder(run.path)
    return PruneReport(run.run_id, kept, dry_run=choices.dry_run)


def _facts(
    run: RunDirectory, project: Project, gone: Container[str], ledgers: Ledgers
) -> keeping.Facts:
    runs_dir = project.runs_dir
    current = runs.select(project.runs_dir, "status").runs
    return keeping.Facts(
        is_current=run.run_id in {each.run_id for each in current},
        retryable=len(lineage.retryable(runs_dir, run, ledgers=ledgers)),
        has_orphans=any(path.is_file() for path in run.orphans_dir.rglob("*")),
        holds_for=lineage.holds_for(runs_dir, run, but=gone, ledgers=ledgers),
        wanted_by=spending.wanted_by(ledgers, run),
    )
