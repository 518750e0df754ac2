"""How much a project may have at a time: live jobs, tokens that wait, bytes that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.emulator.refusals import exhausted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.emulator.records import Job


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of a project; None is no limit.

    Tokens count by model over all live jobs: a quarter of the characters of a row's texts, and 258
    for each picture that it refers to.
    """

    max_live_jobs: int | None = None
    max_enqueued_tokens: int | None = None
    max_stored_bytes: int | None = None

    def check_job(self, live: Sequence[Job], model: str, tokens: int) -> None:
        """Refuse a job that is one too many beside those that live, or too big."""
        if self.max_live_jobs is not None and len(live) >= self.max_live_jobs:
            raise exhausted(f"limit of {self.max_live_jobs} concurrent batch jobs")
        enqueued = sum(job.tokens for job in live if job.model == model)
        if self.max_enqueued_tokens is not None and enqueued + tokens > self.max_enqueued_tokens:
            raise exhausted(
                f"limit of {self.max_enqueued_tokens} enqueued tokens for {model}: {enqueued} are "
                f"enqueued, {tokens} were asked for"
            )

    def check_upload(self, stored: int, size: int) -> None:
        """Refuse a file for which there is no room."""
        if self.max_stored_bytes is not None and stored + size > self.max_stored_bytes:
            raise exhausted(
                f"limit of {self.max_stored_bytes} bytes of stored files: {stored} are stored, "
                f"{size} were asked for"
            )
