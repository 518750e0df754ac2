"""One run, and its phases as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.api import acting, steps
from chargen_batch.api.refused import refused_by_the_system
from chargen_batch.api.waiting import WaitChoices
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from chargen_batch.api.acting import R
    from chargen_batch.api.session import Session
    from chargen_batch.core.pictures import Verification
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.state import Phase
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.apply import ApplyReport
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.cleanup import CleanupReport
    from chargen_batch.phases.download import DownloadReport
    from chargen_batch.phases.poll import PollReport
    from chargen_batch.phases.report import ReportReport
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.phases.retry import RetryReport
    from chargen_batch.phases.revert import RevertReport
    from chargen_batch.phases.stage import StageReport
    from chargen_batch.phases.status import StatusReport
    from chargen_batch.phases.submit import SubmitReport
    from chargen_batch.run.directory import RunDirectory


class Run:
    """A run of a project: what was planned together, and goes through the phases together.

    Each phase holds the run's lock while it works, does what is left of its work, and returns its
    report; one with nothing left to do is a success. It raises ``LockedError`` where another
    process holds the run, ``StateError`` where another phase's turn comes first, and what else the
    phase says; whatever is raised, what was done is saved, and the same call goes on from there.

    Where a phase can wait, ``interval_s`` are the seconds between its rounds, by default the
    settings' own, and after ``timeout_s`` its report comes with the exit code ``NOT_READY``.
    """

    __slots__ = ("_directory", "_session")

    def __init__(self, session: Session, directory: RunDirectory) -> None:
        self._session = session
        self._directory = directory

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def id(self) -> str:
        """Return the run's id; ids sort by time."""
        return self._directory.run_id

    @property
    def path(self) -> Path:
        """Return the run's folder (docs/run-directory.md)."""
        return self._directory.path

    @property
    def phase(self) -> Phase:
        """Return the phase that the run is in now."""
        with refused_by_the_system():
            return self._directory.state().phase

    def stage(self) -> StageReport:
        """Bring references and requests to the service."""
        return self._act("stage", lambda run: steps.stage(self._session, run))

    def submit(
        self,
        *,
        wait: bool = False,
        interval_s: float | None = None,
        timeout_s: float | None = None,
        allow_duplicates: bool = False,
        cancel_twins: bool = False,
    ) -> SubmitReport:
        """Create the jobs, each once. This is what costs money.

        Args:
            wait: Whether to go on until every job is created, or is found to be impossible.
            allow_duplicates: Whether to pay for what another run is drawing already.
            cancel_twins: Whether to cancel a second job of one name, and any the run lost sight of.

        """
        return self._act(
            "submit",
            lambda run: steps.submit(
                self._session, run, allow_duplicates=allow_duplicates, cancel_twins=cancel_twins
            ),
            WaitChoices(interval_s, timeout_s) if wait else None,
            lambda report: report.exit_code is ExitCode.NOT_READY,
        )

    def poll(
        self,
        *,
        wait: bool = False,
        interval_s: float | None = None,
        timeout_s: float | None = None,
        give_up: Sequence[str] = (),
    ) -> PollReport:
        """Ask the service how the jobs are doing: once, or with ``wait`` until none is at work.

        While it waits it goes on through trouble that passes; the run is not locked meanwhile.

        Args:
            wait: Whether to ask again until there is nothing to wait for.
            give_up: Jobs (by number or name) to go on without, where the service has lost them.

        """
        return self._act(
            "poll",
            lambda run: steps.poll(self._session, run, give_up),
            WaitChoices(interval_s, timeout_s) if wait else None,
            lambda report: report.live > 0,
        )

    def download(self, *, give_up: Sequence[str] = ()) -> DownloadReport:
        """Fetch the results of every ended job; ``give_up`` are jobs to go on without."""
        return self._act("download", lambda run: steps.download(self._session, run, give_up))

    def apply(
        self,
        *,
        rehearsal_ok: bool = False,
        verify: Verification = "structure",
        restore: bool = False,
        give_up: Sequence[str] = (),
    ) -> ApplyReport:
        """Write the pictures and enter them into the story's files, the story under its lock.

        Args:
            rehearsal_ok: Whether the emulator's placeholders may be entered into this story; they
                may where chargen.yaml itself names the emulator.
            verify: How pictures are checked: by their structure, or decoded as well.
            restore: Whether entries are put back that were taken out of the story.
            give_up: Files of the story to go on without, where they stand in the way.

        """
        from chargen_batch.phases.apply import ApplyChoices

        choices = ApplyChoices(restore=restore, give_up=tuple(give_up))
        return self._act(
            "apply",
            lambda run: steps.apply(
                self._session, run, rehearsal_ok=rehearsal_ok, verify=verify, choices=choices
            ),
        )

    def report(self) -> ReportReport:
        """Write report.json and report.html, and tidy up on the service."""
        return self._act("report", lambda run: steps.report(self._session, run))

    def resume(
        self,
        *,
        first_ok: bool = False,
        rehearsal_ok: bool = False,
        wait: bool = False,
        interval_s: float | None = None,
        timeout_s: float | None = None,
    ) -> ResumeReport:
        """Go through every phase that is left: to the run's end, or to where it has to wait.

        Args:
            first_ok: Whether the run's first job may be paid for.
            rehearsal_ok: Whether the emulator's placeholders may be entered into this story.
            wait: Whether to go on until the run has ended.

        """
        return self._act(
            "resume",
            lambda run: steps.resume(
                self._session, run, first_ok=first_ok, rehearsal_ok=rehearsal_ok
            ),
            WaitChoices(interval_s, timeout_s) if wait else None,
            lambda report: report.is_awaited,
        )

    def retry(self, *, codes: Sequence[str] = ()) -> RetryReport:
        """Make a run, ``report.child``, of the dead letters (of ``codes``) worth sending again."""
        return self._act("retry", lambda run: steps.retry(self._session, run, codes))

    def cancel(self, *, sure: bool = False) -> CancelReport:
        """Stop the run; without ``sure`` only where the service is not at work on its jobs."""
        return self._act("cancel", lambda run: steps.cancel(self._session, run, sure=sure))

    def revert(self, *, dry_run: bool = False) -> RevertReport:
        """Take the run's entries and pictures out of the story, where nobody touched them."""
        return self._act("revert", lambda run: steps.revert(self._session, run, dry_run=dry_run))

    def cleanup(self, *, dry_run: bool = False, sure: bool = False) -> CleanupReport:
        """Remove what the finished run left on the service; ``sure`` takes jobs found there too."""
        return self._act(
            "cleanup", lambda run: steps.cleanup(self._session, run, dry_run=dry_run, sure=sure)
        )

    def status(self) -> StatusReport:
        """Say where the run is, from its documents alone: nothing is asked of the service."""
        from chargen_batch.phases import status as phase

        with refused_by_the_system():
            return phase.run(self._directory, self._session.project, clock=self._session.clock)

    def tasks(self) -> Iterator[BatchTask]:
        """Go through the planned tasks, in plan order."""
        with refused_by_the_system():
            yield from self._directory.tasks()

    def outcomes(self) -> Iterator[TaskResult]:
        """Go through the last word on each task that has one, in the order they first came."""
        from chargen_batch.phases import settling

        with refused_by_the_system():
            yield from settling.ledger(self._directory).values()

    def _act(
        self,
        command: str,
        phase: Callable[[RunDirectory], R],
        waiting: WaitChoices | None = None,
        worth_waiting: Callable[[R], bool] = lambda _report: False,
    ) -> R:
        session, run = self._session, self._directory
        return acting.act_on_one(session, command, run, phase, waiting, worth_waiting)
