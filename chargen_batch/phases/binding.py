"""Which service a run belongs to: pinned by stage, checked by every phase that talks to it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import backends
from chargen_batch.errors import ServiceError, StateError
from chargen_batch.model.state import IntendedJob, RunningJob, ServiceIdentity
from chargen_batch.phases.effects import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.model.state import RunState
    from chargen_batch.phases.effects import Clock, Connect
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService, ServiceAddress

# How the service answers where a file or a job is another project's, or gone.
_NOT_SEEN = frozenset({403, 404})


def identity(address: ServiceAddress, run_id: str) -> ServiceIdentity:
    """Return what is written down of a service: never its key, only an HMAC of it."""
    print_ = hmac.new(run_id.encode(), address.key.encode(), hashlib.sha256).hexdigest()[:16]
    return ServiceIdentity(
        backend=address.backend, base_url=address.base_url, key_fingerprint=print_
    )


def connected(
    run: RunDirectory, state: RunState, connect: Connect, *, clock: Clock
) -> tuple[BatchService, RunState]:
    """Return the service that a run was staged on, and its state.

    Where the API key is another one, something that the run has on the service is looked at: a key
    that sees it is of the same project, and the run goes on with it, its fingerprint renewed. Where
    the key is a place, another one is refused: jobs would be looked for where they are not.

    Args:
        run: The run's directory, under its lock.
        state: Its state.
        connect: Opens the service.
        clock: The time.

    Raises:
        StateError: The command is set up for another backend, host or place.
        ServiceError: The key is another project's: the run's files and jobs would seem gone.
        NetworkError: The key is another one, and the service was not reached.

    """
    service = connect()
    now, pinned = identity(service.address, state.run_id), state.service
    check_place(state, now)
    if pinned is None or now.key_fingerprint == pinned.key_fingerprint:
        return service, state
    words = backends.words(now.backend)
    if service.address.key_is_place:
        raise StateError(
            f"run {state.run_id} was staged with {words.other_place}", hint=words.same_place
        )
    at = iso(clock())
    if not _is_of_same_project(run, state, service, at=at):
        raise ServiceError(
            f"run {state.run_id} was staged with {words.other_place}, and this one does not see "
            "what the run has on the service",
            hint=words.same_place,
        )
    run.log(at, "key", before=pinned.key_fingerprint, after=now.key_fingerprint)
    return service, run.save(msgspec.structs.replace(state, service=now, updated_at=at))


def check_place(state: RunState, now: ServiceIdentity) -> None:
    """Check that a command is set up for the service that a run is on; nothing is called.

    Raises:
        StateError: It is set up for another backend or another host.

    """
    if now.backend != state.config.backend:
        raise StateError(
            f"run {state.run_id} was planned for {state.config.backend}, "
            f"and this command is set up for {now.backend}",
            hint=f"give --backend {state.config.backend}, or plan a new run",
        )
    pinned = state.service
    if pinned is not None and now.base_url != pinned.base_url:
        # The embedded emulator is no address that anyone could set.
        has_address, variable = "://" in pinned.base_url, backends.words(now.backend).base_url
        back = f"set {variable}={pinned.base_url}" if has_address else f"unset {variable}"
        raise StateError(
            f"run {state.run_id} was staged on {pinned.base_url}, "
            f"and this command is set up for {now.base_url}",
            hint=f"{back}, or plan a new run",
        )


def _is_of_same_project(
    run: RunDirectory, state: RunState, service: BatchService, *, at: str
) -> bool:
    """Look at the newest job that was created, else at the newest file that is to be there still.

    A run that has nothing there may go on with any key; not one whose open intention would then be
    looked for in the wrong place.
    """
    probes: list[Callable[[], object]] = []
    created = [job for job in state.jobs if isinstance(job, RunningJob)]
    if created:
        newest = max(created, key=lambda job: (job.submitted_at, job.index))
        probes.append(lambda: service.get_job(newest.batch_job_name))
    alive = [entry for entry in run.uploaded().values() if (entry.expires_at or "9") > at]
    if alive:
        last = max(reversed(alive), key=lambda entry: entry.uploaded_at)
        probes.append(lambda: service.get_file(last.name))
    if not probes:
        return not any(isinstance(job, IntendedJob) for job in state.jobs)
    return any(map(_is_seen, probes))


def _is_seen(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except ServiceError as err:
        if err.http_status not in _NOT_SEEN:
            raise
        return False
    return True
