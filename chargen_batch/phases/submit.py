"""submit: create the staged jobs, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core import state_machine, submission
from chargen_batch.core.submission import CreateAnswer
from chargen_batch.errors import ExecutionError, ExitCode, NetworkError, ServiceError
from chargen_batch.model.state import IntendedJob, RunningJob, StagedJob
from chargen_batch.phases import binding
from chargen_batch.phases.effects import iso, parse_iso
from chargen_batch.run import spending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.errors import BatchError
    from chargen_batch.model.state import Job, Phase, RunState
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, RemoteJob


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """Which jobs were created, found to exist, refused, or have to wait."""

    run_id: str
    phase: Phase
    created: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    rejected: tuple[int, ...] = ()
    open_jobs: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return 75 while jobs wait for a slot or an answer."""
        return ExitCode.NOT_READY if self.open_jobs else ExitCode.DONE


def run(
    run: RunDirectory,
    connect: Connect,
    *,
    clock: Clock,
    allow_duplicates: bool = False,
    lock_timeout_s: float = 0.0,
) -> SubmitReport:
    """Look for our own jobs on the service, then create what is missing, one at a time.

    The intention is on disk before each call and its outcome after it, so that a crash, or a lost
    answer, never leads to a second job (docs/run-directory.md).

    Args:
        run: The run's directory, under its lock.
        connect: Opens the service.
        clock: The time.
        allow_duplicates: Whether to pay for targets that another unfinished run holds.
        lock_timeout_s: How long to wait for another submit in this project.

    Raises:
        ExecutionError: Another unfinished run holds some of the targets; nothing was created.
        LockedError: Another submit is at work in this project.
        StateError: The run is not staged yet, or belongs to another service.
        ServiceError: The key or the model is refused; nothing was created for it.
        NetworkError: The service was not reached; the same command later goes on.

    """
    state = run.state()
    if not state_machine.require(state, "submit"):
        return SubmitReport(state.run_id, state.phase)
    if not _open(state):
        return SubmitReport(state.run_id, _without_jobs(run, state, at=iso(clock())).phase)
    service = binding.connected(state, connect)
    round_ = _Round(run, state, service, clock)
    round_.adopt()
    runs_dir, since = run.path.parent, iso(clock())
    with spending.one_at_a_time(runs_dir, since=since, timeout_s=lock_timeout_s):
        if not allow_duplicates:
            _check_not_held(run, round_.state)
        round_.create()
    return round_.report()


def _check_not_held(run: RunDirectory, state: RunState) -> None:
    holders = spending.in_flight(run.path.parent, but=state.run_id)
    twice = [name for name in spending.targets(run, _open(state)) if name in holders]
    if twice:
        first = "/".join(twice[0])
        raise ExecutionError(
            f"{len(twice)} target(s) of run {state.run_id} are being drawn already: "
            f"{first} by run {holders[twice[0]]}",
            hint="wait for that run and plan anew, or pay twice with --allow-duplicates",
        )


def _without_jobs(run: RunDirectory, state: RunState, *, at: str) -> RunState:
    """Let a run whose every job was lost while staging go on to poll, which settles it."""
    if state.phase != "staged":
        return state
    return run.save(state_machine.moved(state, "submitted", at=at, command="submit"))


def _open(state: RunState) -> list[StagedJob]:
    """Return the jobs that were not created, or are not known to be."""
    return [
        job for job in state.jobs if isinstance(job, StagedJob) and not isinstance(job, RunningJob)
    ]


