"""A project that a program works with, and what it plans."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chargen_batch import config
from chargen_batch.api.refused import refused_by_the_system
from chargen_batch.api.run import Run
from chargen_batch.api.session import Session, suffix
from chargen_batch.core import asked_for
from chargen_batch.errors import StateError
from chargen_batch.model.plan import Scope
from chargen_batch.phases.effects import silent
from chargen_batch.run import resumable, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from chargen_batch.core.planning import Verdict
    from chargen_batch.model.events import Event
    from chargen_batch.model.plan import CostEstimate, SkipBy
    from chargen_batch.model.settings import Backend, Settings
    from chargen_batch.model.task import BatchTask, TaskKind
    from chargen_batch.phases.plan import Draft, PlanReport
    from chargen_batch.phases.plan_choices import PlanChoices
    from chargen_batch.phases.validate import ValidateReport
    from chargen_batch.story.prompt.context import PromptMode


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be drawn: looked up, decided on and priced, and not written yet."""

    report: PlanReport
    _session: Session = field(repr=False, compare=False)
    _choices: PlanChoices = field(repr=False, compare=False)
    _draft: Draft = field(repr=False, compare=False)

    @property
    def targets(self) -> Sequence[Verdict]:
        """Return every target that was looked at, with its state, why, and whether it is drawn."""
        return self.report.verdicts

    @property
    def tasks(self) -> tuple[BatchTask, ...]:
        """Return the tasks of the run that would be written, in its order."""
        return tuple(verdict.task for verdict in self.report.planned)

    @property
    def cost(self) -> CostEstimate:
        """Return what it is expected to cost, in USD."""
        return self.report.cost

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what a person should know of it."""
        return self.report.warnings

    def write(self) -> Run | None:
        """Write the run that was looked at, to the letter; ``None`` where there is nothing to do.

        Each call writes a run of its own.
        """
        from chargen_batch.phases import plan as phase
        from chargen_batch.run.directory import RunDirectory

        session = self._session
        with refused_by_the_system():
            written = phase.write(
                session.project,
                self._choices,
                self._draft,
                clock=session.clock,
                suffix=suffix,
                tell=session.tell,
            )
        if written.run_id is None:
            return None
        return Run(session, RunDirectory(session.project.runs_dir / written.run_id))


class Project:
    """A project: its story, its settings, its runs.

    It is for one thread at a time; open another one for another thread. What it opened (a client
    of the service, the embedded emulator) is closed by ``close``, or at the end of a ``with``; it
    may be used after that, and opens what it needs anew.
    """

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        *,
        backend: Backend | None = None,
        lock_timeout_s: float = 0.0,
        on_event: Callable[[Event], None] = silent,
    ) -> Self:
        """Open a project; neither a key nor a network is needed before a phase that uses them.

        Args:
            folder: The project's folder; by default the one that the current folder is in.
            backend: The service to talk to; by default what the settings say, and for a run the
                one that it was planned for.
            lock_timeout_s: How long to wait for another process that holds a run or the story.
            on_event: Called with each event, one at a time, from whichever thread is at work.

        Raises:
            ConfigError: There is no such folder, or its settings do not hold.

        """
        with refused_by_the_system():
            root = config.find_project(Path.cwd()) if folder is None else Path(folder)
            return cls(Session(root, backend=backend, lock_timeout_s=lock_timeout_s, tell=on_event))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r})"

    def close(self) -> None:
        """Close what was opened."""
        self._session.close()

    @property
    def root(self) -> Path:
        """Return the project's folder."""
        return self._session.project.root

    @property
    def settings(self) -> Settings:
        """Return the settings as they were when the project was opened."""
        return self._session.project.settings

    def validate(self, *, scope: Scope = "all", only: Sequence[str] = ()) -> ValidateReport:
        """Check the configuration and every file of the story.

        Raises:
            ConfigError: There is no such scope, or ``only`` is a single word.

        """
        from chargen_batch.phases import validate as phase

        asked_for.hold("scope", scope, Scope)
        with refused_by_the_system():
            return phase.run(self.root, os.environ, scope=scope, only=asked_for.globs("only", only))

    def plan(  # noqa: PLR0913 - one a choice, as the command has options
        self,
        *,
        scope: Scope = "all",
        mode: TaskKind = "generate",
        only: Sequence[str] = (),
        target: str | None = None,
        image_type: str | None = None,
        portraits: bool = False,
        variants: int = 1,
        prompt_mode: PromptMode = "auto",
        model: str | None = None,
        aspect_ratio: str | None = None,
        image_size: str | None = None,
        max_tasks: int | None = None,
        skip: SkipBy = "target",
        retry_refused: bool = False,
        skip_invalid: bool = False,
        max_cost_usd: float | None = None,
    ) -> Plan:
        """Find what the story asks for and is not drawn yet; nothing is written, and nobody called.

        The choices are those of ``chargen-batch plan`` (see its help), by the same names.

        Raises:
            PlanningError: The story's files have problems, or it would cost more than it may.
            ConfigError: The model does not offer what is asked for, or there is no such choice.

        """
        from chargen_batch.phases import plan as phase

        choices = phase.PlanChoices(
            scope=scope,
            mode=mode,
            only=asked_for.globs("only", only),
            target=target,
            image_type=image_type,
            portraits=portraits,
            variants=variants,
            prompt_mode=prompt_mode,
            model=model,
            aspect_ratio=aspect_ratio,
            image_size=image_size,
            max_tasks=max_tasks,
            skip=skip,
            retry_refused=retry_refused,
            skip_invalid=skip_invalid,
            max_cost_usd=max_cost_usd,
        )
        with refused_by_the_system():
            draft = phase.drafted(self._session.project, choices, tell=self._session.tell)
        return Plan(draft.report, self._session, choices, draft)

    def runs(self) -> tuple[Run, ...]:
        """Return every run, oldest first."""
        with refused_by_the_system():
            found = runs.all_runs(self._session.project.runs_dir)
        return tuple(Run(self._session, each) for each in found)

    def unfinished(self) -> tuple[Run, ...]:
        """Return the runs that ``resume`` would go on with, oldest first."""
        with refused_by_the_system():
            found = resumable.every(self._session.project.runs_dir)
        return tuple(Run(self._session, each) for each in found.all)

    def run(self, run_id: str | None = None) -> Run:
        """Return a run by its id, or the one that was planned last.

        Raises:
            StateError: There is none.

        """
        with refused_by_the_system():
            found = runs.select(self._session.project.runs_dir, "status", run_id)
        if not found.runs:
            raise StateError(f"there is no current run: {found.note}")
        return Run(self._session, found.runs[0])
