"""A process that writes one decision of a review, and is killed at one of the things it does."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chargen_batch.api.session import Session
from chargen_batch.model.review import Decision
from chargen_batch.phases.review import Desk
from tests.killing.watching import watching

if TYPE_CHECKING:
    from tests.killing.watching import Event

NEVER = -1


def decide(root: Path, at: int) -> None:
    """Reject the first picture of a story; say what was done, one thing a line."""
    done: list[str] = []

    def happens(event: Event) -> None:
        if len(done) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(f"{event.kind} {event.path}")

    with Session(root) as session:
        desk = Desk(session.project, lambda: session.story_held("review"), every=True)
        first = desk.pictures()[0].id
        with watching(session.project.root, happens, durable=False):
            desk.decide(Decision(id=first, status="rejected", note="six fingers"))
    sys.stdout.write("\n".join(done))


if __name__ == "__main__":
    decide(Path(sys.argv[1]), int(sys.argv[2]))
