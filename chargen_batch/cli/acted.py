"""What became of the runs that a command acted on."""

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
    """What became of one run: a report or an error."""

    run_id: str
    result: Report | BatchError

    @property
    def exit_code(self) -> ExitCode:
        """Return the run's exit code."""
        return self.result.exit_code


def exit_code(acted: Sequence[Acted]) -> ExitCode:
    """Return what the command ends with: the worst of its runs' codes."""
    return worst([each.exit_code for each in acted])
