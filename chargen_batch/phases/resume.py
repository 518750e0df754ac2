"""resume: bring a run from where it is to its end, or to where the service is awaited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chargen_batch.core import resuming
from chargen_batch.core.submission import is_live
from chargen_batch.errors import ExecutionError, ExitCode, ResultsError, StateError, worst
from chargen_batch.phases import apply, cancel, download, poll, stage, submit
from chargen_batch.phases.effects import silent
from chargen_batch.run.runs import lacks_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from chargen_batch.config import Project
    from chargen_batch.errors import BatchError, Problem
    from chargen_batch.model.state import Job, Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory

    StoryLock = Callable[[], AbstractContextManager[None]]


class StepReport(Protocol):
    """What each of the phases returns."""

    @property
    def exit_code(self) -> ExitCode:
        """Return what the phase would end its own command with."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a round went through, and what it returned."""

    command: str
    report: StepReport


@dataclass(frozen=True, slots=True)
class ResumeReport:
    """How far a run has come, by which steps."""

    run_id: str
    phase: Phase
    steps: tuple[Step, ...]
    completed: int
    failed: int
    open: int
    jobs: tuple[Job, ...]
    is_awaited: bool
    exit_code: ExitCode

    @property
    def live_jobs(self) -> int:
        """Return how many jobs the service is at work on."""
        return sum(map(is_live, self.jobs))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what a person should know of the steps, each thing once."""
        told = (getattr(step.report, "warnings", ()) for step in self.steps)
        return tuple(dict.fromkeys(warning for each in told for warning in each))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what in the story's files held entries up."""
        told = (getattr(step.report, "problems", ()) for step in self.steps)
        return tuple(problem for each in told for problem in each)

    @property
    def hint(self) -> str:
        """Return how to go on where a file of the story stands in the way."""
        told = (getattr(step.report, "hint", "") for step in reversed(self.steps))
        return next(filter(None, told), "")


@dataclass(frozen=True, slots=True)
class ResumeChoices:
    """What may be done without asking.

    ``first_ok`` lets the first job of a run be created, ``rehearsal_ok`` the emulator's pictures
    be entered into the story.
    """

    first_ok: bool = False
    rehearsal_ok: bool = False
    lock_timeout_s: float = 0.0


def run(
    run: RunDirectory,
    project: Project,
    connect: Connect,
    *,
    clock: Clock,
    story_held: StoryLock,
    choices: ResumeChoices,
    tell: Tell = silent,
) -> ResumeReport:
    """Go through the commands that a run needs, until only the service is awaited or it has ended.

    Where a job or its results are gone, the others are followed all the same.

    Args:
        run: The run's directory, under its lock.
        project: The project.
        connect: Opens the service.
        clock: The time.
        story_held: Holds the story's lock, for apply.
        choices: What may be done without asking.
        tell: Who is told how far it is, step by step.

    Raises:
        StateError: The next step is the run's first job, and nobody said that it may be paid for.
        BatchError: A step failed; what the others came to is saved.

    """
    round_ = _Round(run, project, connect, clock, story_held, choices, tell)
    state, done = run.state(), set[str]()
    steps: list[Step] = []
    failed: list[BatchError] = []
    while command := _next(run, state, done):
        if command == "submit" and resuming.is_unpaid(state) and not choices.first_ok:
            raise _asks_first(run)
        done.add(command)
        try:
            steps.append(Step(command, round_.step(command)))
        except (ExecutionError, ResultsError) as err:
            failed.append(err)
        before, state = state, run.state()
        done -= resuming.due_again(command, before, state)
    if failed:
        raise failed[0]
    return _report(state, tuple(steps))


def _next(run: RunDirectory, state: RunState, done: set[str]) -> str | None:
    is_reported = not (state.is_finished and lacks_report(run))
    return resuming.next_command(state, done, is_reported=is_reported)


def _asks_first(run: RunDirectory) -> StateError:
    usd = run.plan().cost.batch_usd
    about = "an unknown amount" if usd is None else f"about {usd:.2f} USD"
    return StateError(
        f"run {run.run_id} was never submitted, and submitting it costs {about}",
        hint=f"type: chargen-batch resume --run {run.run_id} --yes",
    )


def _report(state: RunState, steps: tuple[Step, ...]) -> ResumeReport:
    return ResumeReport(
        run_id=state.run_id,
        phase=state.phase,
        steps=steps,
        completed=state.completed_tasks,
        failed=state.failed_tasks,
        open=state.total_tasks - state.completed_tasks - state.failed_tasks - state.reverted_tasks,
        jobs=state.jobs,
        is_awaited=resuming.is_awaited(state),
        exit_code=worst(list(_codes(state, steps))),
    )


def _codes(state: RunState, steps: tuple[Step, ...]) -> Iterator[ExitCode]:
    """Go through what a run's phase and its last step say of how the command ends."""
    if resuming.is_awaited(state):
        yield ExitCode.NOT_READY
    elif steps:
        yield steps[-1].report.exit_code
    if state.phase == "failed":
        yield ExitCode.FAILED
    elif state.is_finished and state.failed_tasks:
        yield ExitCode.SOME_TASKS_FAILED


@dataclass(frozen=True, slots=True)
class _Round:
    """What the steps of a round work with."""

    run: RunDirectory
    project: Project
    connect: Connect
    clock: Clock
    story_held: StoryLock
    choices: ResumeChoices
    tell: Tell

    def step(self, command: str) -> StepReport:
        """Do one command's work."""
        steps: dict[str, Callable[[], StepReport]] = {
            "stage": self._stage,
            "submit": self._submit,
            "cancel": self._cancel,
            "poll": self._poll,
            "download": self._download,
            "apply": self._apply,
            "report": self._report,
        }
        return steps[command]()

    def _poll(self) -> StepReport:
        return poll.run(self.run, self.connect, clock=self.clock, tell=self.tell)

    def _download(self) -> StepReport:
        return download.run(self.run, self.connect, clock=self.clock, tell=self.tell)

    def _report(self) -> StepReport:
        from chargen_batch.phases import report  # noqa: PLC0415 - few rounds make pages

        return report.run(self.run, self.project, self.connect, clock=self.clock, tell=self.tell)

    def _cancel(self) -> StepReport:
        clock, tell = self.clock, self.tell
        return cancel.run(self.run, self.connect, clock=clock, sure=True, gives_up=False, tell=tell)

    def _stage(self) -> StepReport:
        return stage.run(self.run, self.project, self.connect, clock=self.clock, tell=self.tell)

    def _submit(self) -> StepReport:
        return submit.run(
            self.run,
            self.project,
            self.connect,
            clock=self.clock,
            lock_timeout_s=self.choices.lock_timeout_s,
            tell=self.tell,
        )

    def _apply(self) -> StepReport:
        with self.story_held():
            return apply.run(
                self.run,
                self.project,
                clock=self.clock,
                rehearsal_ok=self.choices.rehearsal_ok,
                tell=self.tell,
            )
