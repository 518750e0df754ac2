"""poll: ask the service how the live jobs are doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import polling, state_machine, submission
from chargen_batch.errors import ExecutionError, ExitCode, ServiceError
from chargen_batch.model.state import LostJob
from chargen_batch.phases import binding, settling
from chargen_batch.phases.effects import iso

if TYPE_CHECKING:
    from chargen_batch.model.state import Job, Phase, RunningJob, RunState
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

_GONE = 404


@dataclass(frozen=True, slots=True)
class PollReport:
    """What the jobs of a run are now."""

    run_id: str
    phase: Phase
    jobs: tuple[Job, ...]
    warnings: tuple[str, ...] = ()
    asked: int = 0

    @property
    def live(self) -> int:
        """Return how many jobs are still at work."""
        return sum(submission.is_live(job) for job in self.jobs)

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while jobs are not done, 1 for a run that failed."""
        if self.phase == "failed":
            return ExitCode.FAILED
        return ExitCode.NOT_READY if self.phase == "running" else ExitCode.DONE


def run(run: RunDirectory, connect: Connect, *, clock: Clock) -> PollReport:
    """Ask once about each live job, saving after each.

    Raises:
        StateError: The run has no jobs yet, or belongs to another service.
        ExecutionError: The service no longer has a job; the others were asked all the same.
        ServiceError: The service refused.
        NetworkError: The service was not reached.

    """
    state = run.state()
    if not state_machine.require(state, "poll"):
        return PollReport(state.run_id, state.phase, state.jobs)
    live = [job for job in state.jobs if submission.is_live(job)]
    gone = []
    if live:
        service = binding.connected(state, connect)
        if state.phase == "submitted":
            state = run.save(state_machine.moved(state, "running", at=iso(clock()), command="poll"))
        for job in live:
            try:
                state = _ask(run, state, service, job, at=iso(clock()))
            except ServiceError as err:
                if err.http_status != _GONE:
                    raise
                gone.append(job.batch_job_name)
    state = _advance(run, state, at=iso(clock()))
    if gone:
        raise ExecutionError(
            f"the service no longer has {', '.join(gone)} of run {state.run_id}",
            job=gone[0],
            hint="is this the key that they were created with? the other jobs were asked",
        )
    warnings = tuple(filter(None, map(polling.warning, state.jobs)))
    return PollReport(state.run_id, state.phase, state.jobs, warnings, asked=len(live))


def _ask(
    run: RunDirectory, state: RunState, service: BatchService, job: RunningJob, *, at: str
) -> RunState:
    seen = service.get_job(job.batch_job_name)
    now = polling.observed(job, seen, at=at)
    run.log(at, "job", name=job.batch_job_name, state=seen.state, error=seen.error)
    return state if now == job else run.save(state_machine.with_job(state, now, at=at))


def _advance(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Move the run to the phase that its jobs put it in; a run without any result is settled."""
    if state.phase == "submitted":
        state = run.save(state_machine.moved(state, "running", at=at, command="poll"))
    phase = state_machine.phase_after_poll(state.jobs)
    if phase == state.phase:
        return state
    if phase == "failed":
        lost = [job for job in state.jobs if isinstance(job, LostJob)]
        settling.settle_lost(run, lost)
        state = settling.counted(run, state)
        state = msgspec.structs.replace(state, error=lost[0].error, error_code=lost[0].code)
    run.log(at, "phase", before=state.phase, after=phase)
    return run.save(state_machine.moved(state, phase, at=at, command="poll"))
