"""The time between the rounds of a command that waits."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from chargen_batch.core import asked_for
from chargen_batch.core.patience import Patience
from chargen_batch.errors import BatchError
from chargen_batch.model.bounds import Seconds  # noqa: TC001 - read when the program runs
from chargen_batch.model.events import Waiting
from chargen_batch.phases.effects import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.api.acted import Acted, Report
    from chargen_batch.api.session import Session

    # Told before each sleep of the runs that are waited for, those with news, and for how long.
    OnWait = Callable[[Sequence[Acted], Sequence[Acted], float], None]


@dataclass(frozen=True, slots=True)
class WaitChoices:
    """How to wait: seconds between rounds, and until it is given up.

    ``interval_s`` is by default the settings' own, longer while nothing moves; ``timeout_s`` by
    default none.

    Raises:
        ConfigError: That is no time.

    """

    interval_s: Seconds | None = None
    timeout_s: Seconds | None = None

    def __post_init__(self) -> None:
        """Hold both to what a time can be."""
        asked_for.hold_each(self)


@dataclass(slots=True)
class Pause:
    """The time between two rounds."""

    session: Session
    timeout_s: float | None
    patience: Patience
    on_wait: OnWait
    started: float
    seen: dict[str, object] = field(default_factory=dict)

    @classmethod
    def begun(cls, session: Session, waiting: WaitChoices, on_wait: OnWait) -> Pause:
        """Begin to wait."""
        configured_s = session.project.settings.batch.poll_interval_s
        patience = Patience.of(waiting.interval_s, configured_s)
        return cls(session, waiting.timeout_s, patience, on_wait, time.monotonic())

    def sleeps(self, waiting: Sequence[Acted]) -> bool:
        """Sleep until the next round, the last of which is at the timeout; say if there is one."""
        left_s = self.timeout_s
        if left_s is not None:
            left_s -= time.monotonic() - self.started
            if left_s <= 0:
                return False
        now = {each.run_id: _progress(each.result) for each in waiting}
        news = [each for each in waiting if self.seen.get(each.run_id) != now[each.run_id]]
        self.patience = self.patience.after(changed=now != self.seen)
        self.seen = now
        sleep_s = self.patience.sleep_s(chance=secrets.SystemRandom().random(), left_s=left_s)
        self.on_wait(waiting, news, sleep_s)
        until = iso(self.session.clock() + timedelta(seconds=sleep_s))
        for each in waiting:
            self.session.tell(Waiting(run_id=each.run_id, until=until, seconds=sleep_s))
        time.sleep(sleep_s)
        return True


def _progress(result: Report | BatchError) -> object:
    """Return what of a round's result tells whether anything moved."""
    if isinstance(result, BatchError):
        return result.message
    return getattr(result, "jobs", result)
