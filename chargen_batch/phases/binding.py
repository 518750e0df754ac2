"""Which service a run belongs to: pinned by stage, checked by every phase that talks to it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from chargen_batch.errors import ServiceError, StateError
from chargen_batch.model.state import ServiceIdentity

if TYPE_CHECKING:
    from chargen_batch.model.state import RunState
    from chargen_batch.phases.effects import Connect
    from chargen_batch.service.api import BatchService, ServiceAddress

_BASE_URL = "GOOGLE_GEMINI_BASE_URL"


def identity(address: ServiceAddress, run_id: str) -> ServiceIdentity:
    """Return what is written down of a service: never its key, only an HMAC of it."""
    print_ = hmac.new(run_id.encode(), address.key.encode(), hashlib.sha256).hexdigest()[:16]
    return ServiceIdentity(
        backend=address.backend, base_url=address.base_url, key_fingerprint=print_
    )


def connected(state: RunState, connect: Connect) -> BatchService:
    """Return the service that a run was staged on.

    Raises:
        StateError: The command is set up for another backend or another host.
        ServiceError: The API key is another one, so the run's files and jobs would seem gone.

    """
    service = connect()
    now, pinned = identity(service.address, state.run_id), state.service
    if now.backend != state.config.backend:
        raise StateError(
            f"run {state.run_id} was planned for {state.config.backend}, "
            f"and this command is set up for {now.backend}",
            hint=f"give --backend {state.config.backend}, or plan a new run",
        )
    if pinned is None:
        return service
    if now.base_url != pinned.base_url:
        # The embedded emulator is no address that anyone could set.
        has_address = "://" in pinned.base_url
        back = f"set {_BASE_URL}={pinned.base_url}" if has_address else f"unset {_BASE_URL}"
        raise StateError(
            f"run {state.run_id} was staged on {pinned.base_url}, "
            f"and this command is set up for {now.base_url}",
            hint=f"{back}, or plan a new run",
        )
    if now.key_fingerprint != pinned.key_fingerprint:
        raise ServiceError(
            f"run {state.run_id} was staged with another API key",
            hint="use the key that it was staged with; its files belong to that key's project",
        )
    return service
