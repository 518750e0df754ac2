"""The first step of submit: what the service has of ours is taken, and never asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import submission
from chargen_batch.core.polling import has_ended
from chargen_batch.model.state import IntendedJob, RunningJob, StagedJob
from chargen_batch.phases.effects import iso, parse_iso
from chargen_batch.phases.submitting import open_jobs

if TYPE_CHECKING:
    from chargen_batch.phases.submitting import Round
    from chargen_batch.service.api import RemoteJob


def adopt(round_: Round, *, cancel_twins: bool) -> None:
    """Take what the service has of ours, and count for each intention that it lacks it.

    Args:
        round_: The round.
        cancel_twins: Whether the second of two jobs with one name is cancelled, or only told of.

    """
    round_.listed = list(round_.service.list_jobs())
    mine = _by_name(round_, cancel_twins=cancel_twins)
    names = {remote.name for remote in round_.listed}
    conclusive = submission.is_conclusive(round_.state.jobs, names)
    for job in open_jobs(round_.state):
        if not isinstance(job, StagedJob):
            continue  # its halves were never asked for
        if remote := mine.get(job.display_name):
            round_.adopted.append(remote.name)
            at = iso(remote.created_at) if remote.created_at else round_.now()
            found = submission.created(job, name=remote.name, state=remote.state, at=at)
            round_.save(found)
        elif isinstance(job, IntendedJob):
            _doubt(round_, job, conclusive=conclusive)


def _by_name(round_: Round, *, cancel_twins: bool) -> dict[str, RemoteJob]:
    """Return the run's jobs on the service by display name; of two with one name, the older.

    One that is followed already stays the one, whatever comes to light.
    """
    followed = {job.batch_job_name for job in round_.state.jobs if isinstance(job, RunningJob)}
    mine: dict[str, RemoteJob] = {}
    for remote in sorted(round_.listed, key=lambda job: (job.name not in followed, *_age(job))):
        if not remote.display_name.startswith(f"chargen-batch/{round_.state.run_id}/"):
            continue
        first = mine.setdefault(remote.display_name, remote)
        if first.name != remote.name:
            _tell_of_twin(round_, first, remote, cancel=cancel_twins)
    return mine


def _age(remote: RemoteJob) -> tuple[float, str]:
    created = remote.created_at.timestamp() if remote.created_at else float("inf")
    return created, remote.name


def _tell_of_twin(round_: Round, first: RemoteJob, second: RemoteJob, *, cancel: bool) -> None:
    told = f"{second.name} is a second job named {second.display_name}; {first.name} is followed"
    if has_ended(second.state):
        told += ", and the second has ended"
    elif cancel:
        round_.service.cancel_job(second.name)
        round_.run.log(round_.now(), "cancel", name=second.name, of=second.display_name)
        told += ", and the second was cancelled"
    else:
        told += "; submit --yes cancels the second"
    round_.warnings.append(told)


def _doubt(round_: Round, job: IntendedJob, *, conclusive: bool) -> None:
    """Let an intention that was never found be created again, after long enough."""
    missed = submission.missed(job, conclusive=conclusive)
    again = conclusive and submission.may_create_again(
        missed,
        now=round_.clock(),
        intent=parse_iso(job.intent_at),
        wait_s=round_.state.config.adopt_wait_s,
    )
    round_.save(submission.unsent(missed) if again else missed)
    if not again:
        round_.warnings.append(
            f"job {job.index}: whether the service took it is not known yet; "
            "type the same command again in a few minutes"
        )
