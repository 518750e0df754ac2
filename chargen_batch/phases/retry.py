"""retry: make a run of a finished run's dead letters that are worth sending again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.config import model_facts
from chargen_batch.core import cost, retrying, state_machine
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import ExitCode
from chargen_batch.model.history import name_in, name_of
from chargen_batch.model.plan import BatchPlan, PlanSummary
from chargen_batch.phases import money
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.telling import on_run
from chargen_batch.run import history, lineage, runs
from chargen_batch.run.ledgers import Ledgers, dead
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from chargen_batch.config import Project
    from chargen_batch.core.retrying import Left
    from chargen_batch.model.history import TargetName
    from chargen_batch.model.outcome import TaskError
    from chargen_batch.model.plan import RunConfig
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.model.target import Target
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory


@dataclass(frozen=True, slots=True)
class RetryReport:
    """The run that was made of another's dead letters: ``child`` is ``None`` where none was.

    With nothing ``retried`` it is one that an earlier retry made, and that was not begun yet.
    ``left`` counts by reason what could be sent again and is not, ``refused`` by error code what
    sending again cannot help.
    """

    run_id: str
    child: str | None
    retried: int
    left: dict[Left, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    warnings: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE

    @property
    def phase(self) -> Phase | None:
        """Return the phase that the new run is in."""
        return "planned" if self.child else None


def candidates(project: Project, codes: Sequence[str] = ()) -> list[RunDirectory]:
    """Return the finished runs with dead letters that no later run holds, oldest first.

    Args:
        project: The project.
        codes: Only dead letters with these error codes count; none means all.

    Raises:
        DocumentError: A run cannot be read, so it is not known what it holds.

    """
    ledgers = Ledgers(project.runs_dir)
    return [
        said.run
        for said in ledgers.runs
        if said.state.is_finished
        and _may_have_failed(said.state)
        and any(
            not codes or error.code in codes
            for error in lineage.retryable(project.runs_dir, said.run, ledgers=ledgers).values()
        )
    ]


def _may_have_failed(state: RunState) -> bool:
    """Say whether a finished run can have dead letters: only a completed one is counted up."""
    return state.phase != "completed" or state.failed_tasks > 0


def unsent(project: Project) -> list[RunDirectory]:
    """Return the runs of whose dead letters a run was made that was not begun, oldest first."""
    known = runs.all_runs(project.runs_dir)
    states = [state for state in map(runs.readable, known) if state]
    parents = {state.parent_run_id for state in states if state.phase == "planned"}
    return [run for run in known if run.run_id in parents]


@on_run("retry")
def run(
    run: RunDirectory,
    project: Project,
    *,
    clock: Clock,
    suffix: Callable[[], str],
    codes: Sequence[str] = (),
    tell: Tell = silent,  # noqa: ARG001 - on_run tells for it
) -> RetryReport:
    """Make a child run of the dead letters that may be sent again, with the same keys.

    What another run holds or has drawn since, and what the story asks for otherwise now, is left
    out. The parent stays as it is. Where nothing is left, a child that was not begun is named
    again: so what a killed retry has made is found.

    Args:
        run: The finished run, under its lock, so that two retries never take the same.
        project: The project and its settings.
        clock: The time.
        suffix: Makes the random end of a run id.
        codes: Only dead letters with these error codes; none means all.
        tell: Who is told that it begins and ends.

    Raises:
        StateError: The run is not finished.
        DocumentError: The plan or the tasks were changed after the run was made.
        PlanningError: It would cost more than it may.

    """
    state = run.state()
    state_machine.require(state, "retry")
    ended = dead(run)
    refused = Counter(error.code for error in ended.values() if not error.retryable)
    may_help = {key: error for key, error in ended.items() if error.retryable}
    known = _known(run, project, state.config, may_help) if may_help else None
    tasks, left = _judged(run, project, state, may_help, codes, known) if known else ([], {})
    report = RetryReport(run.run_id, None, len(tasks), left, dict(refused))
    if not tasks or not known:
        return dataclasses.replace(report, child=_made_before(run, project))
    estimate = cost.total(task.estimate for task in tasks)
    backend = state.config.backend
    money.hold(_on(project, backend), state.config.max_cost_usd, tasks, estimate)
    warnings = tuple(money.warnings(tasks))
    now = clock()
    plan = BatchPlan(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{suffix()}",
        created_at=iso(now),
        parent_run_id=run.run_id,
        config=state.config,
        summary=_summary(tasks),
        warnings=warnings,
        task_count=len(tasks),
        cost=estimate,
        known_runs=known.history.ended,
    )
    runs.make(project.runs_dir, plan, state_machine.first(plan), tasks)
    return dataclasses.replace(
        report, child=plan.run_id, cost_usd=estimate.batch_usd, warnings=warnings
    )


def _made_before(run: RunDirectory, project: Project) -> str | None:
    """Let the run be current that an earlier retry made: it may have been killed before that."""
    child = lineage.planned_child(project.runs_dir, run)
    if child is None:
        return None
    runs.set_current(project.runs_dir, child.run_id)
    return child.run_id


def _judged(
    run: RunDirectory,
    project: Project,
    state: RunState,
    may_help: Mapping[str, TaskError],
    codes: Sequence[str],
    known: retrying.Known,
) -> tuple[list[BatchTask], dict[Left, int]]:
    """Return the tasks to send again, in plan order, and how many are left out and why."""
    run.check_tasks(run.check_plan(state))
    held = lineage.holders(project.runs_dir, run, may_help)
    tasks: list[BatchTask] = []
    left: Counter[Left] = Counter()
    for task in _of(run, may_help):
        if codes and may_help[task.key].code not in codes:
            left["code"] += 1
        elif task.key in held:
            left["held"] += 1
        elif why := known.left(task):
            left[why] += 1
        else:
            tasks.append(msgspec.structs.replace(task, attempt=task.attempt + 1))
    return tasks, dict(left)


def _of(run: RunDirectory, keys: Container[str]) -> Iterator[BatchTask]:
    return (task for task in run.tasks() if task.key in keys)


def _known(
    run: RunDirectory, project: Project, config: RunConfig, may_help: Iterable[str]
) -> retrying.Known:
    rehearsal = config.backend == EMULATOR
    past = history.read(project.runs_dir, project.root, rehearsal=rehearsal, kind=config.mode)
    asked = {name_in(key) for key in may_help}
    targets = _targets(project, config, asked) if config.mode == "generate" else None
    return retrying.Known(run.run_id, config.backend, past, targets)


def _targets(
    project: Project, config: RunConfig, asked: Container[TargetName]
) -> dict[TargetName, Target]:
    """Return what the story asks for now of some targets, where the run had found them."""
    found = scan(
        project.root,
        project.settings,
        facts=model_facts(project.settings, config.model),
        scope=config.scope,
        only=config.entity_filter,
        cache=StoryCache(project.root),
        prompt_mode=config.prompt_mode,
        portraits=config.portraits,
    )
    named = ((name_of(target), target) for target in found.targets)
    return {name: target for name, target in named if name in asked}


def _on(project: Project, backend: str) -> Project:
    """Return the project with a run's own backend: its cap is held against runs on the same one."""
    batch = msgspec.structs.replace(project.settings.batch, backend=backend)
    settings = msgspec.structs.replace(project.settings, batch=batch)
    return dataclasses.replace(project, settings=settings)


def _summary(tasks: Sequence[BatchTask]) -> PlanSummary:
    first = {(task.entity_type, task.entity_slug, task.target_id): task for task in tasks}
    kinds = Counter[str](task.entity_type for task in first.values())
    return PlanSummary(by_entity_type=dict(kinds), by_state={"retried": len(first)})
