"""revert: take a run's entries and pictures out of the story again where nobody touched them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import state_machine
from chargen_batch.errors import ExitCode
from chargen_batch.phases import settling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.restoring import is_done
from chargen_batch.phases.taking_back import Left, Taker
from chargen_batch.phases.telling import on_run
from chargen_batch.phases.writing_back import PROVIDERS, Writer, by_entity, entity_places
from chargen_batch.story.write_back import Finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chargen_batch.config import Project
    from chargen_batch.errors import Problem
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import Phase
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class RevertReport:
    """Whose results are out of the story, and what was left in it and why.

    ``reverted`` are keys. ``kept`` are pictures that something else in their entity's folder names.
    """

    run_id: str
    phase: Phase
    reverted: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    dry_run: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 where a file of the story stands in the way."""
        return ExitCode.FAILED if self.problems else ExitCode.DONE


@on_run("revert")
def run(
    run: RunDirectory,
    project: Project,
    *,
    clock: Clock,
    dry_run: bool = False,
    tell: Tell = silent,  # noqa: ARG001 - on_run tells for it
) -> RevertReport:
    """Go through the run's entities: entries first, then pictures, then what the ledger says.

    Killed anywhere and run again it ends as if it had never been killed. What is out counts as
    never drawn, and stays paid for.

    Args:
        run: The run's directory, under its lock.
        project: The project, its story under its lock.
        clock: The time.
        dry_run: Whether to say only what would be done; ``seen`` says it as well.
        tell: Who is told that it begins and ends.

    Raises:
        StateError: The run is not completed.
        DocumentError: The plan or the tasks were changed after the run was made.

    """
    return _gone_through(run, project, None if dry_run else clock)


def seen(run: RunDirectory, project: Project) -> RevertReport:
    """Say what would be taken out, before anybody agrees to it; nobody is told of this."""
    return _gone_through(run, project, None)


def _gone_through(run: RunDirectory, project: Project, clock: Clock | None) -> RevertReport:
    """Take out what is taken out; without a clock, only look."""
    state, dry_run = run.state(), clock is None
    if not state_machine.require(state, "revert"):
        return RevertReport(state.run_id, state.phase, dry_run=dry_run)
    run.check_tasks(run.check_plan(state))
    known, provider = settling.ledger(run), PROVIDERS[state.config.backend]
    taker = Taker(run, Writer(project, entity_places(project), state.run_id, provider), dry_run)
    done: list[str] = []
    for finished in by_entity(_in_story(run, known)):
        out = taker.take_out(finished)
        done += (each.task.key for each in out)
        if not dry_run:
            run.add_outcomes(_reverted(known[each.task.key], each) for each in out)
    if clock and (now := settling.counted(run, state)) != state:
        run.save(msgspec.structs.replace(now, updated_at=iso(clock())))
    return RevertReport(
        state.run_id,
        state.phase,
        tuple(done),
        tuple(taker.left),
        tuple(taker.kept),
        tuple(dict.fromkeys(taker.problems)),
        dry_run,
    )


def _in_story(run: RunDirectory, known: Mapping[str, TaskResult]) -> Iterator[Finished]:
    for task in run.tasks():
        outcome = known.get(task.key)
        if outcome and is_done(outcome):
            yield Finished(task, outcome.pictures, outcome.at, outcome.analysis_json)


def _reverted(outcome: TaskResult, done: Finished) -> TaskResult:
    return msgspec.structs.replace(
        outcome,
        stage="reverted",
        image_path=done.pictures[0].path if done.pictures else None,
        pictures=done.pictures,
    )