class _Round:
    """One round of submitting: the state as it goes, and what happened."""

    def __init__(
        self, run: RunDirectory, state: RunState, service: BatchService, clock: Clock
    ) -> None:
        self.run, self.state, self.service, self.clock = run, state, service, clock
        self.created: list[str] = []
        self.adopted: list[str] = []
        self.rejected: list[int] = []
        self.warnings: list[str] = []

    def adopt(self) -> None:
        """Take what the service has of ours, and count for each intention that it lacks it."""
        listed = self._listing()
        live = {job.batch_job_name for job in self.state.jobs if submission.is_live(job)}
        conclusive = live <= {remote.name for remote in listed.values()}
        for job in _open(self.state):
            remote = listed.get(job.display_name)
            if remote is not None:
                self.adopted.append(remote.name)
                self._save(
                    submission.created(job, name=remote.name, state=remote.state, at=self._now())
                )
            elif isinstance(job, IntendedJob):
                self._doubt(submission.missed(job, conclusive=conclusive))

    def _listing(self) -> Mapping[str, RemoteJob]:
        """Return our jobs on the service by display name; of two with one name, the older."""
        mine: dict[str, RemoteJob] = {}
        for remote in self.service.list_jobs():
            if not remote.display_name.startswith(f"chargen-batch/{self.state.run_id}/"):
                continue
            other = mine.setdefault(remote.display_name, remote)
            if other.name != remote.name:
                older, newer = sorted((other, remote), key=_age)
                mine[remote.display_name] = older
                self.warnings.append(
                    f"{newer.name} is a second job named {newer.display_name}; "
                    f"{older.name} is followed"
                )
        return mine

    def _doubt(self, job: IntendedJob) -> None:
        """Let an intention that was never found be created again, after long enough."""
        again = submission.may_create_again(
            job,
            now=self.clock(),
            intent=parse_iso(job.intent_at),
            wait_s=self.state.config.adopt_wait_s,
        )
        self._save(submission.unsent(job) if again else job)
        if not again:
            self.warnings.append(
                f"job {job.index}: whether the service took it is not known yet; "
                "run submit again in a few minutes"
            )

    def create(self) -> None:
        """Create staged jobs while the service has slots."""
        for job in _open(self.state):
            if isinstance(job, IntendedJob):
                continue
            if self._live() >= self.state.config.max_concurrent_jobs:
                return
            if not self._create_one(job):
                return

    def _live(self) -> int:
        return sum(
            submission.is_live(job) or isinstance(job, IntendedJob) for job in self.state.jobs
        )

    def _create_one(self, job: StagedJob) -> bool:
        """Create one job; say whether the next may be tried."""
        intent = submission.intended(job, at=self._now())
        self._save(intent)
        try:
            remote = self.service.create_job(
                model=job.model,
                request_file=job.request_file_name,
                display_name=job.display_name,
            )
        except (ServiceError, NetworkError) as err:
            return self._refused(intent, err)
        self.created.append(remote.name)
        self._save(submission.created(job, name=remote.name, state=remote.state, at=self._now()))
        return True

    def _refused(self, intent: IntendedJob, error: BatchError) -> bool:
        answer = submission.read_create_error(error)
        self.run.log(self._now(), "create", job=intent.index, answer=answer.name, error=str(error))
        match answer:
            case CreateAnswer.UNKNOWN:
                self.warnings.append(f"job {intent.index}: {error}; run submit again")
                return False
            case CreateAnswer.LATER:
                self._save(submission.unsent(intent))
                self.warnings.append(f"job {intent.index} waits for quota: {error}")
                return False
            case CreateAnswer.REJECTED:
                self.rejected.append(intent.index)
                self._save(submission.rejected(intent, error=str(error), at=self._now()))
                self.warnings.append(f"job {intent.index} was refused: {error}")
                return True
            case CreateAnswer.STOP:
                self._save(submission.unsent(intent))
                raise error

    def _save(self, job: Job) -> None:
        """Save a job; the run is submitted from its first settled answer on."""
        at = self._now()
        state = state_machine.with_job(self.state, job, at=at)
        answered = not isinstance(job, IntendedJob) and type(job) is not StagedJob
        if answered and state.phase == "staged":
            state = state_machine.moved(state, "submitted", at=at, command="submit")
        self.state = self.run.save(state)

    def _now(self) -> str:
        return iso(self.clock())

    def report(self) -> SubmitReport:
        """Return what happened."""
        return SubmitReport(
            self.state.run_id,
            self.state.phase,
            created=tuple(self.created),
            adopted=tuple(self.adopted),
            rejected=tuple(self.rejected),
            open_jobs=len(_open(self.state)),
            warnings=tuple(self.warnings),
        )


def _age(remote: RemoteJob) -> tuple[float, str]:
    created = remote.created_at.timestamp() if remote.created_at else float("inf")
    return created, remote.name
