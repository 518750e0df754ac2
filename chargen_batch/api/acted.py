"""What became of the runs that were acted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chargen_batch.errors import BatchError, ExitCode, worst

if TYPE_CHECKING:
    from collections.abc import Sequence


class Report(Protocol):
    """What a phase returns."""

    @property
    def run_id(self) -> str | None:
        """Return the run's id."""
        ...

    @property
    def exit_code(self) -> ExitCode:
        """Return what the command ends with."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of one run: a report or an error, after so many rounds.

    ``on_done`` is the exit code of the command that was run then, where there was one.
    """

    run_id: str
    result: Report | BatchError
    rounds: int = 1
    on_done: int | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Return the run's exit code; a command that failed then makes it 1 at least."""
        codes = [self.result.exit_code, ExitCode.FAILED if self.on_done else ExitCode.DONE]
        return worst(codes)


def exit_code(acted: Sequence[Acted]) -> ExitCode:
    """Return what a command ends with: the worst of its runs' codes."""
    return worst([each.exit_code for each in acted])
