"""poll: ask the service how the live jobs are doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import (
    backends,
    giving_up,
    jobs,
    limits,
    polling,
    state_machine,
    submission,
)
from chargen_batch.errors import ExecutionError, ExitCode, ServiceError, StateError
from chargen_batch.model.events import JobSeen
from chargen_batch.model.state import EndedJob, LostJob, StagedJob, WaitingJob
from chargen_batch.phases import binding, settling, telling
from chargen_batch.phases.effects import iso, silent

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from chargen_batch.core.polling import JobAge
    from chargen_batch.model.state import Job, Phase, RunningJob, RunState
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

_GONE = 404


@dataclass(frozen=True, slots=True)
class PollReport:
    """What the jobs of a run are now.

    ``ages`` are those of the live jobs, oldest first. ``was_over`` says that there was nothing to
    ask about: the run had been polled to its end before.
    """

    run_id: str
    phase: Phase
    jobs: tuple[Job, ...]
    warnings: tuple[str, ...] = ()
    asked: int = 0
    ages: tuple[JobAge, ...] = ()
    was_over: bool = False
    is_cancelling: bool = False

    @property
    def live(self) -> int:
        """Return how many jobs are still at work."""
        return sum(submission.is_live(job) for job in self.jobs)

    @property
    def waiting(self) -> int:
        """Return how many jobs are still to be created, or may have been."""
        return sum(
            isinstance(job, WaitingJob | StagedJob) and not hasattr(job, "batch_job_name")
            for job in self.jobs
        )

    @property
    def may_submit(self) -> bool:
        """Say whether jobs wait for which there may be room: others have ended."""
        ended = any(isinstance(job, EndedJob | LostJob) for job in self.jobs)
        return bool(self.waiting) and (ended or not self.live) and not self.is_cancelling

    @property
    def may_download(self) -> bool:
        """Say whether results are ready while other jobs are at work."""
        ready = any(type(job) is EndedJob for job in self.jobs)
        return ready and self.phase == "running"

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while jobs are not done, 1 for a run that this poll found to have failed."""
        if self.phase == "failed" and not self.was_over:
            return ExitCode.FAILED
        return ExitCode.NOT_READY if self.phase == "running" else ExitCode.DONE


@telling.on_run("poll")
def run(
    run: RunDirectory,
    connect: Connect,
    *,
    clock: Clock,
    give_up: Sequence[str] = (),
    tell: Tell = silent,
) -> PollReport:
    """Ask once about each live job, saving after each.

    Args:
        run: The run's directory, under its lock.
        connect: Opens the service.
        clock: The time.
        give_up: Jobs (by number or name) that are lost where the service no longer has them, or has
            no results of them though they have ended.
        tell: Who is told how far it is.

    Raises:
        StateError: The run has no jobs yet, or not such a one, or belongs to another service.
        ExecutionError: The service no longer has a job; the others were asked all the same.
        ServiceError: The service refused.
        NetworkError: The service was not reached.

    """
    state = run.state()
    if not state_machine.require(state, "poll"):
        return PollReport(state.run_id, state.phase, state.jobs, was_over=True)
    given_up = _given_up(state, give_up)
    live = [job for job in state.jobs if submission.is_live(job)]
    gone = []
    if live:
        service, state = binding.connected(run, state, connect, clock=clock)
        if state.phase == "submitted":
            state = run.save(state_machine.moved(state, "running", at=iso(clock()), command="poll"))
        asking = _Asking(run, service, clock, tell, given_up)
        done, total = polling.requests_done(state.jobs)
        counted = telling.Tally(tell, state.run_id, "jobs", "tasks", total, done=done)
        counted.begin()
        for job in live:
            try:
                state = asking.about(state, job)
            except ServiceError as err:
                if err.http_status != _GONE:
                    raise
                if job.index in given_up and err.google:
                    state = _lose(run, state, job, at=iso(clock()))
                else:
                    gone.append(job)
            counted.reach(polling.requests_done(state.jobs)[0], f"job {job.index}")
    state = _advance(run, state, at=iso(clock()))
    if gone:
        raise _gone(state, gone)
    return _report(state, clock, asked=len(live), given_up=given_up)


