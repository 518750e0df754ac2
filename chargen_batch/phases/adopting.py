"""The first step of submit: what the service has of ours is taken, and never asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import submission
from chargen_batch.core.polling import came_to_nothing, has_ended
from chargen_batch.core.strays import is_of
from chargen_batch.model.state import IntendedJob, RunningJob, StagedJob
from chargen_batch.phases.effects import iso
from chargen_batch.phases.submitting import open_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    listed = {remote.name: remote for remote in round_.listed}
    conclusive = submission.is_conclusive(round_.state.jobs, listed)
    _change_over(round_, mine, listed)
    for job in open_jobs(round_.state):
        if not isinstance(job, StagedJob):
            continue  # its halves were never asked for
        if remote := mine.get(job.display_name):
            round_.adopted.append(remote.name)
            at = _begun(round_, remote)
            found = submission.created(job, name=remote.name, state=remote.state, at=at)
            round_.save(found)
        elif isinstance(job, IntendedJob):
            _doubt(round_, job, conclusive=conclusive)


def _begun(round_: Round, remote: RemoteJob) -> str:
    return iso(remote.created_at) if remote.created_at else round_.now()


def _change_over(
    round_: Round, mine: Mapping[str, RemoteJob], listed: Mapping[str, RemoteJob]
) -> None:
    """Follow the good one of two jobs with one name, where the one followed came to nothing."""
    for job in filter(submission.is_live, round_.state.jobs):
        seen, other = listed.get(job.batch_job_name), mine.get(job.display_name)
        if seen and other and came_to_nothing(seen) and not came_to_nothing(other):
            round_.adopted.append(other.name)
            at = _begun(round_, other)
            round_.save(submission.followed(job, name=other.name, state=other.state, at=at))


def _by_name(round_: Round, *, cancel_twins: bool) -> dict[str, RemoteJob]:
    """Return the run's jobs on the service by display name; of two with one name, the better.

    That is one which did not come to nothing, then the one that is followed already, whatever comes
    to light, then the older: so a second one is cancelled only where the first is good.
    """
    followed = {job.batch_job_name for job in round_.state.jobs if isinstance(job, RunningJob)}
    mine: dict[str, RemoteJob] = {}
    for remote in sorted(
        round_.listed,
        key=lambda job: (came_to_nothing(job), job.name not in followed, *_age(job)),
    ):
        if not is_of(round_.state.run_id, remote.display_name):
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
    now = round_.clock()
    missed = submission.missed(job, conclusive=conclusive, at=iso(now))
    again = conclusive and submission.may_create_again(
        missed, now=now, wait_s=round_.state.config.adopt_wait_s
    )
    round_.save(submission.unsent(missed) if again else missed)
    if not again:
        round_.warnings.append(
            f"job {job.index}: whether the service took it is not known yet; "
            "type the same command again in a few minutes"
        )