def _given_up(state: RunState, names: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the jobs to give up; only such as live can be gone."""
    numbers = giving_up.chosen(state, names)
    for job in state.jobs:
        if job.index in numbers and not submission.is_live(job):
            given = giving_up.command("download", state.run_id, [job])
            ended = isinstance(job, EndedJob)
            raise StateError(
                f"job {job.index} of run {state.run_id} is not at work on the service",
                hint=f"if its results are gone, type: {given}" if ended else "",
            )
    return numbers


@dataclass(frozen=True, slots=True)
class _Asking:
    """The questions of one poll."""

    run: RunDirectory
    service: BatchService
    clock: Clock
    tell: Tell
    give_up: Container[int]

    def about(self, state: RunState, job: RunningJob) -> RunState:
        """Ask about one job, tell what the service says, and save what it is now."""
        name, moment = job.batch_job_name, self.clock()
        at = iso(moment)
        seen = self.service.get_job(name)
        self.tell(
            JobSeen(
                run_id=state.run_id,
                index=job.index,
                name=name,
                state=seen.state,
                counts=seen.counts,
                age_s=polling.age(job, now=moment, life_h=_life_h(state)).age_s,
                error=seen.error,
            )
        )
        now = polling.observed(job, seen, at=at)
        if job.index in self.give_up and polling.is_without_results(now):
            now = polling.given_up(now, at=at)
            self.run.log(at, "given up", name=name, code=now.code)
        return state if now == job else self.run.save(state_machine.with_job(state, now, at=at))


def _lose(run: RunDirectory, state: RunState, job: RunningJob, *, at: str) -> RunState:
    run.log(at, "given up", name=job.batch_job_name, code=giving_up.JOB_GONE)
    error = "the service no longer has it, and it was given up"
    now = jobs.lost(job, code=giving_up.JOB_GONE, error=error, at=at)
    return run.save(state_machine.with_job(state, now, at=at))


def _gone(state: RunState, gone: Sequence[RunningJob]) -> ExecutionError:
    names = ", ".join(job.batch_job_name for job in gone)
    return ExecutionError(
        f"the service no longer has {names} of run {state.run_id}",
        job=gone[0].batch_job_name,
        hint=f"{backends.words(state.config.backend).are_they_there} the other jobs were asked; "
        f"to go on without, type: {giving_up.command('poll', state.run_id, gone)}",
    )


def _advance(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Move the run to the phase that its jobs put it in; a run without any result is settled."""
    if state.phase == "submitted":
        state = run.save(state_machine.moved(state, "running", at=at, command="poll"))
    phase = state_machine.phase_after_poll(state.jobs)
    if phase == state.phase:
        return state
    if phase == "failed":
        return settling.fail(run, state, at=at, command="poll")
    run.log(at, "phase", before=state.phase, after=phase)
    return run.save(state_machine.moved(state, phase, at=at, command="poll"))


def _life_h(state: RunState) -> float:
    return limits.of(state.config.backend).job_life_h


def _report(state: RunState, clock: Clock, *, asked: int, given_up: frozenset[int]) -> PollReport:
    life_h, live = _life_h(state), filter(submission.is_live, state.jobs)
    found = [polling.age(job, now=clock(), life_h=life_h) for job in live]
    ages = tuple(sorted(found, key=lambda age: -age.age_s))
    kept = (
        f"job {job.index} was not given up: the service has it"
        for job in state.jobs
        if job.index in given_up and not isinstance(job, LostJob)
    )
    odd = (polling.warning(job, state.run_id) for job in state.jobs)
    warnings = (*odd, *(age.warning(life_h=life_h) for age in ages), *kept)
    told = tuple(warning for warning in warnings if warning)
    return PollReport(
        state.run_id,
        state.phase,
        state.jobs,
        told,
        asked=asked,
        ages=ages,
        is_cancelling=state_machine.is_cancelling(state),
    )
